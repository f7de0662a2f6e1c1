// Owns finding and wording orders that ended without seats. Pure.
// Nobody reads here that no money moved before the bank said so: see `payment.money`.
import { t } from '../further.js';

/** The latest order that ended without seats, to be explained. */
export function endedOrder(me) {
  const isEnded = ({ status, payment }) => ['expired', 'refunded', 'cancelled'].includes(status)
    || (status === 'released' && ['unknown', 'let_go'].includes(payment?.money));
  const ended = (me?.orders || []).filter(isEnded);
  // The server gives the newest first; what this page learned since has a higher offset.
  return ended.reduce((best, order) => (best && best.as_of.offset >= order.as_of.offset ? best : order), null);
}

/** Where the money is, as far as the bank has said. */
function moneyWords(payment) {
  switch (payment?.money) {
    case undefined: return t`No payment had been started, so nothing was charged.`;
    case 'none': return t`Your bank said no, so nothing was charged.`;
    case 'unknown': return t`Your bank has not answered yet, so we do not know whether your payment goes through. If it does, you get these seats, or as many together in the same category, and are charged once; if there are none, it is not charged. This page says so as soon as your bank answers.`;
    case 'let_go': return t`Your payment is not charged; your bank releases what it has reserved.`;
    case 'refunded': return t`The money goes back to the card you paid with.`;
    default: return t`Your payment went through and is given back to the card you paid with.`;
  }
}

/** Why an order was refunded, as its buyer reads it. */
export const WHY = {
  requested: t` as you asked`, 'event_changed': t` because the event changed`, 'event_cancelled': t` because the event was cancelled`,
  duplicate: t` because it was bought twice`, fraud: t` because of doubts about the payment`, goodwill: t` as a gesture of goodwill`, other: '',
};

/** What happened to an order, and what to do now. */
export function endedWords(order) {
  const money = moneyWords(order.payment);
  if (order.status === 'refunded') return t`Your order was refunded${WHY[order.refund_reason] ?? ''}. ${money}`;
  if (order.status === 'cancelled') return t`Your order was cancelled, because the payment could not be collected. ${money}`;
  if (order.status === 'released') return t`These seats are on sale again. ${money}`;
  return t`The time to pay ran out, so your seats went back on sale. ${money} You can choose seats again.`;
}

/** Said beside the card form while an earlier payment is open: one of two is kept. */
export const AGAIN_WORDS = t`Your bank has not answered about an earlier payment yet, and it may still go through. If you pay again and both do, you keep the one that comes first; the other is not charged, or goes back to your card.`;

/** How a late payment found its seats; empty when it was not late. */
export function lateWords(order) {
  if (order.seats_kept === 'moved') {
    return t`Your payment went through after its time had run out, and your seats were gone: these are other seats, as many together in the same category. If you do not want them, ask the organiser for a refund.`;
  }
  return order.seats_kept === 'retaken'
    ? t`Your payment went through after its time had run out. Your seats were still free: they are the ones you chose.` : '';
}
