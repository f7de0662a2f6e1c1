// Owns sharing of streams: all tabs of a browser that follow the same one have one connection for
// it, and a browser has few of them, since over HTTP/1.1 it has six to a host for everything.
//
// The tab that holds the lock of a stream leads: it opens the stream and hands on what comes. When
// it goes, the next one leads. Without locks, as on plain http, each tab has its own stream.

/** Streams of one browser, whatever they are of; whoever gets none polls. */
const STREAMS_MAX = 2;

/** A stream of one's own. `on(name, data, id)`, `opened()`, `failed()`. */
function direct(url, names, { on, opened, failed }) {
  const source = new EventSource(url);
  source.onopen = opened;
  // The browser's own reconnect has no jitter; a crowd would return in step.
  source.onerror = () => {
    source.close();
    failed();
  };
  for (const name of names) {
    source.addEventListener(name, ({ data, lastEventId }) => on(name, data, lastEventId));
  }
  return source;
}

/** Does the work while holding one of the browser's parts; whether there was one. */
async function withPart(locks, work) {
  for (let at = 0; at < STREAMS_MAX; at += 1) {
    let had = false;
    await locks.request(`fg-part ${at}`, { ifAvailable: true }, (lock) => {
      had = lock !== null;
      return had ? work() : null;
    });
    if (had) return true;
  }
  return false;
}

function channelOf(url) {
  try {
    return globalThis.navigator?.locks ? new BroadcastChannel(`fg-stream ${url}`) : null;
  } catch {
    return null;
  }
}

/**
 * Follows `url` together with the other tabs. With `steal` this tab leads at once: the one that
 * does has gone silent. `failed(true)` says that the browser has streams enough. Returns { close }.
 */
export function open(url, names, own, steal = false) {
  const channel = channelOf(url);
  if (!channel) return direct(url, names, own);
  const { locks } = navigator;
  const me = Math.random();
  const stop = new AbortController();
  /** The newest of each name, for tabs that come later. */
  const last = new Map();
  let source = null;
  let end = () => {};
  let isClosed = false;

  function deliver(name, data, id) {
    if (isClosed) return;
    if (name === 'open') own.opened();
    else if (name === 'error') own.failed();
    else own.on(name, data, id);
  }
  function say(name, data, id) {
    channel.postMessage({ said: [name, data, id] });
    deliver(name, data, id);
  }
  channel.onmessage = ({ data: { hello, to, said } }) => {
    if (hello && source) {
      for (const one of last.values()) channel.postMessage({ to: hello, said: one });
    }
    if (said && !source && (!to || to === me)) deliver(...said);
  };

  function lead() {
    if (isClosed) return null;
    source = direct(url, names, {
      on(name, data, id) {
        last.set(name, [name, data, id]);
        say(name, data, id);
      },
      opened() {
        last.set('', ['open']);
        say('open');
      },
      failed: () => say('error'),
    });
    return new Promise((done) => { end = done; });
  }
  function stopLeading() {
    source?.close();
    source = null;
    end();
  }
  locks.request(`fg-stream ${url}`, steal ? { steal } : { signal: stop.signal }, async () => {
    if (!await withPart(locks, lead) && !isClosed) own.failed(true);
  }).catch(({ name }) => {
    if (isClosed) return;
    // Another tab leads now, because this one seemed to be asleep; or locks are forbidden here.
    stopLeading();
    if (name === 'SecurityError') source = direct(url, names, own);
    else own.failed();
  });
  channel.postMessage({ hello: me });
  return {
    close() {
      isClosed = true;
      stop.abort();
      stopLeading();
      channel.close();
    },
  };
}
