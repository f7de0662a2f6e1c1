// Cookies that are off: said in words, before a place is taken or right after, and nothing throws at the start.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { stage } from './dom.mjs';

const NOBODY = { device: false, place: null, orders: [], received: [] };

function browser(cookieEnabled) {
  Object.defineProperty(globalThis, 'navigator', { value: { cookieEnabled }, configurable: true });
}
afterEach(() => delete globalThis.navigator);

async function joining(me) {
  const calls = stage({ 'POST /v1/events/e/queue': [201, { place: 7 }] });
  const { join } = await import('../web/js/join.js');
  const page = {
    id: 'e', base: '/v1/events/e', event: { categories: [], free: 9 }, queue: { puzzle_level: 0, phase: 'open' },
    me: NOBODY, changed() {}, async refresh() { this.me = me; },
  };
  const { node } = join(page);
  const button = node.find((one) => one.tag === 'button' && one.textContent === 'Join the queue');
  // What the press needs comes over the network in a browser, and from a file here.
  await import('../web/js/entry.js');
  await button.press();
  return { calls, said: button.after?.textContent || '' };
}

test('a browser that says so takes no place that it would lose', async () => {
  browser(false);
  const { calls, said } = await joining(NOBODY);
  assert.match(said, /Allow cookies for this site/);
  assert.deepEqual(calls, []);
});

test('a browser that keeps none all the same is found out', async () => {
  browser(true);
  const { calls, said } = await joining(NOBODY);
  assert.equal(calls.length, 1);
  assert.match(said, /Allow cookies for this site/);
});

test('with cookies nothing is said', async () => {
  browser(true);
  const { said } = await joining({ ...NOBODY, device: true, place: 7 });
  assert.equal(said, '');
});

test('storage that throws is done without', async () => {
  Object.defineProperty(globalThis, 'sessionStorage', { get() { throw new Error('closed'); }, configurable: true });
  const { session } = await import('../web/js/storage.js?closed');
  session.setItem('a', '1');
  assert.equal(session.getItem('a'), '1');
  session.removeItem('a');
  assert.equal(session.getItem('a'), null);
  delete globalThis.sessionStorage;
});
