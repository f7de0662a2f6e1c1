// Owns finding and wording orders that ended without seats. Pure.

/** The latest order that ended without seats, to be explained once. */
export function endedOrder(me) {
  const ended = (me?.orders || []).filter(({ status }) => ['expired', 'refunded', 'cancelled'].includes(status));
  // The server gives the newest first; what this page learned since has a higher offset.
  return ended.reduce((best, order) => (best && best.as_of.offset >= order.as_of.offset ? best : order), null);
}

/** What happened to an order, and what to do now. */
export function endedWords(order) {
  if (order.status === 'refunded') return 'Your order was refunded. The money goes back to the card you paid with.';
  if (order.status === 'cancelled') {
    return order.settled ? 'Your order was cancelled and the money is on its way back.'
      : 'Your order was cancelled. You have not been charged.';
  }
  return order.attempt > 0
    ? 'Your time ran out before the bank approved, so the seats went back on sale. You have not been '
      + 'charged; if your bank shows a reserved amount, it disappears by itself. Choose seats again to go on.'
    : 'The time to pay ran out, so your seats went back on sale. You have not been charged. Choose seats again to go on.';
}
