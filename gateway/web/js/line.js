// Owns the order of the line: the one place where a page ranks a place and compares it. Pure.

/** When a place is called: those with a lower rank come before it. As given out, until a draw. */
const rank = (place) => place;

/** Whether it is this place's turn. */
export const isCalled = (place, queue) => rank(place) < queue.frontier;

/** Places that are called before this one. */
export const aheadOf = (place, queue) => Math.max(0, rank(place) - queue.frontier);
