// Owns keeping tickets for a place without a network: the worker is asked to fetch and keep the page with
// its files, the list and every code, and to let go of what is no longer there.

const WORKER = '/push.js';

/** What the page of tickets needs without a network. Pure. */
export function addressesOf(events) {
  const orders = events.flatMap(({ event, orders: own, received }) => [...own.filter(({ status }) => status === 'confirmed').map(({ order_id: id }) => id), ...received]
    .map((id) => `/v1/events/${encodeURIComponent(event.event_id)}/orders/${encodeURIComponent(id)}/tickets`));
  return ['/tickets', '/v1/me/orders', ...orders];
}

/** Asks the worker to keep them; a browser without workers goes on without. */
export async function keepOffline(events, where = globalThis) {
  const workers = where.navigator?.serviceWorker;
  if (!workers || !where.isSecureContext) return false;
  try {
    await workers.register(WORKER);
    const { active } = await workers.ready;
    active.postMessage({ keep: addressesOf(events) });
    return true;
  } catch {
    return false;
  }
}
