// Owns the proof that examples of calls are commands that run: ids of this event, a variable for what only the reader
// has, and a body that a shell hands over whole. tests/browser/examples.mjs runs them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';
import { addressOf, curl, meanings } from '../web/docs/example.js';

const event = { event_id: 'evt_1', name: 'An evening', currency: 'EUR', row: '103/1', seats: [7, 8], puzzle: true,
  categories: [{ name: 'Gold', price: 900 }, { name: 'Silver', price: null }] };
const withBody = (operationId, example) => ({ operationId, requestBody: { content: { 'application/json': { example } } } });
const made = (call, of = event) => curl({ method: 'post', path: '/v1/x', call, event: of, origin: 'http://here', key: 'k', resolve: (schema) => schema });
/** What a shell would send. */
const sent = (command, env) => JSON.parse(execFileSync('bash', ['-c', command.replace(/^curl/, 'printf "%s\\n"')], { env }).toString()
  .split('\n').at(-2));

test('what the document makes up is a variable, within the quotes of a shell', () => {
  const call = withBody('purchaseTicket', { hold_id: 'hld_0000010000000', payment_method: 'pm_1Q0', note: 'it’s $5, isn\'t it' });
  assert.deepEqual(sent(made(call), { HOLD: 'hld_2', PAYMENT_METHOD: 'a b' }),
    { hold_id: 'hld_2', payment_method: 'a b', note: 'it’s $5, isn\'t it' });
});

test('an example has the event’s own rows, seats, categories and puzzle', () => {
  assert.deepEqual(sent(made(withBody('blockSeats', { rows: ['Stalls/A'] }))), { rows: ['103/1'] });
  assert.deepEqual(sent(made(withBody('giveSeats', { note: 'press' }))), { note: 'press', seats: [7, 8] });
  assert.deepEqual(sent(made(withBody('setPrices', { currency: 'CHF', prices: { Stalls: 5900 } }))),
    { currency: 'EUR', prices: { Gold: 900, Silver: 5900 } });
  const join = made(withBody('joinQueue', {}));
  assert.match(join, /Floodgate-Device: \$DEVICE/);
  assert.deepEqual(sent(join, { CHALLENGE: 'c', SOLUTION: 's' }), { challenge: 'c', solution: 's' });
  assert.deepEqual(sent(made(withBody('joinQueue', {}), { ...event, puzzle: false })), {});
});

test('fields and queries that have to be there are there, and are explained', () => {
  const schema = { required: ['token'], properties: { token: { type: 'string' }, more: { type: 'string' } } };
  const call = { operationId: 'signIn', requestBody: { content: { 'application/json': { schema } } } };
  const command = made(call);
  assert.deepEqual(sent(command, { TOKEN: 't' }), { token: 't' });
  assert.deepEqual(meanings(command, call).map(({ name }) => name), ['$TOKEN']);
  const unfollow = { parameters: [{ in: 'query', name: 'scope', required: true }, { in: 'query', name: 'odd', required: true }, { in: 'query', name: 'free' }] };
  assert.equal(addressOf('/v1/x', unfollow, event), '/v1/x?scope=event&odd=$ODD');
  // A header has the token of a device, the address its id.
  assert.equal(addressOf('/v1/me/devices/{device_id}', {}, event), '/v1/me/devices/$DEVICE_ID');
});
