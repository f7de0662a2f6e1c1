// Owns the talk with the server: JSON, problem answers, retries, the server's clock. Cookies
// are the server's business; no token passes through here. Commands are in command.js.
import { backoff, pause } from './backoff.js';
import { t } from './language.js';

/** A no, or a failure, that says what to do next. */
export class Problem extends Error {
  constructor(status, body = {}, retryAfterMs = null) {
    super(body.detail || body.title || t`Something went wrong on our side. Please try again.`);
    this.status = status;
    this.code = body.code || (status ? `http_${status}` : 'offline');
    this.retry = body.retry;
    this.retryAfterMs = body.retry_after_ms ?? retryAfterMs;
    this.errors = body.errors || [];
  }
}

const OFFLINE = {
  code: 'offline',
  retry: 'same_key',
  detail: t`We cannot reach the box office. Check your connection; nothing is lost.`,
};
/** Whether the very same request may succeed in a moment: said so, or a proxy in distress. */
function mayRepeat({ status, retry }) {
  if (retry) return retry === 'same_key' || (retry === 'later' && status === 429);
  return [429, 502, 503, 504].includes(status);
}

let skewMs = 0;
/** The server's time, as far as this page knows it. A wrong clock must not shorten a hold. */
export const now = () => Date.now() + skewMs;

function learnTime(answer) {
  const said = Date.parse(answer.headers.get('date') || '');
  if (Number.isNaN(said) || answer.headers.get('age')) return;
  const skew = said + 500 - Date.now();
  // The header has whole seconds; smaller differences are noise.
  skewMs = Math.abs(skew) > 2000 ? skew : 0;
}

/** Notifies the page whether the last request reached the server. */
export const reach = new EventTarget();
let reached = true;
function setReached(is) {
  if (is === reached) return;
  reached = is;
  reach.dispatchEvent(new CustomEvent('change', { detail: is }));
}

async function once(method, path, headers, body) {
  const stop = new AbortController();
  // Longer than the server's answer deadline (2 s) on a poor phone line.
  const timer = setTimeout(() => stop.abort(), 12000);
  try {
    const answer = await fetch(path, {
      method, headers, body, signal: stop.signal, credentials: 'same-origin',
    });
    learnTime(answer);
    setReached(true);
    const type = answer.headers.get('content-type') || '';
    const value = type.includes('json') ? await answer.json()
      : type.includes('octet') ? await answer.arrayBuffer() : await answer.text();
    return { answer, value };
  } finally {
    clearTimeout(timer);
  }
}

/** Tries until there is an outcome or `tries` are used up. */
export async function attempt(method, path, headers, body, tries) {
  let failure = new Problem(0, OFFLINE);
  for (let at = 0; at < tries; at += 1) {
    if (at) await pause(Math.max(backoff(at - 1), Math.min(failure.retryAfterMs || 0, 20000)));
    let got;
    try {
      got = await once(method, path, headers, body);
    } catch {
      if (at) setReached(false);
      failure = new Problem(0, OFFLINE);
      continue;
    }
    const { answer, value } = got;
    const after = Number(answer.headers.get('retry-after')) * 1000 || null;
    if (answer.status === 202) {
      // Not decided yet. Asking again under the same key is safe and gives the outcome.
      failure = new Problem(202, { code: 'pending', retry: 'same_key',
        detail: t`This takes longer than usual. Press again: it still counts only once.` }, after);
      continue;
    }
    if (answer.ok) return value;
    failure = new Problem(answer.status, typeof value === 'object' ? value : {}, after);
    if (!mayRepeat(failure)) throw failure;
  }
  throw failure;
}

export const get = (path, tries = 4) =>
  attempt('GET', path, { Accept: 'application/json, application/octet-stream' }, undefined, tries);
