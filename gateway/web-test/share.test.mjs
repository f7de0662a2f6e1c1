// Owns the proof that nobody is counted without agreeing, and that it can be taken back.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { AGES, REGIONS, regionNames, share, sharedWords, answerOf } from '../web/js/share.js';
import { stage } from './dom.mjs';

const PATH = '/v1/events/evt_1/me/cohort';
const page = { id: 'evt_1', base: '/v1/events/evt_1' };
const button = (node, label) => node.find((one) => one.tag === 'button' && one.textContent === label);
const byId = (node, id) => node.find((one) => one.attributes.id === id);
const status = (node) => node.find((one) => one.attributes.role === 'status').textContent;

test('the lists are those of the server', () => {
  const rust = readFileSync(new URL('../../core/domain/src/cohort.rs', import.meta.url), 'utf8');
  const listed = /REGIONS: &str = "([^"]*)"/.exec(rust)[1].replace(/\\\n/g, '').split(' ');
  assert.deepEqual(REGIONS, listed);
  for (const age of AGES) assert.ok(rust.includes(`=> "${age}"`), age);
  assert.equal(regionNames('en').length, REGIONS.length);
  assert.deepEqual(regionNames('en').find(([code]) => code === 'CH'), ['CH', 'Switzerland']);
});

test('what is not said is not sent', () => {
  assert.deepEqual(answerOf({ agreed: true, age: '', region: '' }), { consent: true });
  assert.deepEqual(answerOf({ agreed: true, age: '25-34', region: 'CH' }), { consent: true, age: '25-34', region: 'CH' });
  assert.deepEqual(answerOf({ age: '25-34' }), { consent: false, age: '25-34' });
  assert.equal(sharedWords({ age: '25-34', region: 'CH' }, [['CH', 'Switzerland']]), 'You are counted as: 25–34 years, Switzerland.');
  assert.equal(sharedWords({}, []), 'You are counted, without age or country.');
});

test('it is off until the box is ticked', async () => {
  const calls = stage();
  const node = share(page);
  const box = byId(node, 'share-agree');
  assert.equal(box.checked, false);
  await button(node, 'Count me in').press();
  assert.deepEqual(calls, [], 'nothing was sent');
  assert.equal(byId(node, 'share-wrong').hidden, false);
  assert.equal(box.getAttribute('aria-invalid'), 'true');
  assert.equal(box.focused, 1);
  for (const id of ['share-age', 'share-region']) {
    const select = byId(node, id);
    assert.equal(select.children[0].attributes.value, '', 'not saying comes first');
    assert.ok(node.find((one) => one.attributes.for === id), `${id} has a label`);
  }
});

test('it is shared, remembered and taken back', async () => {
  const calls = stage();
  const node = share(page);
  byId(node, 'share-agree').checked = true;
  byId(node, 'share-age').value = '35-44';
  await button(node, 'Count me in').press();
  assert.deepEqual(calls, [{ method: 'PUT', path: PATH, body: { consent: true, age: '35-44' } }]);
  assert.match(status(node), /35–44 years/);
  assert.match(status(share(page)), /35–44 years/, 'a reload remembers');
  await button(node, 'Take it back').press();
  assert.equal(calls.at(-1).method, 'DELETE');
  assert.match(status(node), /not counted/);
  assert.equal(byId(node, 'share-agree').checked, false);
  assert.equal(status(share(page)), '');
});

test('taking back works without any memory, and a no is shown', async () => {
  const calls = stage({}, { closed: true });
  const node = share(page);
  await button(node, 'Take it back').press();
  assert.deepEqual(calls.map(({ method }) => method), ['DELETE']);
  stage({ [`DELETE ${PATH}`]: [403, { code: 'no_pass', detail: 'You are not in the shop.', retry: 'no' }] });
  const other = share(page);
  await button(other, 'Take it back').press();
  assert.equal(button(other, 'Take it back').after.textContent, 'You are not in the shop.');
});
