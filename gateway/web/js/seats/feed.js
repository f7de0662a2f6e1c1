// Owns the live state of every seat: the snapshot, the deltas after it, and the counts by
// section and category that follow from them.
import { get } from '../api.js';
import { backoff, pause } from '../backoff.js';
import { follow } from '../stream.js';
import { ACCESSIBLE, COMPANION } from './book.js';
import { FREE, NOT_FOR_SALE, applyDelta, decodeDelta, decodeSnapshot } from './status.js';

/** Between snapshots when no stream gets through. */
const POLL_MS = 4000;

export class Seats {
  constructor(book) {
    this.book = book;
    this.states = new Uint8Array(book.plan.seat_count).fill(NOT_FOR_SALE);
    this.seq = -1;
    this.listeners = new Set();
    const [sections, categories] = [book.plan.sections.length, book.plan.categories.length];
    this.free = new Uint32Array(sections);
    this.total = new Uint32Array(sections);
    this.freeOfCategory = new Uint32Array(categories);
    this.main = book.plan.sections.map((_, at) => this.#usualCategory(at));
  }

  #usualCategory(sectionAt) {
    const counts = new Map();
    for (const row of this.book.plan.sections[sectionAt].rows) {
      for (const { category, first_seat: first } of row.runs) {
        counts.set(category, (counts.get(category) || 0) + (first >= 0 ? 1 : 0));
      }
    }
    return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 0;
  }

  /** Wheelchair places are a pool of their own and do not count as free for all. */
  isForAll(seat) {
    return !(this.book.flags[seat] & (ACCESSIBLE | COMPANION));
  }

  isFree(seat) {
    return this.states[seat] === FREE;
  }

  inSection(at) {
    return { free: this.free[at], total: this.total[at] };
  }

  mainCategory(at) {
    return this.main[at];
  }

  listen(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  #notify(changed) {
    for (const listener of this.listeners) listener(changed);
  }

  #countAll() {
    for (const counts of [this.free, this.total, this.freeOfCategory]) counts.fill(0);
    const { section, category } = this.book;
    this.states.forEach((state, seat) => {
      if (state !== NOT_FOR_SALE) this.total[section[seat]] += 1;
      if (state !== FREE || !this.isForAll(seat)) return;
      this.free[section[seat]] += 1;
      this.freeOfCategory[category[seat]] += 1;
    });
  }

  /** Takes a whole snapshot. Listeners get null: anything may have changed. */
  setAll(buffer) {
    const { seq, states } = decodeSnapshot(buffer);
    if (states.length !== this.states.length) throw new RangeError('the snapshot is of another plan');
    if (seq < this.seq) return;
    this.seq = seq;
    this.states = states;
    this.#countAll();
    this.#notify(null);
  }

  /** Takes one delta; older ones than the snapshot are already in it. */
  change(text, seq) {
    if (seq <= this.seq) return;
    this.seq = seq;
    const changed = applyDelta(this.states, decodeDelta(text));
    const { section, category } = this.book;
    for (const { seat, was, is } of changed) {
      // Staff take seats off sale and put them back.
      this.total[section[seat]] += (is !== NOT_FOR_SALE) - (was !== NOT_FOR_SALE);
      const step = (is === FREE) - (was === FREE);
      if (!step || !this.isForAll(seat)) continue;
      this.free[section[seat]] += step;
      this.freeOfCategory[category[seat]] += step;
    }
    if (changed.length) this.#notify(changed.map(({ seat }) => seat));
  }
}

/** Keeps `seats` true until closed. Resolves `ready` once the first snapshot is in. */
export function watch(base, seats) {
  let loading = null;
  let waiting = [];
  let isClosed = false;

  /** One snapshot at a time; deltas that come meanwhile wait for it. */
  function reload() {
    loading ??= (async () => {
      for (let tries = 0; !isClosed; tries += 1) {
        try {
          seats.setAll(await get(`${base}/availability`, 1));
          break;
        } catch (problem) {
          if (problem instanceof RangeError) throw problem;
          await pause(backoff(tries, 1000, 20000));
        }
      }
    })().finally(() => {
      loading = null;
      const late = waiting;
      waiting = [];
      for (const [text, seq] of late) seats.change(text, seq);
    });
    return loading;
  }

  const take = (text, id) => {
    if (loading) {
      // A snapshot takes seconds at worst; frames come at most four a second.
      if (waiting.length < 400) waiting.push([text, Number(id)]);
      return;
    }
    try {
      seats.change(text, Number(id));
    } catch {
      reload();
    }
  };
  const stream = follow({
    url: `${base}/availability/stream`,
    opened: reload,
    events: { delta: take, reset: reload },
    poll: async () => {
      await reload();
      return POLL_MS;
    },
  });
  return {
    ready: reload(),
    close() {
      isClosed = true;
      stream.close();
    },
  };
}
