// Owns the proof of what is said at the edges: nothing free, an order's summary, more time, what to expect.
import assert from 'node:assert/strict';
import test from 'node:test';
import { heldIn, noneFree } from '../web/js/ends.js';
import { estimate } from '../web/js/join.js';
import { running } from '../web/js/held.js';
import { breakdown, milliseconds } from '../web/js/pay/cart.js';
import './dom.mjs';

test('held is not sold', () => {
  const event = (held) => ({ categories: [{ name: 'A', held, sold: 8 }, { name: 'B', held: 0, sold: 4 }] });
  assert.equal(heldIn(event(3)), 3);
  assert.match(noneFree(event(3), 'open').line, /^3 seats are held by people/);
  assert.match(noneFree(event(1), 'open').line, /^1 seat is held by somebody/);
  assert.equal(noneFree(event(0), 'sold_out').title, 'Sold out');
  assert.equal(noneFree({}, 'open').title, 'All seats are taken right now');
});

test('before one joins, one knows what to expect', () => {
  assert.match(estimate(null), /All you need to do is wait/);
  assert.match(estimate({ phase: 'open', people_waiting: 0, pace_per_minute: 60 }), /come in at once/);
  assert.match(estimate({ phase: 'open', people_waiting: 600, pace_per_minute: 60 }), /^600 people are waiting\. If you join now, you will wait 8 to 15 minutes/);
  // Nobody knows how long a pause is.
  assert.equal(estimate({ phase: 'paused', people_waiting: 1, pace_per_minute: 60 }), '1 person is waiting.');
});

test('the total is explained only where the prices of now lead to it', () => {
  const seats = (...names) => names.map((category) => ({ category }));
  const event = { categories: [{ name: 'A', price: 5000 }, { name: 'B', price: 3000 }] };
  const mixed = { seats: seats('A', 'B', 'A'), amount: 13000, currency: 'EUR' };
  assert.deepEqual(breakdown(mixed, event).map(({ amount }) => amount), [10000, 3000]);
  assert.deepEqual(breakdown({ ...mixed, amount: 12000 }, event), []);
  // One category needs no price list: a hold keeps its price.
  assert.match(breakdown({ seats: seats('A', 'A'), amount: 8000, currency: 'EUR' }, event)[0].words, /^2 × A, €40.00 each/);
  assert.deepEqual(breakdown({ seats: seats('A', 'B'), amount: 1 }, {}), []);
});

test('lengths of time are read as the server writes them', () => {
  for (const [text, is] of [['2m', 120000], ['1m 30s', 90000], ['1h', 3600000], ['', 0], [undefined, 0], [null, 0]]) {
    assert.equal(milliseconds(text), is, text);
  }
});

test('of several orders that run, the one that ends first is led to', () => {
  const at = (name, status, expires) => ({ event: { name }, orders: [{ status, seats: [{}], 'expires_at': expires }] });
  const [soon, late] = ['2027-01-01T00:01:00Z', '2027-01-01T00:05:00Z'];
  assert.equal(running({ events: [at('a', 'declined', late), at('b', 'held', soon), at('c', 'confirmed')] }).event.name, 'b');
  assert.equal(running({ events: [at('c', 'expired', soon)] }), null);
  assert.equal(running({}), null);
});
