// Owns the proof that the ways to sign in are those that are offered, that one goes on where one came
// from and nowhere else, and that what a provider sends back is ended without a press.
import assert from 'node:assert/strict';
import test from 'node:test';
import { devicesPart, passkeysPart } from '../web/js/news/devices.js';
import { toBytes, toText } from '../web/js/news/passkey.js';
import { backOf, offering, returned, returning } from '../web/js/news/ways.js';
import { button, byId, settled, stage } from './dom.mjs';

function card() {
  let nodes = [];
  return { show: (given) => { nodes = given.filter(Boolean); },
    text: () => nodes.map((node) => node.textContent).join(' '),
    button: (label) => nodes.map((node) => button(node, label)).find(Boolean),
    id: (id) => nodes.map((node) => byId(node, id)).find(Boolean) };
}

/** Notes where the page goes. */
function travels() {
  const to = [];
  globalThis.location = { assign: (where) => to.push(where), pathname: '/sign-in', search: '', hash: '' };
  return to;
}

test('one goes on with a page of ours, whatever the address says', () => {
  assert.equal(backOf('?back=%2Fevents%2Fevt_1'), '/events/evt_1');
  for (const back of ['//evil.example', '/\\evil.example', 'https://evil.example', 'me', '', '/ü', `/${'a'.repeat(200)}`]) {
    assert.equal(backOf(`?back=${encodeURIComponent(back)}`), '/me', back);
  }
});

test('bytes are written as base64url and read again', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
  const text = toText(bytes.buffer);
  assert.doesNotMatch(text, /[+/=]/);
  assert.deepEqual(toBytes(text), bytes);
});

test('what is offered is shown, and leave for the address is asked for, unticked', async () => {
  const calls = stage({ 'GET /v1/sign-in/ways': [200, { staff: { name: 'Staff ID' }, fans: { name: 'Fan ID' }, passkeys: true }],
    'POST /v1/sign-in/provider': [200, { location: 'https://id.example/auth?x' }] });
  const to = travels();
  const at = card();
  await offering('/events/evt_1', at.show);
  assert.equal(at.button('Sign in with a passkey'), undefined, 'this browser has none');
  assert.equal(at.id('keep-address').checked, false);
  await at.button('Sign in with Fan ID').press();
  assert.deepEqual(calls.at(-1).body, { who: 'fan', back: '/events/evt_1', keep_address: false });
  assert.deepEqual(to, ['https://id.example/auth?x']);
  await at.button('Sign in with Staff ID').press();
  assert.equal(calls.at(-1).body.who, 'staff');
  stage({ 'GET /v1/sign-in/ways': [503, { code: 'overloaded', retry: 'no' }] });
  await offering('/me', at.show);
  assert.match(at.text(), /By e-mail/, 'a link is always there');
});

test('what a provider sends back is read out of the address and ended at once', async () => {
  assert.deepEqual(returned('?code=c&state=s&iss=https%3A%2F%2Fid.example'), { code: 'c', state: 's', iss: 'https://id.example' });
  assert.equal(returned('?error=access_denied&state=s'), null);
  const RETURN = 'POST /v1/sign-in/provider/return';
  const calls = stage({ [RETURN]: [200, { state: 'signed_in', back: '/events/evt_1' }] });
  const to = travels();
  const at = card();
  await returning({ code: 'c', state: 's' }, at.show);
  await settled();
  assert.equal(calls[0].body.code, 'c');
  assert.deepEqual(to, ['/events/evt_1']);
  stage({ [RETURN]: [403, { code: 'role_missing', detail: 'No role here.', retry: 'no' }] });
  await returning({ code: 'c', state: 's' }, at.show);
  assert.match(at.text(), /not signed in.*No role here\..*Begin again/);
  await returning(null, at.show);
  assert.match(at.text(), /did not say who you are/);
});

test('every device is signed out after one question, and passkeys are listed', async () => {
  const calls = stage();
  const device = (id, used) => ({ device_id: id, label: id, since: '2026-11-27T12:00:00Z', used_at: used, is_this_one: id === 'a' });
  let said = '';
  const root = document.createElement('div');
  root.append(...devicesPart([device('a', null), device('b', '2026-11-28T10:00:00Z')], async (words) => { said = words; }).filter(Boolean));
  assert.match(root.textContent, /last seen about/);
  await button(root, 'Sign out everywhere').press();
  await button(root, 'Yes, sign every device out').press();
  assert.deepEqual([calls[0].method, calls[0].path], ['DELETE', '/v1/me/devices']);
  assert.match(said, /Every device/);
  const keys = document.createElement('div');
  keys.append(...passkeysPart([{ passkey_id: '01', label: 'Phone', since: '2026-11-27T12:00:00Z', used_at: '2026-11-28T10:00:00Z' }], async () => {}));
  assert.match(keys.textContent, /Phonemade.*last used/);
  await keys.find((one) => one.attributes['aria-label'] === 'Remove: passkey of Phone').press();
  await button(keys, 'Remove the passkey of Phone').press();
  assert.equal(calls.at(-1).path, '/v1/me/passkeys/01');
});
