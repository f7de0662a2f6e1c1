// Owns the workers that solve a puzzle together: how many, and what becomes of their answers.
import { encode } from './encode.js';

const WORKERS_MAX = 4;
const begin = () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });

/** One core is left for the page. */
const cores = () => Math.max(1, Math.min(WORKERS_MAX, (globalThis.navigator?.hardwareConcurrency || 2) - 1));

/**
 * Solves what the door asks; `onPart(solved, parts)` reports how far it is, `signal` ends it. Gives
 * the solution, or null where it cannot be had here: no workers, a worker that fails, the signal.
 */
export function solve({ challenge, bits, parts }, { onPart, signal, make = begin, count = cores() } = {}) {
  const workers = [];
  return new Promise((done) => {
    const numbers = new Array(parts).fill(null);
    let solved = 0;
    if (signal?.aborted) done(null);
    signal?.addEventListener('abort', () => done(null));
    const take = ({ data: { part, number } }) => {
      if (number === null) done(null);
      numbers[part] = number;
      solved += 1;
      onPart?.(solved, parts);
      if (solved === parts) done(encode(numbers));
    };
    try {
      for (let at = 0; at < Math.min(count, parts); at += 1) {
        const worker = make();
        workers.push(worker);
        worker.onmessage = take;
        worker.onerror = () => done(null);
        worker.onmessageerror = () => done(null);
        const own = numbers.map((_, part) => part).filter((part) => part % count === at);
        worker.postMessage({ challenge, bits, parts: own });
      }
    } catch {
      // No workers in this browser, or none of this kind.
      done(null);
    }
  }).finally(() => workers.forEach((worker) => worker.terminate()));
}
