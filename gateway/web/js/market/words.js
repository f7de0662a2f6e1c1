// Owns the words of the market: states, prices, labels. Pure.
import { day, money } from '../format.js';

/** What an order's state means to whoever reads it; the codes are the server's. */
export const STATES = {
  open: 'waits for the provider',
  authorised: 'waits for the money',
  paid: 'paid',
  declined: 'declined',
  refunding: 'money goes back',
  refunded: 'refunded',
  disputed: 'disputed',
};

/** Whether and why a product is on sale. */
export function offerWords(product) {
  if (product.on_sale) return 'On sale';
  if (!product.approved_by_manager) return 'Waits for a manager';
  if (!product.approved_by_artist) return 'Waits for the artist';
  return 'Has no price yet';
}

export const priceWords = (product) => `${money(product.amount, product.currency)} for a year of tables`;

/** The label as pairs of words: what it is, how it is made, what is promised. */
export function labelRows({ label }) {
  const { segment_taxonomy: taxonomy, privacy } = label;
  return [
    ['Who is in it', label.segmentation_criteria],
    ['Grain', label.precision_level],
    ['Refreshed', label.refresh_cadence],
    ['Country', label.geography],
    ['Source', `${label.provenance}, ${label.inclusion_methodology}`],
    ['Ids', label.id_types.length ? label.id_types.join(', ') : 'none'],
    ['Taxonomy', `${taxonomy.name} ${taxonomy.version}: ${taxonomy.ids.join(', ')}`],
    ['Privacy', `ε ${privacy.epsilon_per_table} a table, ${privacy.epsilon_per_365_days} in any 365 days, for ${privacy.unit}; ${privacy.mechanism}`],
    ['Terms', label.terms],
  ];
}

/** One line about an bought. */
export function orderWords(bought) {
  const until = bought.delivered ? `tables until ${day(bought.delivered_until)}` : null;
  return [STATES[bought.state] || bought.state, bought.invoice, until].filter(Boolean).join(' · ');
}
