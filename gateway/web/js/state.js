// Owns the decision which state of the page is true, from what the server says. Pure.

const LIVE = new Set(['held', 'payment_pending', 'no_answer', 'declined']);

export const liveOrder = (me) => me?.orders?.find((order) => LIVE.has(order.status)) || null;

/** Whether a payment for another order has no answer yet: of two, only one is kept. */
export const hasUnanswered = (me, order) => Boolean(me?.orders?.some(
  (other) => other.order_id !== order.order_id && other.payment?.money === 'unknown'));
export const boughtOrders = (me) => me?.orders?.filter((order) => order.status === 'confirmed') || [];

/** Orders whose tickets are to be shown: bought here, or given by others. */
export const ticketOrders = (me) => [
  ...boughtOrders(me), ...(me?.received || []).map((order_id) => ({ order_id })),
];

/** How long the shop waits for the server to say that a visit is over. */
const OVER_MS = 10000;

/**
 * The state to show. `browsing` says that a buyer with tickets asked for the shop again.
 */
export function decide({ event, queue, me, now, browsing = false }) {
  const phase = queue?.phase || event.phase;
  if (phase === 'cancelled') return 'cancelled';
  if (liveOrder(me)) return 'pay';
  if (ticketOrders(me).length && !browsing) return 'tickets';
  if (phase === 'closed') return 'closed';
  if (phase === 'presale' && !me?.has_code) return phase;
  const passEnds = Date.parse(me?.pass_expires_at || '');
  const open = event.policy?.pass_required === false;
  // A pass that has just ended is the server's to take back: until it has, nobody is called in again.
  if (passEnds > now - OVER_MS || (open && phase !== 'announced')) return 'shop';
  const place = me?.place ?? null;
  if (place === null) {
    if (phase === 'announced' || phase === 'sold_out') return phase;
    return hasNoneFree(phase, queue) ? 'sold_out' : 'join';
  }
  if (phase === 'sold_out') return 'sold_out';
  if (isSold(phase) && queue && aheadOf(place, queue) < 0) return 'turn';
  return 'waiting';
}

/** Whether all seats are held, or sold, just now: nobody is called before one comes back. */
const hasNoneFree = (phase, queue) => phase === 'sold_out' || (isSold(phase) && queue?.free === 0);

export const isSold = (phase) => phase === 'open' || phase === 'presale';

/** People before a place; called below 0. Only this knows the line's order. */
export const aheadOf = (place, queue) => place - queue.frontier;

/** Which of the four steps a state belongs to. */
export const stepOf = (state) =>
  ({ shop: 'choose', pay: 'pay', tickets: 'tickets' })[state] || 'wait';

/** Categories with their current all-in price; null where nothing is on sale. */
export const pricedCategories = ({ categories = [] }) => categories.map(
  ({ name, color, price = null }, index) => ({ index, name, color, amount: price }));
