// Owns the proof that addresses are shown with their state, removed after one question, and added.
import assert from 'node:assert/strict';
import test from 'node:test';
import { addForm, me } from '../web/js/news/me.js';
import { button, byId, stage } from './dom.mjs';

const known = { contacts: [{ contact_id: 'con_1', channel: 'email', address: 'a…@example.org', state: 'unconfirmed', since: '2026-11-27T12:00:00Z' },
  { contact_id: 'con_2', channel: 'sms', address: '+44…123', state: 'confirmed', since: '2026-11-27T12:00:00Z' }], language: 'de', time_zone: 'Europe/Berlin' };
const labelled = (node, label) => node.find((one) => one.attributes['aria-label'] === label);

async function shown(answers) {
  const calls = stage({ 'GET /v1/me/devices': [200, { devices: [] }], 'GET /v1/me/follows': [200, { follows: [] }],
    'GET /v1/me/passkeys': [200, { passkeys: [] }], 'GET /v1/sign-in/ways': [200, { passkeys: false }], ...answers });
  const root = document.createElement('div');
  await me(root);
  return { calls, root };
}

test('a newcomer sees that there is nothing, and how to begin', async () => {
  const { root } = await shown({ 'GET /v1/me/contacts': [401, { code: 'device_required', retry: 'no' }] });
  assert.match(root.textContent, /There are none\..*Nothing yet.*Add an address/);
});

test('addresses have a state; language and zone are said', async () => {
  const { root } = await shown({ 'GET /v1/me/contacts': [200, known] });
  assert.match(root.textContent, /a…@example\.orgE-mail · Not confirmed yet.*\+44…123Text messages · Confirmed/);
  assert.match(root.textContent, /Messages are written in Deutsch, and times are those of Europe\/Berlin/);
});

test('an address is removed after one question', async () => {
  const { calls, root } = await shown({ 'GET /v1/me/contacts': [200, known] });
  const remove = labelled(root, 'Remove: a…@example.org');
  await remove.press();
  await button(root, 'No, leave it').press();
  assert.deepEqual(calls.filter(({ method }) => method !== 'GET'), [], 'nothing was removed');
  await labelled(root, 'Remove: a…@example.org').press();
  await button(root, 'Remove a…@example.org').press();
  assert.equal(calls.find(({ method }) => method === 'DELETE').path, '/v1/me/contacts/con_1');
  assert.match(root.textContent, /Removed: a…@example\.org/);
});

test('what is followed is shown by event, each with its undo', async () => {
  const evening = { event_id: 'evt_1', event_name: 'Evening', artist: 'The Examples' };
  const follows = [{ ...evening, scope: 'artist', channel: 'sms' }, { event_id: 'evt_2', event_name: 'Matinee', scope: 'event', channel: 'page' },
    { ...evening, scope: 'event', channel: 'email' }];
  const { calls, root } = await shown({ 'GET /v1/me/contacts': [200, known], 'GET /v1/me/follows': [200, { follows }] });
  assert.equal(root.find((one) => one.attributes.class === 'event-follows') !== undefined, true);
  await labelled(root, 'Undo: Evening: The Examples, by text message').press();
  const { path } = calls.find(({ method }) => method === 'DELETE');
  assert.equal(path, '/v1/events/evt_1/follow?scope=artist&channel=sms');
});

test('language and time zone are kept without an address', async () => {
  const { calls, root } = await shown({ 'GET /v1/me/contacts': [200, known] });
  byId(root, 'me-zone').value = 'UTC';
  await button(root, 'Keep language and time zone').press();
  const { path, body } = calls.find(({ method }) => method === 'PATCH');
  assert.deepEqual([path, body], ['/v1/me', { language: 'de', time_zone: 'UTC' }]);
});

test('an address is added with its language and zone', async () => {
  const calls = stage({ 'POST /v1/me/contacts': [201, { contact_id: 'con_3', state: 'unconfirmed' }] });
  let words = '';
  const node = addForm(known, async (said) => { words = said; });
  byId(node, 'me-way').value = 'sms';
  await byId(node, 'me-way').hears('change');
  await button(node, 'Send the confirmation').press();
  assert.deepEqual(calls, [], 'nothing without a number');
  byId(node, 'me-address').value = '+44 7700 900123';
  await button(node, 'Send the confirmation').press();
  assert.deepEqual(calls[0].body, { channel: 'sms', address: '+447700900123', language: 'de', time_zone: 'Europe/Berlin' });
  assert.match(words, /Almost done/);
});

test('a page that cannot be read says so and tries again', async () => {
  const { root } = await shown({ 'GET /v1/me/contacts': [400, { code: 'bad', detail: 'Not now.', retry: 'no' }] });
  assert.match(root.textContent, /Not now\./);
  stage({ 'GET /v1/me/contacts': [200, known], 'GET /v1/me/devices': [200, { devices: [] }], 'GET /v1/me/follows': [200, { follows: [] }] });
  await button(root, 'Try again').press();
  assert.match(root.textContent, /Addresses/);
});

const devices = [{ device_id: 'byr_1', label: 'Firefox on Android', since: '2026-11-27T12:00:00Z', is_this_one: false },
  { device_id: 'byr_2', label: 'Chrome', since: '2026-11-27T12:00:00Z', is_this_one: true }];

test('devices are listed, and a lost one is signed out after one question', async () => {
  const { calls, root } = await shown({ 'GET /v1/me/contacts': [200, known], 'GET /v1/me/devices': [200, { devices }] });
  assert.match(root.textContent, /Firefox on Androidsince.*ChromeThis one · since/);
  await labelled(root, 'Sign out: Firefox on Android').press();
  await button(root, 'Sign Firefox on Android out').press();
  const { path } = calls.find(({ method }) => method === 'DELETE');
  assert.equal(path, '/v1/me/devices/byr_1');
  assert.match(root.textContent, /Signed out: Firefox on Android/);
});

test('a link for another device is sent, whether or not the address is known', async () => {
  const { root } = await shown({ 'GET /v1/me/contacts': [200, known] });
  const calls = stage({ 'POST /v1/sign-in': [200, { state: 'sent_if_known' }] });
  await button(root, 'Send me a link').press();
  assert.deepEqual(calls, []);
  byId(root, 'device-address').value = 'ann@example.org';
  await button(root, 'Send me a link').press();
  assert.deepEqual(calls, [{ method: 'POST', path: '/v1/sign-in', body: { channel: 'email', address: 'ann@example.org' } }]);
  assert.match(root.textContent, /If ann@example\.org is known here, a link is on its way/);
});

test('being forgotten asks once and says what stays', async () => {
  const { root } = await shown({ 'GET /v1/me/contacts': [200, known] });
  await button(root, 'Forget me').press();
  assert.match(root.textContent, /cannot be brought back\. Orders and tickets stay/);
  const calls = stage({ 'DELETE /v1/me': [200, { state: 'forgotten' }], 'GET /v1/me/contacts': [200, { contacts: [] }], 'GET /v1/me/devices': [200, { devices: [] }], 'GET /v1/me/follows': [200, { follows: [] }] });
  await button(root, 'Yes, forget me for good').press();
  assert.deepEqual(calls[0], { method: 'DELETE', path: '/v1/me', body: {} });
  assert.match(root.textContent, /You are forgotten/);
});
