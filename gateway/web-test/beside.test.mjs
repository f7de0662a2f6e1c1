// Owns the proof of what comes beside a state, and that the page does without it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { beside } from '../web/js/beside.js';
// Loaded here, so that how long a file takes to read decides nothing.
import '../web/js/news/follow.js';
import { settled, stage } from './dom.mjs';

const event = { event_id: 'evt_1', name: 'Evening', artist: 'The Examples' };

test('news are offered where nothing has to be pressed in time, in one form', async () => {
  const calls = stage();
  const about = document.createElement('div');
  const root = document.createElement('section');
  const after = [];
  root.after = (node) => after.push(node);
  document.getElementById = (id) => ({ 'event-about': about, state: root })[id];
  const page = { id: 'evt_1', base: '/v1/events/evt_1', event: null, me: { device: false } };
  beside(page, 'error');
  assert.deepEqual(after, [], 'nothing without an event');
  page.event = event;
  beside(page, 'turn');
  assert.deepEqual(after, []);
  assert.match(about.textContent, /The Examples/);
  beside(page, 'announced');
  beside(page, 'waiting');
  await settled();
  assert.equal(after.length, 1);
  assert.match(after[0].textContent, /Get news/);
  assert.equal(after[0].hidden, false);
  assert.deepEqual(calls, [], 'a crowd that waits asks for nothing more');
  for (const [state, hidden] of [['shop', true], ['pay', true], ['tickets', false], ['closed', false], ['turn', true], ['sold_out', false]]) {
    beside(page, state);
    await settled();
    assert.equal(after[0].hidden, hidden, state);
  }
  assert.ok(calls.every(({ path }) => path === '/v1/payments/form'), 'who is in asks only whether money moves');
});
