// Owns the lowest price of an event, for the list. Pure.
import { pricedCategories } from './state.js';

/** The lowest price on sale, or null. */
export function cheapest(event) {
  if (event.price_from !== undefined) return event.price_from;
  const amounts = pricedCategories(event).map((row) => row.amount).filter((amount) => amount !== null);
  return amounts.length ? Math.min(...amounts) : null;
}
