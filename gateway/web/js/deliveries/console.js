// Owns the page of what goes out to others: webhooks with their calls, and messages that were given up.
// Start here; webhooks.js lists and adds, calls.js shows what came of each, failures.js sends again.
import { door } from '../staff/door.js';
import { failuresPart } from './failures.js';
import { webhooksPart } from './webhooks.js';

/** Wires the page: `at` finds its elements. */
export function begin(at) {
  return door(at, { may: ['manager', 'operator'], async open(_, lost) {
    const guard = async (work) => {
      try {
        return await work();
      } catch (problem) {
        if (problem.status === 401) lost();
        throw problem;
      }
    };
    const [webhooks, failures] = [webhooksPart(guard), failuresPart(guard)];
    const load = () => Promise.all([webhooks.load(), failures.load()]);
    await load();
    return { nodes: [webhooks.node, failures.node], load };
  } });
}

if (globalThis.document?.getElementById('deliveries')) {
  begin((name) => document.getElementById(name));
}
