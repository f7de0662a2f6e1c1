// Owns saying what became of an order that ended without seats, wherever its buyer comes next.
import { get } from '../api.js';
import { el, notice } from '../dom.js';
import { t } from '../further.js';
import { local } from '../storage.js';
import { endedOrder, endedWords } from './words.js';

const ANSWER_POLL_MS = 5000;

/** Asks until the bank has answered about an order that has ended, then shows what is so. */
function awaitAnswer(page, order) {
  const path = `${page.base}/orders/${encodeURIComponent(order.order_id)}`;
  const asking = setInterval(() => get(path, 1).then((now) => {
    if (now.payment?.money === 'unknown') return;
    clearInterval(asking);
    page.setOrder(now);
    page.changed();
    page.refresh().catch(() => page.render());
  }).catch(() => {}), ANSWER_POLL_MS);
  return () => clearInterval(asking);
}

/** What ended since: said once on this device, until the buyer closes it or moves on. */
export function endedNotice(page) {
  const order = endedOrder(page.me);
  const money = order?.payment?.money;
  const name = order && `fg-notified ${order.order_id} ${order.status} ${money || ''}`;
  if (!order) return { node: null, close() {} };
  const stop = money === 'unknown' ? awaitAnswer(page, order) : () => {};
  if (local.getItem(name)) return { node: null, close: stop };
  const close = () => {
    stop();
    local.setItem(name, '1');
    node.remove();
  };
  const node = notice('warn', el('p', {}, endedWords(order)),
    el('button', { type: 'button', class: 'button secondary', onclick: close }, t`Close`));
  return { node, close };
}
