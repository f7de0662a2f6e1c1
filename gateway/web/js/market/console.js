// Owns the market's page: which parts a role sees behind the door. Start here; products.js is the
// catalogue, orders.js what was bought, account.js to whom invoices are, keys.js keys for programs, words.js what both say.
import { door } from '../staff/door.js';
import { accountCard } from './account.js';
import { keyList } from './keys.js';
import { orderList } from './orders.js';
import { catalogue } from './products.js';

/** What is behind the door: { nodes, load }. */
export function parts(role, lost) {
  const orders = orderList({ role, lost });
  const products = catalogue({ role, lost, changed: () => orders.load() });
  const keys = role === 'advertiser' ? [accountCard({ lost }), keyList({ lost })] : [];
  const all = [products, orders, ...keys];
  const load = () => all.forEach((part) => part.load());
  load();
  return { nodes: all.map((part) => part.node), load };
}

/** Wires the page: `at` finds its elements. */
export const begin = (at) => door(at, { may: ['advertiser', 'manager', 'artist'], open: async (role, lost) => parts(role, lost) });

if (globalThis.document?.getElementById('console')) begin((name) => document.getElementById(name));
