// Owns the proof that whoever missed their turn and presses gets a new place without asking.
import assert from 'node:assert/strict';
import test from 'node:test';
import { stage } from './dom.mjs';

const page = () => ({ id: 'evt_1', base: '/v1/events/evt_1', me: { device: true, place: 3 },
  event: { name: 'Evening', categories: [] }, queue: { puzzle_level: 0, frontier: 9 }, rejoined: false, heard: 1,
  refreshed: 0, changed() {}, setPass() {}, setDone() {},
  async refresh() { this.refreshed += 1; this.me = { device: true, place: 40 }; } });
const button = (node) => node.find((one) => one.tag === 'button' && one.textContent.startsWith('Continue'));
const lapsed = { 'POST /v1/events/evt_1/enter': [409, { code: 'turn_lapsed', detail: 'You did not come.', retry: 'new_key' }],
  'POST /v1/events/evt_1/queue': [201, { place: 40 }] };

test('one press after a missed turn is a new place, and the page says so', async () => {
  const calls = stage(lapsed);
  document.hidden = false;
  globalThis.navigator ??= { cookieEnabled: true };
  const { turn } = await import('../web/js/turn.js');
  const at = page();
  const { node, close } = turn(at);
  assert.deepEqual(calls, [], 'nobody rejoins who is not there to press');
  await button(node).press();
  assert.deepEqual(calls.map(({ path }) => path), ['/v1/events/evt_1/enter', '/v1/events/evt_1/queue']);
  assert.equal(at.refreshed, 1);
  assert.equal(at.rejoined, true);
  close();
  const { waiting } = await import('../web/js/wait.js');
  const first = waiting(at);
  const shown = first.node.all().find((one) => one.textContent.startsWith('You were called and did not come in time'));
  assert.equal(shown.hidden, false);
  at.rejoined = false;
  const second = waiting(at);
  const usual = second.node.all().find((one) => one.textContent.startsWith('You were called'));
  assert.equal(usual.hidden, true);
  for (const one of [first, second]) one.close();
});
