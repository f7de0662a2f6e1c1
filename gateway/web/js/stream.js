// Owns following something live: an event stream while it works, polling while it does not.
import { backoff } from './backoff.js';

/** A stream that failed this often in a row is left alone for a while. */
const FAILURES_BEFORE_POLLING = 2;
/** How long to poll before the stream gets another chance. */
const POLLING_MS = 60000;

/**
 * Follows `url`; polls only, where there is none. `events` maps names to handlers(text, id); `opened` runs at each connection;
 * `poll` fetches by hand and returns milliseconds until the next time. Returns { close }.
 */
export function follow({ url, events, opened, poll }) {
  let source = null;
  let timer = null;
  let failures = 0;
  let closed = false;
  let pollUntil = 0;

  function later(ms, what) {
    clearTimeout(timer);
    if (!closed) timer = setTimeout(what, ms);
  }

  function listen() {
    if (!url || typeof EventSource === 'undefined') {
      pollUntil = Infinity;
      tick();
      return;
    }
    source = new EventSource(url);
    source.onopen = () => opened?.();
    for (const [name, handle] of Object.entries(events)) {
      source.addEventListener(name, (message) => {
        failures = 0;
        handle(message.data, message.lastEventId);
      });
    }
    // A server that ends says when to come back; that is no failure.
    source.addEventListener('reconnect', ({ data }) => {
      source.close();
      failures = 0;
      later(Math.min(30000, +/\d+/.exec(data) || 2000), listen);
    });
    // The browser's own reconnect has no jitter; a crowd would return in step.
    source.onerror = () => {
      source?.close();
      source = null;
      failures += 1;
      if (failures >= FAILURES_BEFORE_POLLING) {
        pollUntil = Date.now() + POLLING_MS;
        tick();
      } else {
        later(backoff(failures), listen);
      }
    };
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
      source?.close();
    },
  };
}
