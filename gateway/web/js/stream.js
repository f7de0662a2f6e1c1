// Owns following something live: an event stream while it works, polling while it does not.
import { backoff } from './backoff.js';
import { open } from './tabs.js';

/** A stream that failed this often in a row is left alone for a while. */
const FAILURES_BEFORE_POLLING = 2;
/** How long to poll before the stream gets another chance. */
const POLLING_MS = 60000;
/** A stream says something every ten seconds. One that says nothing for so long is not there any
 * more, even if nobody closed it. */
const SILENT_MS = 25000;
/** How long to poll then, before there is a new one. */
const POLLING_AFTER_SILENCE_MS = 10000;

/**
 * Follows `url`; polls only, where there is none. `events` maps names to handlers(text, id); `opened` runs at each connection,
 * `heard` whenever the stream shows that it is there; `poll` fetches by hand and returns milliseconds until the next time.
 * Returns { close }.
 */
export function follow({ url, events, opened, heard, poll }) {
  let source = null;
  let timer = null;
  let silence = null;
  let failures = 0;
  let closed = false;
  let pollUntil = 0;
  let steals = false;

  function later(ms, what) {
    clearTimeout(timer);
    if (!closed) timer = setTimeout(what, ms);
  }

  function leave() {
    clearTimeout(silence);
    source?.close();
    source = null;
  }

  function listen() {
    if (!url || typeof EventSource === 'undefined') {
      pollUntil = Infinity;
      tick();
      return;
    }
    // Of an older stream that still had a word to say.
    const current = (what) => (...given) => {
      if (source === mine) what(...given);
    };
    const names = [...Object.keys(events), 'alive', 'reconnect'];
    const mine = open(url, names, {
      on: (name, text, id) => current(take)(name, text, id),
      opened: () => current(() => {
        hear();
        opened?.();
      })(),
      failed: (isFull) => current(fail)(isFull),
    }, steals);
    source = mine;
    steals = false;
    watch();
  }

  function watch() {
    clearTimeout(silence);
    silence = setTimeout(() => {
      leave();
      steals = true;
      pollUntil = Date.now() + POLLING_AFTER_SILENCE_MS;
      tick();
    }, SILENT_MS);
  }

  function hear() {
    watch();
    heard?.();
  }

  function take(name, text, id) {
    failures = 0;
    if (name === 'reconnect') {
      // A server that ends says when to come back; that is no failure.
      leave();
      later(Math.min(30000, +/\d+/.exec(text) || 2000), listen);
      return;
    }
    hear();
    events[name]?.(text, id);
  }

  function fail(isFull) {
    leave();
    failures += 1;
    if (isFull || failures >= FAILURES_BEFORE_POLLING) {
      pollUntil = Date.now() + POLLING_MS;
      tick();
    } else {
      later(backoff(failures), listen);
    }
  }

  async function tick() {
    let wait = null;
    try {
      wait = await poll();
      failures = 0;
    } catch {
      failures += 1;
    }
    if (closed) return;
    if (Date.now() > pollUntil) listen();
    else later(wait === null ? backoff(failures, 1000, 30000) : wait * (0.9 + Math.random() / 5), tick);
  }

  listen();
  return {
    close() {
      closed = true;
      clearTimeout(timer);
      leave();
    },
  };
}
