// Owns choosing seats: best available first, then the list, then the map; one selection and one
// filter for all three. Holding seats leads to the pay state.
import { send } from '../command.js';
import { busy, showProblem } from '../action.js';
import { announce, el, heading, notice, say } from '../dom.js';
import { count, money } from '../format.js';
import { t } from '../further.js';
import { SeatBook, ACCESSIBLE, COMPANION, RESTRICTED, SHADED, flagWords, placeWords } from '../seats/book.js';
import { planOf } from '../seats/columns.js';
import { Seats, watch } from '../seats/feed.js';
import { FREE, HELD, NOT_FOR_SALE, SOLD } from '../seats/status.js';
import { sheet } from '../sheet.js';
import { pricedCategories } from '../state.js';
import { bestForm } from './best.js';
import { endedNotice } from './ended.js';
import { filters } from './filters.js';
import { findForm, placesOf, seatWords } from './find.js';
import { seatList } from './list.js';
import { passLine } from './pass.js';
import { selectionBar } from './selection.js';
import { remembered } from './remembered.js';
import { sides } from './sides.js';
import { instead, leftAlone } from './together.js';
import { stillThere } from './still.js';

const NO_PASS = new Set(['no_pass', 'pass_expired', 'pass_required', 'device_required', 'invalid_token',
  'went_idle']);
/** Refusals for what another tab, another device or staff did meanwhile. */
const SHOULD_KNOW = new Set(['too_many_holds', 'buyer_limit', 'cooling_down', 'sale_paused', 'sale_not_open', 'sale_closed',
  'event_cancelled', 'presale_only']);
const HELD_ALREADY = t`You hold these seats already. Pay for them, or release them to choose others.`;
const STATE_WORDS = { [FREE]: 'free', [HELD]: t`held by somebody`, [SOLD]: 'sold', [NOT_FOR_SALE]: t`not for sale` };

/** The sheet for shop, payment and tickets; the waiting page does without. */
export const style = () => sheet('shop');
style();

export function shop(page) {
  const pass = passLine(page);
  const idle = stillThere(page);
  const ended = endedNotice(page);
  const paused = notice('warn', t`The sale is paused for a moment. You can look around; you can hold seats again when it continues.`);
  const soldOut = notice('info', t`Nothing is free right now. Seats return when holds expire; this page shows them at once.`);
  const body = el('div', { class: 'shop' }, el('p', { class: 'loading' }, t`Loading the seats…`));
  const node = el('div', {}, el('div', { class: 'shop-head' }, heading(t`Choose your seats`), pass.line),
    idle.node, ended.node, paused, soldOut, body);
  const closing = [pass.close, idle.close, ended.close];
  let isClosed = false;

  function update() {
    const phase = page.queue?.phase || page.event.phase;
    paused.hidden = phase !== 'paused';
    soldOut.hidden = phase !== 'sold_out';
  }
  update();

  async function load() {
    const plan = await planOf(page.base, 6);
    if (isClosed) return;
    const built = build(page, new SeatBook(plan));
    closing.push(built.close);
    body.replaceChildren(...built.nodes);
    await built.ready;
  }
  function tryLoad() {
    load().catch((problem) => {
      const again = el('button', { type: 'button', class: 'button secondary', onclick: tryLoad }, t`Load the seats again`);
      body.replaceChildren(el('div', { class: 'card narrow' }, again));
      showProblem(again, problem);
    });
  }
  tryLoad();
  return { node, update, close() {
    isClosed = true;
    closing.forEach((close) => close());
  } };
}

