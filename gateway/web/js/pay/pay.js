// Owns paying: the cart beside the card form, the payment's progress, the bank's question,
// another card after a no. Follows the order until it rests.
import { get } from '../api.js';
import { send } from '../command.js';
import { announce, el, heading, notice } from '../dom.js';
import { money } from '../format.js';
import { t } from '../further.js';
import { style } from '../shop/shop.js';
import { AGAIN_WORDS } from '../shop/words.js';
import { hasUnanswered, liveOrder } from '../state.js';
import { session } from '../storage.js';
import { follow } from '../stream.js';
import { cart } from './cart.js';
import { contact } from './contact.js';
import { payForm } from './form.js';
import { bankWords, terms } from './terms.js';

const POLL_MS = 1500;

export function pay(page) {
  style();
  const first = liveOrder(page.me);
  const orderPath = `${page.base}/orders/${encodeURIComponent(first.order_id)}`;
  const basket = cart(page, first);
  const title = heading('');
  const main = el('div', { class: 'pay-step' });
  const column = el('div', { class: 'pay-main' }, main, contact(), terms(page.event));
  const note = page.note ? notice('info', page.note) : null;
  page.note = null;
  const node = el('div', {}, title, note, el('div', { class: 'pay' }, basket.node, column));
  let shown = '';
  let following = null;

  async function order(token) {
    let next;
    try {
      next = await send('POST', `${page.base}/orders`, {
        hold_id: first.hold_id, payment_method: token, despite_unanswered: isAgain(page),
      });
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
      if (next.status === 'expired') announce(t`The time to pay ran out.`);
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
    const key = `${now.status} ${now.attempt} ${now.payment?.money} ${now.payment?.action?.url || ''}`;
    watchOrder(now.status === 'payment_pending' || now.payment?.money === 'unknown');
    if (key === shown) return;
    const isFirst = shown === '';
    shown = key;
    const [words, ...rest] = parts(now, order, hasUnanswered(page.me, now));
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

/** What the form says of an earlier payment was read: the buyer means to pay again. */
const isAgain = (page) => {
  const order = liveOrder(page.me);
  return order?.payment?.money === 'unknown' || hasUnanswered(page.me, order);
};

/** The title and the main column for an order's status. */
function parts(order, pay, isSecond) {
  const amount = money(order.amount, order.currency);
  const again = isSecond ? [notice('warn', AGAIN_WORDS)] : [];
  if (order.status === 'held') {
    return [t`Pay for your seats`, ...again, payForm(order, { amount, pay }), bankWords()];
  }
  if (order.status === 'no_answer' || order.status === 'declined') {
    const isSilent = order.payment?.money === 'unknown';
    const saidNo = order.status === 'declined' && (isSilent ? t`Your bank said no to this card. About the one before it has not answered yet: it may still go through, and then the seats are yours. `
      : t`Your bank said no, and nothing was charged. `);
    const words = saidNo || t`We got no answer about your card, so we do not know yet whether you are charged. If it goes through, the seats are yours and this page shows the tickets. `;
    const offer = t`Your seats are still held for you: try another card before the time runs out.`;
    const once = isSilent ? t` Of two payments that go through you keep the first; the other is not charged.` : '';
    return [order.status === 'declined' ? t`The card was declined` : t`Your bank has not answered`,
      notice('warn', words + offer + once), ...again, payForm(order, { amount, pay, isAgain: true }), bankWords()];
  }
  const action = order.payment?.action;
  if (action) {
    return [t`Your bank needs you`,
      el('div', { class: 'card' },
        el('p', {}, t`Your bank asks you to confirm the payment of ${amount}. Your seats stay held meanwhile.`),
        el('a', { class: 'button primary', href: action.url }, t`Go to my bank`),
        el('p', { class: 'quiet' }, t`Then come back to this page. It shows what your bank said.`))];
  }
  return [t`Your payment is being processed`,
    el('div', { class: 'card' },
      el('progress', { 'aria-label': t`Payment in progress` }),
      el('p', {}, t`We are waiting for your bank. This takes a few seconds, rarely a minute.`),
      notice('calm', el('strong', {}, t`Please do not pay again. `),
        t`You may close this page; the tickets appear here, and you are charged at most once. If your bank answers after the time has run out, you get these seats or equal ones, or are not charged.`))];
}
