// Owns paying: the cart beside the card form, the payment's progress, the bank's question,
// another card after a no. Follows the order until it rests.
import { get } from '../api.js';
import { send } from '../command.js';
import { announce, el, heading, notice } from '../dom.js';
import { money } from '../format.js';
import { style } from '../shop/shop.js';
import { liveOrder } from '../state.js';
import { session } from '../storage.js';
import { follow } from '../stream.js';
import { cart } from './cart.js';
import { payForm } from './form.js';

const POLL_MS = 1500;

export function pay(page) {
  style();
  const first = liveOrder(page.me);
  const orderPath = `${page.base}/orders/${encodeURIComponent(first.order_id)}`;
  const basket = cart(page, first);
  const title = heading('');
  const main = el('div', { class: 'pay-main' });
  const node = el('div', {}, title, el('div', { class: 'pay' }, basket.node, main));
  let shown = '';
  let following = null;

  async function order(token) {
    let next;
    try {
      next = await send('POST', `${page.base}/orders`, { hold_id: first.hold_id, payment_method: token });
    } catch (problem) {
      // The hold is over, or another tab paid: the server knows where we are.
      if (problem.retry !== 'same_key') await page.refresh();
      throw problem;
    }
    page.setOrder(next);
    page.acted = true;
    page.changed();
    await page.render();
  }

  function take(next) {
    if (next.payment?.action) session.setItem(`fg-bank ${next.order_id}`, location.pathname);
    page.setOrder(next);
    // The state ends with the order: what follows is the server's to say.
    if (['confirmed', 'expired', 'released', 'cancelled', 'refunded'].includes(next.status)) {
      page.acted = true;
      page.changed();
      if (next.status === 'expired') announce('The time to pay ran out.');
      page.refresh().catch(() => page.render());
    } else page.render();
    return POLL_MS;
  }

  function watchOrder(isNeeded) {
    if (!isNeeded) {
      following?.close();
      following = null;
    }
    if (!isNeeded || following) return;
    following = follow({
      url: `${orderPath}/stream`,
      events: { order: (text) => take(JSON.parse(text)) },
      opened: () => get(orderPath, 1).then(take).catch(() => {}),
      poll: async () => take(await get(orderPath, 1)),
    });
  }

  function update() {
    const now = liveOrder(page.me);
    if (!now || now.order_id !== first.order_id) return;
    basket.update(now);
    const key = `${now.status} ${now.attempt} ${now.payment?.action?.url || ''}`;
    watchOrder(now.status === 'payment_pending');
    if (key === shown) return;
    const isFirst = shown === '';
    shown = key;
    const [words, ...rest] = parts(now, order);
    title.textContent = words;
    main.replaceChildren(...rest);
    if (isFirst) return;
    announce(words);
    title.focus({ preventScroll: true });
    scrollTo({ top: 0 });
  }
  update();
  return { node, update, close() {
    following?.close();
    basket.close();
  } };
}

/** The title and the main column for an order's status. */
function parts(order, pay) {
  const amount = money(order.amount, order.currency);
  if (order.status === 'held') {
    return ['Pay for your seats', payForm(order, { amount, pay })];
  }
  if (order.status === 'declined') {
    const isSilent = order.payment?.failure === 'no_answer';
    const words = isSilent
      ? 'We got no answer about your card. It may still come: then the seats are yours, and you are charged '
        + 'once. You do not have to wait: your seats are held, so try another card before the time runs out.'
      : 'Your bank said no, and nothing was charged. Your seats are still held for you: '
        + 'try another card before the time runs out.';
    return [isSilent ? 'Your bank has not answered' : 'The card was declined',
      notice('warn', words), payForm(order, { amount, pay, isAgain: true })];
  }
  const action = order.payment?.action;
  if (action) {
    return ['Your bank needs you',
      el('div', { class: 'card' },
        el('p', {}, 'Your bank wants to make sure it is you. Confirm there; your seats stay held meanwhile.'),
        el('a', { class: 'button primary', href: action.url }, 'Go to my bank'),
        el('p', { class: 'quiet' }, 'Then come back to this page: it continues by itself.'))];
  }
  return ['Your payment is being processed',
    el('div', { class: 'card' },
      el('progress', { 'aria-label': 'Payment in progress' }),
      el('p', {}, 'We are waiting for your bank. This takes a few seconds, rarely a minute.'),
      notice('calm', el('strong', {}, 'Please do not pay again. '),
        'You may close this page; the tickets appear here, and you are charged at most once. If the '
        + 'bank’s answer comes too late, nothing is charged.'))];
}