function build(page, book) {
  const seats = new Seats(book);
  const priced = pricedCategories(page.event);
  const categories = book.plan.categories.map((category) => ({ amount: null,
    ...priced.find((row) => row.name === category.name), name: category.name, color: category.color }));
  const { currency, policy = {} } = page.event;
  const seatsMax = Math.min(policy.seats_per_hold_max ?? 6, policy.seats_per_buyer_max ?? 99);
  const priceOf = (seat) => categories[book.category[seat]]?.amount ?? null;
  const chosen = new Set();
  let map = null;

  const describe = (seat) => {
    const name = book.name(seat);
    const price = priceOf(seat);
    const words = [placeWords(name), name.category, price === null ? null : money(price, currency),
      ...flagWords(book.flags[seat]), seats.isFree(seat) ? null : STATE_WORDS[seats.states[seat]]];
    return words.filter(Boolean).join(' · ');
  };
  const filter = filters({ categories, currency, seats, book, onChange() {
    for (const seat of [...chosen]) if (isDim(seat)) chosen.delete(seat);
    map?.update();
    list.update();
    best.update();
    chosenChanged();
  } });
  const isAccessible = (seat) => (book.flags[seat] & (ACCESSIBLE | COMPANION)) !== 0;
  const isOtherKind = (seat) => filter.accessible() !== isAccessible(seat)
    || (filter.clearView() && (book.flags[seat] & RESTRICTED) !== 0);
  const isDim = (seat) => isOtherKind(seat) || !filter.categories().has(book.category[seat]);
  const mayHave = (seat) => seats.isFree(seat) && !isOtherKind(seat) && priceOf(seat) !== null;
  const mayChoose = (seat) => mayHave(seat) && filter.categories().has(book.category[seat]);

  function toggle(seat, isFromList = false) {
    if (chosen.has(seat)) chosen.delete(seat);
    else if (!mayChoose(seat)) return;
    else if (chosen.size >= seatsMax) {
      bar.notify(t`You can take ${count(seatsMax)} seats at once. Take one off first.`);
      return;
    } else chosen.add(seat);
    warnAlone();
    announce(t`${describe(seat)}: ${chosen.has(seat) ? 'chosen' : t`taken off`}. ${chosen.size} chosen.`);
    chosenChanged();
    if (isFromList && chosen.has(seat)) map?.reveal(seat);
  }

  /** Seats between others that nobody would take, were these taken. */
  const isOpen = (seat) => seats.isFree(seat) && !isAccessible(seat);
  const alone = (list) => leftAlone(book, isOpen, list);

  /** Said where they are tapped, not forbidden. */
  function warnAlone() {
    const lonely = alone(chosen);
    if (!lonely.length || lonely.length > 2) {
      bar.quiet();
      return;
    }
    const offers = chosen.size + lonely.length > seatsMax ? []
      : lonely.filter(mayChoose).map((seat) => [t`Take seat ${book.name(seat).seat} as well`, () => toggle(seat)]);
    bar.notify(t`This leaves ${seatWords(lonely.map((seat) => book.name(seat)))} alone between others.`, offers);
  }

  /** Seats that somebody else was faster with: the nearest like them is offered. */
  function lose(lost) {
    lost.forEach((seat) => chosen.delete(seat));
    const taken = new Set(chosen);
    const offers = lost.map((seat) => instead(book, seat, taken, mayChoose)).filter((seat) => seat !== null && !taken.has(seat) && taken.add(seat))
      .map((seat) => [t`Take ${placeWords(book.name(seat))} instead`, () => toggle(seat)]);
    bar.notify(t`${lost.map((seat) => placeWords(book.name(seat))).join('; ')}: just taken by somebody else.`, offers);
    chosenChanged();
  }

  function chosenChanged() {
    memory.keep(chosen);
    bar.update();
    list.mark();
    map?.choose(chosen);
  }

  async function hold(body) {
    let order;
    try {
      order = await send('POST', `${page.base}/holds`, body);
    } catch (problem) {
      // What this page should have known: it looks again, and goes to the door or to the seats held already.
      if (problem.code === 'too_many_holds') page.note = HELD_ALREADY;
      if (NO_PASS.has(problem.code) || SHOULD_KNOW.has(problem.code)) await page.refresh();
      throw problem;
    }
    memory.keep([]);
    page.setOrder(order);
    page.acted = true;
    page.changed();
    await page.render();
  }

  const bar = selectionBar({ chosen, describe, priceOf, currency, onRemove: (seat) => toggle(seat),
    onClear() {
      chosen.clear();
      chosenChanged();
    },
    onHold: () => hold({ seats: [...chosen].sort((a, b) => a - b), accessible: filter.accessible() }) });
  const list = seatList({ book, seats, chosen, mayChoose, describe, toggle, priceOf, currency,
    holdGeneral: (numbers) => hold({ seats: numbers, accessible: filter.accessible() }), seatsMax });
  const memory = remembered(page.id);
  const best = bestForm({ book, categories, currency, seats, seatsMax, hold, filter, mayHave, isOpen, alone,
    placeOf: (list) => placesOf(book, list),
    show(list) {
      chosen.clear();
      list.forEach((seat) => chosen.add(seat));
      chosenChanged();
      both.show('map');
      map?.reveal(list[list.length >> 1]);
    } });

  const find = findForm({ base: page.base, categories, currency, hold, seatsMax, accessible: filter.accessible, mayHave,
    alone, nameOf: (seat) => book.name(seat), sections: [...new Set(book.plan.sections.map(({ name }) => name))], hasPillars: book.flags.some((bits) => bits & RESTRICTED),
    hasShade: book.flags.some((bits) => bits & SHADED) });

  const mapPlace = el('div', { class: 'map-place' }, el('p', { class: 'loading' }, t`Drawing the map…`));
  async function drawMap() {
    const { seatMap } = await import('../map/map.js');
    const cheapestIn = (at) => categories[seats.mainCategory(at)]?.amount ?? null;
    map = seatMap({ book, seats, categories, isDim, describe, onToggle: (seat) => toggle(seat),
      sectionWords(at, free) {
        const price = cheapestIn(at);
        if (!free) return t`none free`;
        return t`${count(free)} free${price === null ? '' : ` · ${money(price, currency)}`}`;
      } });
    map.update();
    map.choose(chosen);
    mapPlace.replaceChildren(map.node);
  }

  let drawLater = 0;
  seats.listen((changed) => {
    map?.update(changed || undefined);
    const lost = [...chosen].filter((seat) => !seats.isFree(seat));
    if (lost.length) lose(lost);
    // Counts in words change at most once a second, for readers and for the battery.
    drawLater ||= setTimeout(() => {
      drawLater = 0;
      filter.update();
      best.update();
      list.update();
    }, changed ? 1000 : 0);
  });
  const live = watch(page.base, seats);
  /** What was chosen before a reload, as far as it is still free. */
  const restore = () => {
    memory.recall().filter(mayChoose).slice(0, seatsMax).forEach((seat) => chosen.add(seat));
    if (chosen.size) chosenChanged();
  };
  const ready = live.ready.then(restore).then(drawMap).catch(() => {
    const again = el('button', { type: 'button', class: 'button secondary' }, t`Draw the map again`);
    again.addEventListener('click', () => busy(again, drawMap));
    mapPlace.replaceChildren(el('p', {}, t`The map did not load. Best available and the list work without it.`), again);
  });
  const backToTickets = page.browsing ? el('button', { type: 'button', class: 'button secondary', onclick() {
    page.browsing = false;
    page.acted = true;
    page.render();
  } }, t`Back to my tickets`) : null;
  const both = sides(el('section', { class: 'shop-map card', 'aria-label': t`Seat map` }, mapPlace, filter.key),
    el('div', { class: 'shop-side' }, best.node, find, list.node, filter.node, backToTickets));
  return {
    ready,
    nodes: [both.node, bar.node],
    close() {
      live.close();
      map?.close();
      clearTimeout(drawLater);
    },
  };
}
