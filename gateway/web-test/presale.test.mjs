// Owns the proof that a code is claimed once, by hand or from its link, and that what is wrong is said.
import assert from 'node:assert/strict';
import test from 'node:test';
import { stage } from './dom.mjs';
import { codeIn, grouped } from '../web/js/presale.js';
import { decide } from '../web/js/state.js';

const CODE = '0400-0XYZ-ABCD-EF12';
const page = () => ({ id: 'evt_1', base: '/v1/events/evt_1', me: { device: true, place: null, has_code: false },
  event: { name: 'Evening', categories: [], phase: 'presale', opens_at: '2037-03-01T09:00:00Z', time_zone: 'Europe/Berlin' },
  queue: null, done: 0, setDone() { this.done += 1; }, changed() {},
  async refresh() { this.me = { ...this.me, has_code: true }; } });
const answers = (status, body) => ({ 'POST /v1/events/evt_1/me/code': [status, body] });

test('a code is read from a link and in any spelling', () => {
  assert.equal(codeIn(`#code=${CODE}`), CODE);
  assert.equal(codeIn('#code=%zz'), '');
  assert.equal(codeIn('#take=x'), '');
  assert.equal(grouped(' 0400 0xyz-abcdEF12 77'), CODE);
});

test('in presale, who has no code is asked for one, and who has one joins', () => {
  const event = { phase: 'presale', policy: {} };
  const me = { place: null, orders: [] };
  assert.equal(decide({ event, me, now: 0 }), 'presale');
  assert.equal(decide({ event, me: { ...me, has_code: true }, now: 0 }), 'join');
  assert.equal(decide({ event, me: { ...me, has_code: true, place: 3 }, queue: { phase: 'presale', frontier: 9 }, now: 0 }), 'turn');
});

test('a code that is typed is claimed, and the page moves on', async () => {
  const calls = stage(answers(200, { as_of: { offset: 7 } }));
  globalThis.location = { hash: '', pathname: '/events/evt_1' };
  const { presale } = await import('../web/js/presale.js');
  const at = page();
  const { node } = presale(at);
  const input = node.find((one) => one.tag === 'input');
  const button = node.find((one) => one.tag === 'button' && one.textContent.startsWith('Use this code'));
  input.value = '0400';
  await button.press();
  assert.deepEqual(calls, [], 'half a code is not sent');
  input.value = CODE.toLowerCase();
  await button.press();
  assert.equal(calls.length, 1);
  assert.deepEqual([at.done, at.me.has_code], [1, true]);
});
