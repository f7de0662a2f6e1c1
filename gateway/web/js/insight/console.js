// Owns the analytics page of one event: for staff behind the door, for readers of a share link by its
// token, which stays in the fragment and is sent in a header. series.js has the numbers, charts.js the
// drawing, heat.js the map. Start here.
import { action } from '../action.js';
import { attempt, now } from '../api.js';
import { el, notice, say } from '../dom.js';
import { count, day, money, timeOfDay } from '../format.js';
import { door } from '../staff/door.js';
import { bars, lineChart, short } from './charts.js';
import { columns, counted, funnel, major, merge, overlay, percent, share, sums } from './series.js';
import { sharePart } from './share.js';

/** Between one answer and the next question, which then waits up to a second for news. */
const PAUSE_MS = 500;
/** While the page is not looked at. */
const HIDDEN_MS = 2000;
/** Of a sale this young, minutes show nothing. */
const FEW = 5;
const STEPS = [[10, '10 seconds'], [60, '1 minute'], [600, '10 minutes'], [3600, '1 hour']];

const part = (title, kind, ...nodes) => el('section', { class: `card ${kind}`, 'aria-label': title }, el('h2', { class: 'part-title' }, title), ...nodes);
const tile = (words, value, more) => el('div', {}, el('dt', {}, words), el('dd', {}, value, more ? el('small', {}, more) : null));

function tiles(answer) {
  const { totals, currency } = answer;
  const cash = (minor) => money(minor, currency);
  return [
    tile('Seats sold', count(answer.sold), `${percent(share(answer.sold, answer.capacity))} of ${count(answer.capacity)}`),
    tile('Revenue', cash(totals.gross - totals.returned), `${cash(answer.net)} without fees`),
    tile('Given back', cash(totals.returned), `${count(totals.refunded + totals.cancelled)} orders`),
    tile('Orders', count(totals.confirmed), `${count(totals.settled)} with the money here`),
    tile('Held now', count(answer.held), `${count(answer.free)} free`),
    tile('In the shop', count(answer.shoppers), `${count(totals.entered)} entered so far`),
    tile('Not called yet', count(answer.not_called), `of ${count(totals.places)} places reserved`),
  ];
}

function soldRows(parts) {
  return bars(parts.map(({ name, seats, sold }) => ({ words: name, n: sold, of: seats, after: `of ${count(seats)} · ${percent(share(sold, seats))}` })));
}

function refusedPart({ since, at_door: ofDoor, in_shop: shop }) {
  const list = (title, rows) => [el('h3', {}, title), rows.length ? bars(rows.map(({ code, n }) => ({ words: code.replaceAll('_', ' '), n })))
    : el('p', { class: 'quiet' }, 'Nothing.')];
  return [...list('At the door: bots and the impatient', counted(ofDoor)), ...list('In the shop', counted(shop)),
    el('p', { class: 'quiet' }, `Counted by this server since ${day(since)}; a restart begins anew, and every server counts its own.`)];
}

