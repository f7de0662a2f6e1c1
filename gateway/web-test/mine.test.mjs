// Owns the proof that the page of tickets shows what a person has over all events, says what became of
// every order, and names exactly what has to be kept for a place without a network.
import assert from 'node:assert/strict';
import test from 'node:test';
import { addressesOf, keepOffline } from '../web/js/mine/offline.js';
import { stateOf } from '../web/js/mine/order.js';
import { show, sorted, ticketCount } from '../web/js/mine/page.js';
import { settled, stage } from './dom.mjs';

const seat = { section: 'Stalls', row: 'A', seat: '7', category: 'Circle' };
const order = (more = {}) => ({ order_id: 'ord_1', status: 'confirmed', seats: [seat], amount: 4550, currency: 'EUR', ...more });
const mine = (more = {}, event = {}) => ({ event: { event_id: 'evt_1', name: 'Evening', starts_at: '2037-06-01T18:00:00Z', time_zone: 'Europe/Berlin', phase: 'open', ...event },
  orders: [order()], received: [], ...more });

test('every status has words, and seats that were put back unpaid have none', () => {
  for (const [status, payment, words] of [
    ['confirmed', null, 'Bought'], ['held', null, 'Held for you'], ['payment_pending', {}, 'Being paid'], ['no_answer', {}, 'Your bank has not answered'],
    ['declined', {}, 'Declined'], ['refunded', { money: 'refunded' }, 'Refunded'], ['cancelled', { money: 'let_go' }, 'Cancelled'],
    ['expired', { money: 'unknown' }, 'Not paid in time'], ['released', { money: 'let_go' }, 'Given back'], ['released', null, undefined], ['expired', null, undefined],
  ]) assert.equal(stateOf(order({ status, payment }))?.words, words, status);
  assert.match(stateOf(order({ status: 'refunded', refund_reason: 'event_cancelled', payment: { money: 'refunded' } })).more, /because the event was cancelled/);
  assert.match(stateOf(order({ seats_kept: 'moved' })).more, /other seats/);
});

test('what is ahead comes first, the next at the top', () => {
  const now = Date.parse('2030-01-01T00:00:00Z');
  const at = (starts_at) => mine({}, { starts_at });
  const { ahead, over } = sorted([at('2029-01-01T00:00:00Z'), at('2031-01-01T00:00:00Z'), at('2030-02-01T00:00:00Z'), at(null), at('2029-06-01T00:00:00Z')], now);
  assert.deepEqual(ahead.map(({ event }) => event.starts_at), ['2030-02-01T00:00:00Z', '2031-01-01T00:00:00Z', null]);
  assert.deepEqual(over.map(({ event }) => event.starts_at), ['2029-06-01T00:00:00Z', '2029-01-01T00:00:00Z']);
});

test('tickets, running orders and refunds are shown with the way on', async () => {
  const tickets = { tickets: [{ ...seat, ticket_id: 'tkt_1-7', redeemed: false, qr: '/v1/events/evt_1/orders/ord_1/tickets/7/qr.svg' }] };
  stage({ 'GET /v1/events/evt_1/orders/ord_1/tickets': [200, tickets], 'GET /v1/events/evt_1/orders/ord_9/tickets': [200, { tickets: [] }] });
  const place = document.createElement('div');
  const held = order({ order_id: 'ord_2', status: 'held' });
  show(place, { events: [mine({ orders: [order(), held], received: ['ord_9'] })] });
  await settled();
  const text = place.textContent;
  for (const words of [/Coming up/, /Stalls/, /Held for you/, /Go on/, /Given to you/, /given these tickets away/, /Add to a calendar/]) assert.match(text, words);
  assert.ok(place.all().some((one) => one.tag === 'img' && one.attributes.alt.startsWith('Entry code')));
  show(place, { events: [] });
  assert.match(place.textContent, /no tickets in this browser.*another device/);
});

test('what is kept are the page, the list and the tickets that are bought', async () => {
  const events = [mine({ orders: [order(), order({ order_id: 'ord_2', status: 'refunded' })], received: ['ord_9'] })];
  assert.equal(ticketCount(events), 2);
  const base = '/v1/events/evt_1/orders';
  assert.deepEqual(addressesOf(events), ['/tickets', '/v1/me/orders', `${base}/ord_1/tickets`, `${base}/ord_9/tickets`]);
  assert.equal(await keepOffline(events, {}), false, 'a browser without workers');
  const sent = [];
  const active = { postMessage: (message) => sent.push(message) };
  const where = { isSecureContext: true, navigator: { serviceWorker: { register: async () => {}, ready: Promise.resolve({ active }) } } };
  assert.equal(await keepOffline(events, where), true);
  assert.deepEqual(sent, [{ keep: addressesOf(events) }]);
});
