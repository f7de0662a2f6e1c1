// Owns the proof that the page of deliveries says how each webhook does, shows a secret once, shows
// what came of calls and messages, and sends again only what they asked for.
import assert from 'node:assert/strict';
import test from 'node:test';
import { begin } from '../web/js/deliveries/console.js';
import { STATES, tryWords } from '../web/js/deliveries/calls.js';
import { byReason, failuresPart } from '../web/js/deliveries/failures.js';
import { kindsOf, stateOf, webhooksPart } from '../web/js/deliveries/webhooks.js';
import { button, settled, stage } from './dom.mjs';

const hook = (more = {}) => ({ webhook_id: 'whk_1', url: 'https://example.org/hook', kinds: [], description: '', enabled: true, failures: 0, ...more });
const guard = (work) => work();
const failed = (more = {}) => ({ message_id: 'm1', occasion: 'order_confirmed', channel: 'email', reason: 'rcpt: 451', can_be_resent: true, at: '2026-11-27T12:00:00Z', tries: 4, ...more });

test('a webhook says how it does', () => {
  assert.match(stateOf(hook()).words, /nothing was sent yet/);
  assert.match(stateOf(hook({ taken_at: '2026-11-27T12:00:00Z' })).words, /^Works: last taken/);
  assert.deepEqual(stateOf(hook({ failures: 1 })), { kind: 'warn', words: 'Failing: 1 try in a row came to nothing' });
  assert.deepEqual(stateOf(hook({ enabled: false, reason: 'answer 410' })), { kind: 'bad', words: 'Off: answer 410' });
  assert.deepEqual(kindsOf(' order_confirmed,\nseats_held ,'), ['order_confirmed', 'seats_held']);
  assert.match(tryWords({ at: '2026-11-27T12:00:00Z', status: 503, reason: 'answer 503', ms: 12, answer: 'busy' }), /: 503 after 12 ms – answer 503 – busy$/);
  assert.match(tryWords({ at: '2026-11-27T12:00:00Z', reason: 'no answer in time', ms: 15000 }), /no answer after 15000 ms/);
  assert.deepEqual(Object.keys(STATES), ['waiting', 'underway', 'sent', 'failed']);
});

test('a webhook is added, and its secret is shown once', async () => {
  const calls = stage({ 'GET /v1/webhooks': [200, { webhooks: [] }], 'POST /v1/webhooks': [201, { ...hook(), secret: 'whsec_abc' }] });
  const part = webhooksPart(guard);
  await part.load();
  assert.match(part.node.textContent, /No program is called yet/);
  await button(part.node, 'Add the webhook').press();
  assert.match(part.node.textContent, /An https address/);
  assert.equal(calls.filter(({ method }) => method === 'POST').length, 0);
  const [url, kinds] = part.node.all().filter((one) => one.tag === 'input');
  url.value = 'https://example.org/hook';
  kinds.value = 'order_confirmed';
  await button(part.node, 'Add the webhook').press();
  const posted = calls.find(({ method }) => method === 'POST');
  assert.deepEqual([posted.body.url, posted.body.kinds], ['https://example.org/hook', ['order_confirmed']]);
  assert.ok(part.node.all().some((one) => one.value === 'whsec_abc'));
  assert.match(part.node.textContent, /not shown again/);
});

test('a webhook is removed only after a second press', async () => {
  const calls = stage({ 'GET /v1/webhooks': [200, { webhooks: [hook()] }], 'DELETE /v1/webhooks/whk_1': [200, {}] });
  const part = webhooksPart(guard);
  await part.load();
  await button(part.node, 'Remove…').press();
  assert.equal(calls.filter(({ method }) => method === 'DELETE').length, 0);
  await button(part.node, 'Remove it').press();
  assert.equal(calls.filter(({ method }) => method === 'DELETE').length, 1);
});

test('what was given up is counted by reason, and sent again by kind or as a whole', async () => {
  const messages = [failed(), failed({ message_id: 'm2' }), failed({ occasion: 'your_turn', can_be_resent: false })];
  assert.deepEqual(byReason(messages).map(({ occasion, count }) => [occasion, count]), [['order_confirmed', 2], ['your_turn', 1]]);
  const calls = stage({ 'GET /v1/channels/failures': [200, { messages, next: null }], 'POST /v1/channels/failures/resend': [200, { resent: 2 }] });
  const part = failuresPart(guard);
  await part.load();
  assert.match(part.node.textContent, /too late to send/);
  await button(part.node, 'Send again').press();
  await button(part.node, 'Send all again').press();
  assert.deepEqual(calls.filter(({ method }) => method === 'POST').map(({ body }) => body), [{ occasion: 'order_confirmed' }, { all: true }]);
});

test('an artist has nothing to do here', async () => {
  const found = {};
  const at = (name) => (found[name] ??= document.createElement('div'));
  stage({ 'GET /v1/staff/me': [200, { staff_id: 'stf_1', role: 'artist' }], 'GET /v1/sign-in/ways': [200, {}] });
  await begin(at);
  await settled();
  assert.match(at('console').textContent, /an artist; this page is for a manager or an operator/);
});
