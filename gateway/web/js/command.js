// Owns sending commands: each request goes out under an Idempotency-Key that stays the same until
// there is an outcome, over retries and reloads, so that nothing happens twice.
import { attempt } from './api.js';
import { session } from './storage.js';

/** A fresh random name. `randomUUID` is missing on plain http addresses. */
export function freshKey() {
  if (globalThis.crypto?.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Keys of requests without an outcome yet: the same request, repeated, goes out under the same key. */
const keys = {
  name: (request) => `fg-request ${request}`,
  of(request) {
    const known = session.getItem(this.name(request));
    if (known) return known;
    const key = freshKey();
    session.setItem(this.name(request), key);
    return key;
  },
  forget(request) {
    session.removeItem(this.name(request));
  },
};

/** Sends a command; safe to call again with the same arguments after a failure. */
export function send(method, path, body, tries = 6) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  return sent({ method, path, body: text, type: 'application/json', same: text || '' }, tries);
}

/** Sends a file as it is; its name, size and date stand for what is in it. */
export function sendFile(method, path, file, tries = 3) {
  return sent({ method, path, body: file, type: file.type, same: `${file.name} ${file.size} ${file.lastModified}` }, tries);
}

async function sent({ method, path, body, type, same }, tries) {
  const request = `${method} ${path} ${same}`;
  const headers = { Accept: 'application/json', 'Idempotency-Key': keys.of(request) };
  if (body) headers['Content-Type'] = type;
  try {
    const value = await attempt(method, path, headers, body, tries);
    keys.forget(request);
    return value;
  } catch (problem) {
    if (problem.retry !== 'same_key') keys.forget(request);
    throw problem;
  }
}
