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

/** What each kind of product is called, and what a year of it is made of; the codes are the server's. */
export const KINDS = {
  cohorts: { name: 'Audience tables', unit: 'tables' },
  concurrency: { name: 'Who waits and shops', unit: 'minutes' },
  velocity: { name: 'How fast it sells', unit: 'indices' },
};

export const kindWords = (kind) => KINDS[kind]?.name ?? kind;
const unitWords = (kind) => KINDS[kind]?.unit ?? 'records';

/** Whether and why a product is on sale. */
export function offerWords(product) {
  if (product.on_sale) return 'On sale';
  if (!product.approved_by_manager) return 'Waits for a manager';
  if (!product.approved_by_artist) return 'Waits for the artist';
  return 'Has no price yet';
}

export const priceWords = (product) => `${money(product.amount, product.currency)} for a year of ${unitWords(product.kind)}`;

const yearWords = ({ epsilon_per_365_days: year }) => (year ? `, ${year} in any 365 days` : '');

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
    ['Privacy', `ε ${privacy.epsilon_per_table} each time${yearWords(privacy)}, for ${privacy.unit}; ${privacy.mechanism}`],
    ['Terms', label.terms],
  ];
}

/** One line about what was bought. */
export function orderWords(bought) {
  const until = bought.delivered ? `${unitWords(bought.kind)} until ${day(bought.delivered_until)}` : null;
  return [STATES[bought.state] || bought.state, bought.invoice, until].filter(Boolean).join(' · ');
}