/** { nodes, close }; `ask(path)` reads as whoever looks. */
export async function insightConsole({ base, ask, isStaff, lost }) {
  let [step, compare, known, timer, map, asOf] = [60, '', null, null, null, null];
  const answer = await ask(`${base}/analytics?step_seconds=${step}`);
  if (answer.windows.begins_at.length < FEW) step = STEPS[0][0];
  let first = await ask(`${base}/analytics?step_seconds=${step}`);
  const cash = (minor) => money(minor, first.currency);
  const numbers = el('dl', { class: 'tiles across' });
  const readAt = el('p', { class: 'quiet' });
  const room = lineChart({ title: 'Queue and admission', lines: [{ words: 'Places reserved', format: count }, { words: 'Entered', format: count }, { words: 'Left', format: count }] });
  const sales = lineChart({ title: 'Holds and sales', lines: [{ words: 'Seats held', format: count }, { words: 'Seats sold', format: count }] });
  const revenue = lineChart({ title: 'Revenue so far', lines: [{ words: 'Sold, fees included', format: cash, axis: (minor) => short(major(minor, first.currency)) }, { words: 'Given back', format: cash }] });
  const velocity = lineChart({ title: 'Beside an earlier sale', time: false, xTitle: 'Minutes after the opening', xWords: (at) => `${Math.round(at * 10) / 10}`,
    lines: [{ words: 'This sale, % sold', format: (n) => `${Math.round(n)} %`, axis: (n) => `${Math.round(n)} %` }, { words: 'Earlier sale, % sold', format: (n) => `${Math.round(n)} %` }] });
  velocity.node.hidden = true;
  const flow = el('div', { class: 'stack' });
  const bySection = el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Sold by section' });
  const byCategory = el('div');
  const refused = el('div', { class: 'stack' });
  const heatStage = el('div');

  function show(answer) {
    known = merge(known, answer.windows);
    numbers.replaceChildren(...tiles(answer));
    room.update(columns(known, ['places', 'entered', 'left']));
    sales.update(columns(known, ['seats_held', 'seats_sold']));
    const times = columns(known, [])[0].filter((at) => known.begins_at.some((one) => Math.round(Date.parse(one) / 1000) === at));
    revenue.update([times, sums(known, 'gross', answer.totals.gross), sums(known, 'returned', answer.totals.returned)]);
    const { steps, drops } = funnel(answer.totals);
    flow.replaceChildren(bars(steps), el('h3', {}, 'Where people dropped out'), bars(drops));
    bySection.replaceChildren(soldRows(answer.sections));
    byCategory.replaceChildren(soldRows(answer.categories));
    refused.replaceChildren(...refusedPart(answer.refused));
    velocity.node.hidden = !answer.curves?.length;
    if (answer.curves?.length) velocity.update(overlay(answer.curves));
    asOf = answer.as_of.offset;
    say(readAt, `As of ${timeOfDay(Date.parse(answer.as_of.at) || now())}, read ${timeOfDay(now())}.`);
  }
  async function read() {
    const since = known && known.step_seconds === step ? `&since=${known.next}` : '';
    const other = compare ? `&compare=${compare}` : '';
    const news = asOf === null || !since ? '' : `&at_least=${asOf + 1}`;
    try {
      show(await ask(`${base}/analytics?step_seconds=${step}${since}${other}${news}`));
    } catch (problem) {
      if (problem.status === 401 && isStaff) lost();
      throw problem;
    }
  }
  const chooseStep = el('select', { onchange: ({ target }) => {
    step = Number(target.value);
    read().catch(() => {});
  } }, STEPS.map(([value, words]) => el('option', { value: String(value), selected: value === step }, words)));
  const chooseSale = el('select', { onchange: ({ target }) => {
    compare = target.value;
    read().catch(() => {});
  } }, el('option', { value: '' }, 'No other sale'));
  if (isStaff) {
    const { events = [] } = await ask('/v1/events?limit=100').catch(() => ({}));
    chooseSale.append(...events.filter(({ event_id: id }) => !base.endsWith(id)).map((event) => el('option', { value: event.event_id }, event.name)));
  }
  const showMap = action('Show the map', async () => {
    const [plan, bytes] = [await ask(`${base}/plan`), await ask(`${base}/analytics/seats`)];
    const { heatMap } = await import('./heat.js');
    const seats = new DataView(bytes);
    map?.close();
    map = heatMap(plan, Uint16Array.from({ length: bytes.byteLength / 2 }, (_, at) => seats.getUint16(2 * at, true)));
    heatStage.replaceChildren(map.node);
  }, 'secondary no-print');
  const nodes = [
    el('div', { class: 'across controls' }, el('label', {}, 'A point stands for', chooseStep), isStaff ? el('label', {}, 'Beside', chooseSale) : null,
      action('Print the report', async () => globalThis.print(), 'secondary'), readAt),
    numbers, room.node, sales.node, revenue.node, velocity.node,
    part('From the shop to the ticket', '', flow),
    part('By price category', '', byCategory),
    part('By section', '', bySection),
    part('What was refused', '', refused),
    part('Time to sell', 'across', showMap, heatStage),
    isStaff ? sharePart(base, lost) : null,
  ].filter(Boolean);
  const turn = async () => {
    const isSeen = !document.hidden;
    const failed = isSeen && await read().then(() => false, () => true);
    timer = setTimeout(turn, isSeen && !failed ? PAUSE_MS : HIDDEN_MS);
  };
  // Charts need their width, which they have once the nodes are in the page.
  timer = setTimeout(() => {
    show(first);
    first = { currency: first.currency };
    timer = setTimeout(turn, PAUSE_MS);
  }, 0);
  return {
    nodes,
    load: () => read().catch(() => {}),
    close() {
      clearTimeout(timer);
      [room, sales, revenue, velocity].forEach((chart) => chart.close());
      map?.close();
    },
  };
}

/** Wires the page: `at` finds its elements. */
export async function begin(at, { base, token }) {
  const headers = { Accept: 'application/json, application/octet-stream', ...(token && { 'Floodgate-Share': token }) };
  const ask = (path) => attempt('GET', path, headers, undefined, 3);
  const event = await attempt('GET', base, { Accept: 'application/json' }, undefined, 3).catch(() => null);
  if (event) say(at('event-name'), event.name);
  if (!token) {
    await door(at, { may: ['manager', 'operator'], open: (_, lost) => insightConsole({ base, ask, isStaff: true, lost }) });
    return;
  }
  at('console').hidden = false;
  try {
    const made = await insightConsole({ base, ask, isStaff: false, lost: () => {} });
    at('console').replaceChildren(...made.nodes);
  } catch (problem) {
    at('console').replaceChildren(notice('warn', el('strong', {}, 'This link does not work any more. '),
      problem.status === 401 ? 'It has expired or was withdrawn. Ask whoever sent it for another.' : problem.message));
  }
}

if (globalThis.document?.getElementById('console')) {
  const id = decodeURIComponent(location.pathname.split('/').filter(Boolean)[1] || '');
  const token = new URLSearchParams(location.hash.slice(1)).get('share');
  begin((name) => document.getElementById(name), { base: `/v1/events/${encodeURIComponent(id)}`, token });
}
