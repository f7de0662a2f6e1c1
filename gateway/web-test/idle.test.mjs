// Owns the proof that whoever does nothing is asked in time, and one act or one press is enough.
import assert from 'node:assert/strict';
import test from 'node:test';
import { idleWords, turnEnded } from '../web/js/idle.js';
import { stage } from './dom.mjs';

const settle = async () => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((done) => { setImmediate(done); });
};

/** The place where a person points and types. */
function surface() {
  const listeners = {};
  return { listeners,
    addEventListener: (name, listener) => { listeners[name] = listener; },
    removeEventListener: (name) => { delete listeners[name]; } };
}

async function guard(leftMs, answers) {
  const calls = stage(answers);
  document.title = 'Choose seats';
  const { stillThere } = await import('../web/js/shop/still.js');
  const page = { base: '/v1/events/evt_1', me: { idle_at: new Date(Date.now() + leftMs).toISOString() },
    done: null, refreshed: 0, changed() {}, setDone(as_of) { page.done = as_of; },
    async refresh() {
      page.refreshed += 1;
      if (page.done) page.me = { idle_at: new Date(Date.now() + 180000).toISOString() };
    } };
  const where = surface();
  const asked = stillThere(page, where);
  return { calls, page, where, asked, button: asked.node.find((one) => one.tag === 'button') };
}
const STAY = { 'POST /v1/events/evt_1/stay': [200, { status: 'done', as_of: { offset: 7 } }] };

test('whoever has time left is not asked', async () => {
  const { asked, calls } = await guard(120000, STAY);
  assert.equal(asked.node.hidden, true);
  assert.equal(document.title, 'Choose seats');
  assert.deepEqual(calls, []);
  asked.close();
});

test('in the last minute one press keeps the turn', async () => {
  const { asked, page, button, calls } = await guard(40000, STAY);
  assert.equal(asked.node.hidden, false);
  assert.match(asked.node.textContent, /Are you still there\? .*ends in 0:40/);
  assert.match(document.title, /still there/);
  assert.equal(asked.node.getAttribute('aria-label'), 'Are you still there?');
  assert.equal(button.textContent, 'I am still here');
  await button.press();
  assert.deepEqual(calls.map(({ method, path }) => [method, path]), [['POST', '/v1/events/evt_1/stay']]);
  assert.deepEqual(page.done, { offset: 7 }, 'what is read next knows of it');
  assert.equal(asked.node.hidden, true);
  assert.equal(document.title, 'Choose seats');
  asked.close();
});

test('pointing and typing count, and are not said at each touch', async (t) => {
  const { asked, where, calls } = await guard(150000, STAY);
  where.listeners.pointerdown();
  await settle();
  assert.equal(calls.length, 0, 'they have only just come in');
  t.mock.method(Date, 'now', () => performance.timeOrigin + performance.now() + 25000);
  where.listeners.pointerdown();
  where.listeners.keydown();
  await settle();
  assert.equal(calls.length, 1);
  where.listeners.wheel();
  await settle();
  assert.equal(calls.length, 1, 'said a moment ago');
  asked.close();
  assert.deepEqual(Object.keys(where.listeners), []);
});

test('a turn that is over leads to what is true', async () => {
  const { asked, page, button } = await guard(-5000, {
    'POST /v1/events/evt_1/stay': [409, { code: 'went_idle', detail: 'Your turn ended.', retry: 'no' }] });
  assert.equal(page.refreshed, 1);
  await button.press();
  assert.equal(page.refreshed >= 2, true);
  asked.close();
});

test('nobody is asked where no turn ends by that', async () => {
  const { asked, page } = await guard(1000, STAY);
  page.me = { idle_at: null };
  asked.tick();
  assert.equal(asked.node.hidden, true);
  asked.close();
});

test('the words say for how long nothing happened', () => {
  assert.deepEqual([180000, 60000, 1500, 90000].map(idleWords), ['3 minutes', 'a minute', '2 seconds', '2 minutes']);
  assert.match(turnEnded({ went_idle_after_ms: 180000, visit_ended: 'idle' }).words, /Nothing happened for 3 minutes.*Join again/);
  assert.match(turnEnded({ visit_ended: 'pass_expired' }).title, /time ran out/);
  for (const none of [{}, null, { visit_ended: 'purchased' }, { visit_ended: 'left' }]) assert.equal(turnEnded(none), null);
});
