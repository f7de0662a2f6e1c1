// Owns the order's summary: event, held seats, what they cost and why, the time left, more time, release.
import { clock } from '../clock.js';
import { send } from '../command.js';
import { action } from '../action.js';
import { announce, el, say } from '../dom.js';
import { day, money, plural } from '../format.js';
import { t } from '../further.js';
import { placeWords } from '../seats/book.js';
import { countdown } from './countdown.js';

const HOLD_LABEL = t`These seats are yours for`;

const UNITS = { s: 1000, m: 60000, h: 3600000 };
/** “2m”, “1m 30s” → milliseconds; 0 where nothing is said. Pure. */
export const milliseconds = (text = '') => [...(text || '').matchAll(/(\d+)([smh])(?![a-z])/g)]
  .reduce((sum, [, number, unit]) => sum + Number(number) * UNITS[unit], 0);

/**
 * How the total comes about: so many seats at such a price. A hold keeps its prices, so where those of now do
 * not add up to its total, nothing is said. Pure.
 */
export function breakdown(order, event) {
  const counts = new Map();
  for (const { category } of order.seats) counts.set(category, (counts.get(category) || 0) + 1);
  const priceOf = (name) => (counts.size === 1 ? order.amount / order.seats.length
    : event?.categories?.find((one) => one.name === name)?.price);
  const rows = [...counts].map(([name, number]) => ({ name, number, price: priceOf(name) }));
  const sum = rows.reduce((all, { number, price }) => all + number * price, 0);
  if (sum !== order.amount || rows.some(({ price }) => !Number.isInteger(price))) return [];
  return rows.map(({ name, number, price }) => ({ words: t`${number} × ${name}, ${money(price, order.currency)} each`, amount: number * price }));
}

export function cart(page, first) {
  const time = countdown({ label: HOLD_LABEL, onEnd: () => page.refresh().catch(() => {}) });
  const seats = el('ul', { class: 'cart-seats' }, first.seats.map((seat) => el('li', {},
    el('strong', {}, placeWords({ ...seat, isGeneral: !seat.row })), el('span', { class: 'quiet' }, seat.category))));
  const where = el('div');
  // A picture beside the words: what comes late or not at all is not missed.
  import('../map/place.js').then(({ placePicture }) => placePicture(page.base, first.seats.map(({ seat_id: seat }) => seat)))
    .then((picture) => where.append(picture)).catch(() => {});
  const lines = breakdown(first, page.event).map(({ words, amount }) => el('li', { class: 'cart-line' },
    el('span', {}, words), el('span', {}, money(amount, first.currency))));
  const total = el('p', { class: 'cart-total' }, el('span', {}, t`Total for ${plural(first.seats.length, 'seat', 'seats')}`),
    el('strong', {}, money(first.amount, first.currency)));
  const holdPath = `${page.base}/holds/${encodeURIComponent(first.hold_id)}`;
  /** A refusal here means that the order is not what this page shows: it looks again. */
  const asked = async (method, path, body) => {
    try {
      return await send(method, path, body);
    } catch (problem) {
      if (problem.retry !== 'same_key') await page.refresh();
      throw problem;
    }
  };
  const extend = action(t`More time`, async () => {
    const order = await asked('POST', `${holdPath}/extend`, {});
    page.setOrder(order);
    page.changed();
    announce(t`You have more time now.`);
    await page.render();
  }, 'secondary');
  const release = action(t`Release seats`, async () => {
    const order = await asked('DELETE', holdPath);
    page.setOrder(order);
    page.acted = true;
    page.changed();
    await page.render();
  }, 'secondary');
  const buttons = el('div', { class: 'cart-actions' }, extend, release);
  const node = el('aside', { class: 'card cart', 'aria-label': t`Your seats` },
    time.node, el('h3', {}, t`Your order`), el('p', {}, page.event?.name || '', el('br'), el('span', { class: 'quiet' }, day(page.event?.starts_at, page.event?.time_zone))),
    seats, where, lines.length ? el('ul', { class: 'cart-lines' }, lines) : null, total,
    el('p', { class: 'quiet' }, t`All fees and taxes are in the price. Nothing is added later.`), buttons);

  const extensionMs = milliseconds(page.event?.policy?.extension);
  let shown = first;
  function offerTime() {
    extend.hidden = !(shown.status === 'held' && shown.extensions_left > 0 && extensionMs > 0);
    say(extend, t`Add ${clock(extensionMs)} to your time`);
    buttons.hidden = extend.hidden && release.hidden;
  }
  function update(order) {
    shown = order;
    time.set(order.expires_at);
    release.hidden = !['held', 'no_answer', 'declined'].includes(order.status);
    say(total.lastChild, money(order.amount, order.currency));
    offerTime();
  }
  update(first);
  return { node, update, close: time.close };
}
