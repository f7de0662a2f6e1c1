// Owns notices of this browser: whether it has them, the question to its owner, the subscription, and
// its end.
import { t } from '../further.js';

/** Where the worker is: at the root, because it is in charge of what lies below its own address. */
const WORKER = '/push.js';

/** Whether this browser can show notices while no page is open. */
export const hasPush = (where = globalThis) =>
  Boolean(where.navigator?.serviceWorker && where.PushManager && where.Notification && where.isSecureContext);

/** A key as browsers want it, from its text. Pure. */
export function keyBytes(text) {
  const plain = atob(text.replace(/-/gu, '+').replace(/_/gu, '/'));
  return Uint8Array.from(plain, (char) => char.charCodeAt(0));
}

/** Why it did not work, in words that say what to do. */
export class NoPush extends Error {}

/** Asks the owner of this browser, and returns its subscription as the server takes it. */
export async function subscribe(key) {
  if (await Notification.requestPermission() !== 'granted') {
    throw new NoPush(t`This browser does not show notices of this site. Allow them in its settings for this site, and press again.`);
  }
  const worker = await navigator.serviceWorker.register(WORKER);
  await navigator.serviceWorker.ready;
  const wanted = keyBytes(key);
  let known = await worker.pushManager.getSubscription();
  // One under another key is worth nothing: nobody can send there any more.
  const sameKey = known && new Uint8Array(known.options.applicationServerKey || []).join() === wanted.join();
  if (known && !sameKey) {
    await known.unsubscribe();
    known = null;
  }
  try {
    const made = known || await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: wanted });
    const { endpoint, keys } = made.toJSON();
    return JSON.stringify({ endpoint, keys });
  } catch {
    throw new NoPush(t`The service of this browser for notices does not answer. Try again in a while, or choose another way.`);
  }
}

/** Ends the subscription of this browser, where it has one. */
export async function unsubscribe() {
  if (!hasPush()) return;
  const worker = await navigator.serviceWorker.getRegistration(WORKER);
  const known = await worker?.pushManager.getSubscription();
  await known?.unsubscribe();
}
