// Owns what the states before the shop share: the organiser's words, prices, and the frame around both.
import { el, heading, say } from './dom.js';
import { count, money } from './format.js';
import { t } from './language.js';
import { pricedCategories } from './state.js';

/** The organiser's own words. */
export function words(page) {
  const node = el('div', { class: 'notice info' });
  const update = () => {
    const message = page.queue?.message || '';
    node.hidden = !message;
    say(node, message ? t`From the organiser: ${message}` : '');
  };
  update();
  return { node, update };
}

/** Prices and free seats. */
export function offer(page) {
  const rows = pricedCategories(page.event).filter((row) => row.amount !== null);
  const free = el('p', { class: 'quiet' });
  const update = () => {
    const left = page.queue?.free ?? page.event.free;
    say(free, Number.isFinite(left) ? t`${count(left)} seats are free now.` : '');
  };
  update();
  const list = rows.map((row) => el('li', {},
    el('span', {}, row.name), el('strong', {}, money(row.amount, page.event.currency))));
  const node = el('div', { class: 'card offer' },
    el('h3', {}, t`Prices`), el('ul', { class: 'prices' }, list),
    el('p', { class: 'quiet' }, t`Per seat, all fees included.`), free);
  return { node: rows.length ? node : free, update };
}

/** A state that says what is so, what it costs, and offers what can be done. */
export function simple(page, title, lines, extra = []) {
  const message = words(page);
  const side = offer(page);
  const node = el('div', { class: 'two' },
    el('div', { class: 'card' }, heading(title), message.node, lines.map((line) => el('p', {}, line)),
      extra),
    side.node);
  return { node, update: () => { message.update(); side.update(); } };
}
