// Owns the manager's page of one event: how the sale stands, its phase, and the forms that change what
// it says of itself, its prices and its rules. Each form sends only what was changed.
import { action } from '../action.js';
import { get, now } from '../api.js';
import { send } from '../command.js';
import { announce, el, say } from '../dom.js';
import { count, money, timeOfDay } from '../format.js';
import { changesOf, detailsForm } from './details.js';
import { faultsOf } from './fields.js';
import { phasePart } from './phase.js';
import { lookChanges, lookForm } from './look.js';
import { LOGO, picturePart } from './picture.js';
import { pricesForm } from './prices.js';
import { ruleChanges, rulesForm } from './rules.js';

/** How often the numbers are read again, while the page is looked at. */
const EVERY_MS = 5000;
const PAGES = [['', 'The page for fans'], ['/insight', 'Analytics'], ['/house', 'Seats and orders'], ['/announcements', 'Announcements'], ['/dials', 'Dials of the waiting room'], ['/gate', 'The gate']];

const part = (title, ...nodes) => el('section', { class: 'card stack', 'aria-label': title }, el('h2', { class: 'part-title', tabindex: '-1' }, title), ...nodes);

const line = (words, value) => el('div', {}, el('dt', {}, words), el('dd', {}, value));

/** A bar of free, held and sold, with the numbers beside it. */
function countsPart() {
  const bar = el('div', { class: 'strip', 'aria-hidden': 'true' });
  const list = el('dl', { class: 'facts' });
  return {
    node: el('div', { class: 'stack wide' }, bar, list),
    update(status) {
      const rows = [['Sold', status.sold, 'good'], ['Held', status.held, 'wait'], ['Free', status.free, 'out']];
      bar.replaceChildren(...rows.filter(([, n]) => n > 0).map(([, n, kind]) => {
        const piece = el('span', { class: `piece ${kind}` });
        piece.style.setProperty('--share', n);
        return piece;
      }));
      list.replaceChildren(...rows.map(([words, n]) => line(words, count(n))), line('Read at', timeOfDay(now())));
    },
  };
}

function categoryTable(event) {
  return el('table', { class: 'parts' }, el('caption', {}, 'By category'),
    el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Category'), el('th', { scope: 'col', class: 'number' }, 'Price now'),
      el('th', { scope: 'col', class: 'number' }, 'Free'), el('th', { scope: 'col', class: 'number' }, 'Sold'))),
    el('tbody', {}, event.categories.map((row) => el('tr', {}, el('th', { scope: 'row' }, row.name),
      el('td', { class: 'number' }, row.price === null || row.price === undefined ? 'not for sale' : money(row.price, event.currency)),
      el('td', { class: 'number' }, count(row.free)), el('td', { class: 'number' }, count(row.sold))))));
}

/** { nodes, close }. */
export async function eventConsole(base, lost) {
  let event = await get(base);
  const place = base.replace('/v1', '');
  const numbers = countsPart();
  const table = el('div', { class: 'wide' });
  const details = detailsForm();
  const known = await get(`${base}/prices`);
  const prices = pricesForm(() => details.fields.time_zone.value() || 'UTC', event.currency);
  let rules = rulesForm(event.policy, ['shoppers_max']);
  let timer = null;

  const guard = async (work) => {
    try {
      return await work();
    } catch (problem) {
      if (problem.status === 401) lost();
      throw problem;
    }
  };
  async function refresh() {
    event = await get(base);
    numbers.update(event.categories.reduce((sum, row) => ({ ...sum, free: sum.free + row.free, held: sum.held + row.held, sold: sum.sold + row.sold }),
      { free: 0, held: 0, sold: 0 }));
    table.replaceChildren(categoryTable(event));
    phase.update(event);
    shown.update(event);
    logo.update(event);
  }
  const phase = phasePart(base, refresh, guard);
  const shown = picturePart(base, refresh, guard);
  const logo = picturePart(base, refresh, guard, LOGO);
  const colors = lookForm();

  /** A form with its button: `work` sends and says what was done, or returns how many faults there are. */
  function form(title, one, words, work) {
    const status = el('p', { class: 'said', role: 'status' });
    const go = action(words, async () => {
      say(status, '');
      try {
        const done = await guard(work);
        if (!done) return;
        say(status, done);
        announce(done);
        await refresh();
      } catch (problem) {
        if (problem.status === 401) return;
        if (!one.mark(faultsOf(problem))) throw problem;
      }
    });
    return part(title, one.node, go, status);
  }
  async function saveDetails() {
    if (details.mark(details.faults())) return null;
    const changes = changesOf(details.values(), event);
    if (!Object.keys(changes).length) return 'Nothing was changed.';
    await send('PATCH', base, { revision: event.revision, ...changes });
    details.fill(await get(base));
    return 'Saved. Pages and calendars follow at once.';
  }
  async function saveColors() {
    if (colors.mark(colors.faults())) return null;
    const look = lookChanges(colors.values(), event);
    if (!look) return 'Nothing was changed.';
    await send('PATCH', base, { revision: event.revision, look });
    colors.fill(await get(base));
    return 'Saved. Pages have it when they are opened next.';
  }
  async function savePrices() {
    const asked = prices.read();
    if (prices.mark(asked.faults)) return null;
    await send('PUT', `${base}/prices`, { currency: prices.currency(), prices: asked.prices });
    return 'Saved. Seats that are held keep the price they were held at.';
  }
  async function saveRules() {
    const { rules: changes, faults } = ruleChanges(rules.values(), event.policy);
    if (rules.mark(faults)) return null;
    if (!Object.keys(changes).length) return 'Nothing was changed.';
    await send('PUT', `${base}/policy`, changes);
    return 'Saved. What is held keeps the rules it was held under.';
  }
  details.fill(event);
  colors.fill(event);
  prices.show(event.categories.map(({ name, free, held, sold }) => ({ name, seats: free + held + sold })),
    known.prices);
  await refresh();
  const ask = async () => {
    if (!document.hidden) await refresh().catch(() => {});
    timer = setTimeout(ask, EVERY_MS);
  };
  timer = setTimeout(ask, EVERY_MS);
  return {
    event,
    nodes: [
      part('How the sale stands', numbers.node, table),
      part('Phase', phase.node),
      part('Other pages', el('ul', { class: 'rows' }, PAGES.map(([path, words]) => el('li', {}, el('a', { href: `${place}${path}` }, words))))),
      form('What it says of itself', details, 'Save', saveDetails),
      part('Picture', shown.node),
      form('Colours', colors, 'Save the colours', saveColors),
      part('Logo', logo.node),
      form('Prices', prices, 'Save the prices', savePrices),
      form('Rules', rules, 'Save the rules', saveRules),
    ],
    close: () => clearTimeout(timer),
  };
}
