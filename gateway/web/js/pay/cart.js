// Owns the cart: the held seats, the total, the time left, extend and release.
import { send } from '../command.js';
import { action } from '../action.js';
import { announce, el, say } from '../dom.js';
import { money, plural } from '../format.js';
import { placeWords } from '../seats/book.js';
import { countdown } from './countdown.js';

const HOLD_LABEL = 'These seats are yours for';

export function cart(page, first) {
  const time = countdown({ label: HOLD_LABEL, onEnd: () => page.refresh().catch(() => {}) });
  const seats = el('ul', { class: 'cart-seats' }, first.seats.map((seat) => el('li', {},
    el('strong', {}, placeWords({ ...seat, isGeneral: !seat.row })), el('span', { class: 'quiet' }, seat.category))));
  const total = el('p', { class: 'cart-total' }, el('span', {}, `Total for ${plural(first.seats.length, 'seat', 'seats')}`),
    el('strong', {}, money(first.amount, first.currency)));
  const holdPath = `${page.base}/holds/${encodeURIComponent(first.hold_id)}`;
  const extend = action('More time', async () => {
    const order = await send('POST', `${holdPath}/extend`, {});
    page.setOrder(order);
    page.changed();
    announce('You have more time now.');
    await page.render();
  }, 'secondary');
  const release = action('Release seats', async () => {
    const order = await send('DELETE', holdPath);
    page.setOrder(order);
    page.acted = true;
    page.changed();
    await page.render();
  }, 'secondary');
  const buttons = el('div', { class: 'cart-actions' }, extend, release);
  const node = el('aside', { class: 'card cart', 'aria-label': 'Your seats' },
    time.node, el('h3', {}, 'Your seats'), seats, total,
    el('p', { class: 'quiet' }, 'All fees included; nothing is added later.'), buttons);

  function update(order) {
    time.set(order.expires_at);
    const mayChange = ['held', 'no_answer', 'declined'].includes(order.status);
    extend.hidden = !(order.status === 'held' && order.extensions_left > 0);
    release.hidden = !mayChange;
    buttons.hidden = extend.hidden && release.hidden;
    say(total.lastChild, money(order.amount, order.currency));
  }
  update(first);
  return { node, update, close: time.close };
}
