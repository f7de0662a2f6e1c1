// Owns the proof that a link in a message does nothing by being opened, works with one press, and
// says what became of it in every case.
import assert from 'node:assert/strict';
import test from 'node:test';
import { tokenOf } from '../web/js/news/card.js';
import { confirming } from '../web/js/news/confirm.js';
import { signingIn } from '../web/js/news/sign-in.js';
import { ending, endsWords } from '../web/js/news/unsubscribe.js';
import { button, stage } from './dom.mjs';

/** What the card shows, as text, and its button. */
function card() {
  let nodes = [];
  return { show: (given) => { nodes = given.filter(Boolean); },
    text: () => nodes.map((node) => node.textContent).join(' '),
    button: (label) => nodes.map((node) => button(node, label)).find(Boolean) };
}
const CONFIRM = 'POST /v1/contacts/confirm';
const OFF = 'We cannot reach the box office. Check your connection; nothing is lost.';

test('the token is what stands behind the #', () => {
  assert.equal(tokenOf('#abc_-1'), 'abc_-1');
  for (const hash of ['', '#', '#%E0%A4%A']) assert.equal(tokenOf(hash), '');
});

test('opening the link confirms nothing; one press does, and says what follows', async () => {
  const calls = stage({ [CONFIRM]: [200, { state: 'confirmed', channel: 'email', events: [{ event_id: 'evt_1', event_name: 'Evening', scopes: ['event', 'artist'] }] }],
    'GET /v1/events/evt_1': [200, { name: 'Evening', artist: 'The Examples' }] });
  const at = card();
  confirming('abc', at.show);
  assert.deepEqual(calls, []);
  await at.button('Yes, confirm it').press();
  assert.deepEqual(calls[0], { method: 'POST', path: '/v1/contacts/confirm', body: { token: 'abc' } });
  assert.match(at.text(), /e-mail address is confirmed.*Evening: this event and The Examples/);
});

test('a link that was used, is unknown or is cut says so and what to do', async () => {
  for (const [status, code, words] of [[410, 'link_spent', /used already.*Each link works once/], [404, 'unknown_link', /does not work.*ask for a new one/],
    [400, 'bad_request', /does not work/]]) {
    stage({ [CONFIRM]: [status, { code, detail: 'No.', retry: 'no' }] });
    const at = card();
    confirming('abc', at.show);
    await at.button('Yes, confirm it').press();
    assert.match(at.text(), words);
  }
  const calls = stage();
  const at = card();
  confirming('', at.show);
  assert.match(at.text(), /does not work/);
  assert.deepEqual(calls, []);
});

test('what fails on the way is said beside the button, which stays', async () => {
  stage({ [CONFIRM]: [503, { code: 'unavailable', detail: OFF, retry: 'no' }] });
  const at = card();
  confirming('abc', at.show);
  await at.button('Yes, confirm it').press();
  assert.equal(at.button('Yes, confirm it').after.textContent, OFF);
});

const about = { state: 'active', channel: 'email', event_name: 'Evening', artist: 'The Examples', scope: 'event' };

test('opening the link stops nothing; one press does, and says what ended', async () => {
  const calls = stage({ 'GET /v1/unsubscribe/abc': [200, about], 'POST /v1/unsubscribe/abc': [200, { state: 'withdrawn' }] });
  const at = card();
  await ending('abc', at.show);
  assert.deepEqual(calls.map(({ method }) => method), ['GET']);
  assert.match(at.text(), /Stop these messages\? E-mails with news about Evening\./);
  await at.button('Stop them').press();
  assert.deepEqual(calls[1], { method: 'POST', path: '/v1/unsubscribe/abc', body: undefined });
  assert.match(at.text(), /^Done E-mails with news about Evening are not sent to you any more\./);
});

test('a link that was pressed before says so', async () => {
  const calls = stage({ 'GET /v1/unsubscribe/abc': [200, { ...about, state: 'withdrawn' }] });
  const at = card();
  await ending('abc', at.show);
  assert.match(at.text(), /stopped already E-mails with news about Evening are not sent/);
  assert.equal(at.button('Stop them'), undefined);
  assert.equal(calls.length, 1);
});

test('what the link stops is named by scope and channel', () => {
  assert.equal(endsWords(about), 'E-mails with news about Evening');
  assert.equal(endsWords({ ...about, scope: 'artist', channel: 'sms' }), 'Text messages with news from The Examples');
  assert.equal(endsWords({ channel: 'web_push' }), 'Messages');
});

test('an unknown link says so; without its story it still works', async () => {
  stage({ 'GET /v1/unsubscribe/abc': [404, { code: 'unknown_link', retry: 'no' }] });
  const at = card();
  await ending('abc', at.show);
  assert.match(at.text(), /does not work/);
  await ending('', at.show);
  assert.match(at.text(), /does not work/);
  stage({ 'GET /v1/unsubscribe/abc': [503, { code: 'unavailable', detail: OFF, retry: 'no' }], 'POST /v1/unsubscribe/abc': [200, { state: 'withdrawn' }] });
  await ending('abc', at.show);
  assert.match(at.text(), /It still works/);
  await at.button('Stop them').press();
  assert.match(at.text(), /^Done They are not sent to you any more/);
});

test('opening a link to sign in does nothing; one press does, and every end has its words', async () => {
  const OPEN = 'POST /v1/sign-in/open';
  const calls = stage({ [OPEN]: [200, { state: 'signed_in' }] });
  const at = card();
  signingIn('abc', at.show);
  assert.deepEqual(calls, []);
  assert.match(at.text(), /only on a device of yours/);
  await at.button('Yes, sign in here').press();
  assert.deepEqual(calls, [{ method: 'POST', path: '/v1/sign-in/open', body: { token: 'abc' } }]);
  assert.match(at.text(), /You are signed in/);
  for (const [status, code, words] of [[410, 'link_spent', /used already/], [404, 'link_unknown', /quarter of an hour/]]) {
    stage({ [OPEN]: [status, { code, detail: 'No.', retry: 'no' }] });
    signingIn('abc', at.show);
    await at.button('Yes, sign in here').press();
    assert.match(at.text(), words);
  }
  stage({ [OPEN]: [503, { code: 'unavailable', detail: OFF, retry: 'no' }] });
  signingIn('abc', at.show);
  await at.button('Yes, sign in here').press();
  assert.equal(at.button('Yes, sign in here').after.textContent, OFF);
  signingIn('', at.show);
  assert.match(at.text(), /does not work/);
});
