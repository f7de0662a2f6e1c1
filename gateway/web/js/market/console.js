// Owns the market's page: which parts a role sees behind the door. Start here; products.js is the
// catalogue, orders.js what was bought, words.js what both say.
import { door } from '../staff/door.js';
import { orderList } from './orders.js';
import { catalogue } from './products.js';

/** What is behind the door: { nodes, load }. */
export function parts(role, lost) {
  const orders = orderList({ role, lost });
  const products = catalogue({ role, lost, changed: () => orders.load() });
  const load = () => {
    products.load();
    orders.load();
  };
  load();
  return { nodes: [products.node, orders.node], load };
}

/** Wires the page: `at` finds its elements. */
export const begin = (at) => door(at, { may: ['advertiser', 'manager', 'artist'], open: async (role, lost) => parts(role, lost) });

if (globalThis.document?.getElementById('console')) begin((name) => document.getElementById(name));
