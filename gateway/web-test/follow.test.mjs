// Owns the proof that nobody gets news without ticking it, that an address is confirmed first, and
// that what was agreed to is undone with one press.
import assert from 'node:assert/strict';
import test from 'node:test';
import { follow } from '../web/js/news/follow.js';
import { addressOf, both, languageOf } from '../web/js/news/words.js';
import { button, byId, stage } from './dom.mjs';

const PATH = '/v1/events/evt_1/follow';
const page = (artist = 'The Examples') => ({ id: 'evt_1', base: '/v1/events/evt_1', event: { name: 'Evening', artist } });
const empty = { [`GET ${PATH}`]: [401, { code: 'device_required', retry: 'no' }],
  'GET /v1/me/contacts': [401, { code: 'device_required', retry: 'no' }] };
const said = (node) => node.find((one) => one.attributes.class === 'said').textContent;

async function unfolded(given, options) {
  const node = follow(given, options);
  node.open = true;
  await node.hears('toggle');
  return node;
}
async function choose(node, way) {
  await byId(node, `news-${way}`).hears('change');
}

test('what is agreed to is in the words the server keeps with the consent', async () => {
  stage({ ...empty, [`GET ${PATH}`]: [200, { follows: [], artist: 'The Examples', wording: { number: 1, text: 'Send me messages.' } }] });
  const node = await unfolded(page());
  assert.equal(node.find((one) => one.attributes.class === 'quiet wording').textContent, 'Send me messages.');
});

test('a folded card asks the server for nothing', () => {
  const calls = stage(empty);
  follow(page());
  assert.deepEqual(calls, []);
});

test('nothing is ticked, and nothing is sent without a tick', async () => {
  const calls = stage(empty);
  const node = await unfolded(page());
  assert.equal(byId(node, 'news-event').checked, false);
  assert.equal(byId(node, 'news-artist').checked, false);
  await button(node, 'Get news').press();
  assert.deepEqual(calls.map(({ method }) => method), ['GET', 'GET']);
  assert.match(byId(node, 'news-wrong').textContent, /Tick at least one/);
  assert.equal(byId(node, 'news-event').focused, 1);
  const alone = await unfolded(page(''));
  assert.equal(byId(alone, 'news-artist'), undefined, 'without an artist there is nothing to follow of one');
});

test('news on this site need no address', async () => {
  let opened = 0;
  const calls = stage(empty);
  const node = await unfolded(page(), { onPage: () => { opened += 1; } });
  byId(node, 'news-artist').checked = true;
  await button(node, 'Get news').press();
  assert.deepEqual(calls[2], { method: 'PUT', path: PATH, body: { scopes: ['artist'], channel: 'page' } });
  assert.match(said(node), /The Examples.*Messages/);
  assert.equal(opened, 1);
  assert.equal(byId(node, 'news-artist').checked, false, 'the next press agrees to nothing by itself');
});

test('an address is asked for with the right keyboard, checked, and confirmed first', async () => {
  const calls = stage({ ...empty, 'POST /v1/me/contacts': [201, { contact_id: 'con_1', state: 'unconfirmed' }] });
  const node = await unfolded(page());
  const input = byId(node, 'news-address');
  await choose(node, 'sms');
  assert.deepEqual(['type', 'inputmode', 'autocomplete'].map((name) => input.attributes[name]), ['tel', 'tel', 'tel']);
  await choose(node, 'email');
  assert.deepEqual(['type', 'inputmode', 'autocomplete'].map((name) => input.attributes[name]), ['email', 'email', 'email']);
  byId(node, 'news-event').checked = true;
  input.value = 'ann@';
  await button(node, 'Get news').press();
  assert.equal(calls.length, 2, 'nothing was sent');
  assert.equal(input.attributes['aria-invalid'], 'true');
  assert.match(byId(node, 'news-address-wrong').textContent, /name@example\.org/);
  input.value = ' ann@example.org ';
  await button(node, 'Get news').press();
  const { method, path, body } = calls[2];
  assert.deepEqual([method, path], ['POST', '/v1/me/contacts']);
  const { language, time_zone, ...rest } = body;
  assert.deepEqual(rest, { channel: 'email', address: 'ann@example.org', event_id: 'evt_1', scopes: ['event'] });
  assert.ok(['en', 'de'].includes(language) && time_zone);
  assert.match(said(node), /Almost done: ann@example\.org.*nothing else is sent before/);
  assert.equal(calls.length, 3);
});

test('what the server finds wrong with the address is said at the field', async () => {
  stage({ ...empty, 'POST /v1/me/contacts': [400, { code: 'bad_request', detail: 'No.', retry: 'no',
    errors: [{ path: 'address', message: 'No such domain.' }] }] });
  const node = await unfolded(page());
  await choose(node, 'email');
  byId(node, 'news-event').checked = true;
  byId(node, 'news-address').value = 'ann@nowhere.example';
  await button(node, 'Get news').press();
  assert.equal(byId(node, 'news-address-wrong').textContent, 'No such domain.');
  assert.equal(said(node), '');
});

test('a confirmed address is used as it is, and what is followed has an undo', async () => {
  const calls = stage({
    [`GET ${PATH}`]: [200, { follows: [{ scope: 'event', channel: 'email', since: '2026-11-27T12:00:00Z' }], artist: 'The Examples' }],
    'GET /v1/me/contacts': [200, { contacts: [{ contact_id: 'con_1', channel: 'email', address: 'a…@example.org', state: 'confirmed' }] }] });
  const node = await unfolded(page());
  await choose(node, 'email');
  assert.ok(node.find((one) => one.textContent === 'We write to a…@example.org, which is confirmed.'));
  byId(node, 'news-artist').checked = true;
  await button(node, 'Get news').press();
  assert.deepEqual(calls[2], { method: 'PUT', path: PATH, body: { scopes: ['artist'], channel: 'email' } });
  const undo = node.find((one) => one.attributes['aria-label'] === 'Undo: This event, by e-mail');
  await undo.press();
  const last = calls.find(({ method }) => method === 'DELETE');
  assert.equal(last.path, `${PATH}?scope=event&channel=email`);
  assert.match(said(node), /Undone/);
});

test('a failure says so and can be tried again', async () => {
  stage({ ...empty, [`GET ${PATH}`]: [400, { code: 'bad', detail: 'Not today.', retry: 'no' }] });
  const node = await unfolded(page());
  assert.ok(node.find((one) => one.textContent === 'Not today.'));
  stage(empty);
  await button(node, 'Try again').press();
  assert.ok(button(node, 'Get news'));
});

test('addresses are sent in one form, or what is wrong with them is said', () => {
  for (const [channel, text, address] of [['email', ' a@b.example ', 'a@b.example'], ['sms', '0044 7700/900-123', '+447700900123'],
    ['sms', '+49 (171) 123 45 67', '+491711234567']]) assert.deepEqual(addressOf(channel, text), { address });
  for (const [channel, text] of [['email', ''], ['email', 'a'], ['email', 'a@b'], ['email', 'a b@c.example'], ['email', 'a@b.c.'],
    ['email', `${'a'.repeat(250)}@b.example`], ['sms', ''], ['sms', '07700 900123'], ['sms', '+0123456789'], ['sms', '+12'], ['sms', '+12345678901234567']]) {
    assert.ok(addressOf(channel, text).wrong, text);
  }
  assert.equal(both(['This event', 'The Examples']), 'This event and The Examples');
  assert.deepEqual(['de', 'de-CH', 'en-GB', 'den', 'fr'].map((locale) => languageOf(locale)), ['de', 'de', 'en', 'en', 'en']);
});
