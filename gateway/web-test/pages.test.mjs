// Owns the proof of the small decisions of the pages: state, words, times, keys, budgets.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { freshKey } from '../web/js/command.js';
import { backoff } from '../web/js/backoff.js';
import { clock } from '../web/js/clock.js';
import { money, waitingRange, waitingWords, worthSaying } from '../web/js/format.js';
import { pageAbout } from '../web/js/pay/form.js';
import { isCardNumber, isGoodUntil } from '../../processors/payments/src/sandbox/form.js';
import { passedStep } from '../web/js/pay/countdown.js';
import { cheapest } from '../web/js/price.js';
import { endedOrder, endedWords } from '../web/js/shop/words.js';
import { aheadOf, decide, stepOf } from '../web/js/state.js';

const web = fileURLToPath(new URL('../web/', import.meta.url));

test('money is minor units in the currency’s own digits', () => {
  assert.equal(money(4550, 'EUR', 'en'), '€45.50');
  assert.equal(money(500, 'JPY', 'en'), '¥500');
  assert.equal(money(4550, 'KWD', 'en').replace(/\s/g, ' '), 'KWD 4.550');
});

test('time left rounds up, so that zero means over', () => {
  for (const [ms, text] of [[300000, '5:00'], [299001, '5:00'], [59999, '1:00'], [1, '0:01'], [0, '0:00'],
    [-5, '0:00'], [3600000, '1:00:00']]) assert.equal(clock(ms), text);
});

test('a waiting time is a range, or nothing when nobody can know', () => {
  assert.equal(waitingRange(100, 0), null);
  assert.equal(waitingRange(100, null), null);
  assert.equal(waitingRange(NaN, 100), null);
  assert.equal(waitingWords(null), null);
  assert.equal(waitingWords(waitingRange(0, 100)), 'less than a minute');
  assert.equal(waitingWords(waitingRange(150, 100)), 'a few minutes');
  assert.equal(waitingWords(waitingRange(1000, 100)), '8 to 15 minutes');
  assert.equal(waitingWords(waitingRange(6000, 100)), '45 to 85 minutes');
  assert.match(waitingWords(waitingRange(60000, 100)), /^8 to 14 hours$/);
  for (let ahead = 0; ahead < 5000; ahead += 37) {
    const { low, high } = waitingRange(ahead, 120);
    assert.ok(low <= ahead / 120 && ahead / 120 <= high);
  }
});

test('a screen reader hears steps, not ticks', () => {
  const said = [];
  let last = null;
  for (let ahead = 1000; ahead >= 0; ahead -= 1) {
    if (worthSaying(last, ahead)) said.push(last = ahead);
  }
  assert.deepEqual(said, [1000, 500, 250, 125, 100, 50, 25, 12, 10, 5, 2, 1, 0]);
  assert.equal(worthSaying(10, 12), false);
});

test('the countdown speaks at 2:00, 1:00 and 0:30 only', () => {
  const said = [];
  let before = Infinity;
  for (let left = 300000; left >= -1000; left -= 500) {
    const step = passedStep(before, left);
    if (step && before !== Infinity) said.push(step);
    before = left;
  }
  assert.deepEqual(said, [120000, 60000, 30000]);
});

test('the state follows from what the server says', () => {
  const event = { phase: 'open', policy: { pass_required: true } };
  const queue = { phase: 'open', frontier: 10 };
  const me = { place: null, pass_expires_at: null, orders: [] };
  const with_ = (more = {}) => decide({ event, queue, me, now: 1000, ...more });
  const order = (status) => ({ ...me, orders: [{ status }] });
  const rows = [
    ['join', {}],
    ['announced', { queue: { ...queue, phase: 'announced' } }],
    ['waiting', { me: { ...me, place: 10 } }],
    ['turn', { me: { ...me, place: 9 } }],
    ['waiting', { me: { ...me, place: 9 }, queue: { ...queue, phase: 'paused' } }],
    ['waiting', { me: { ...me, place: 9 }, queue: null }],
    ['sold_out', { queue: { ...queue, phase: 'sold_out' } }], ['sold_out', { queue: { ...queue, free: 0 } }],
    ['waiting', { me: { ...me, place: 10 }, queue: { ...queue, free: 0 } }],
    ['shop', { me: { ...me, place: 9, pass_expires_at: '1970-01-01T00:01:00.000Z' } }],
    // The server has not said yet that the visit is over: nobody is called in again before it has.
    ['shop', { me: { ...me, place: 9, pass_expires_at: '1970-01-01T00:00:00.500Z' } }],
    ['turn', { now: 20_000, me: { ...me, place: 9, pass_expires_at: '1970-01-01T00:00:00.500Z' } }],
    ['shop', { event: { ...event, policy: { pass_required: false } } }],
    ['announced', { event: { ...event, policy: { pass_required: false } }, queue: { ...queue, phase: 'announced' } }],
    ['pay', { me: order('held') }], ['pay', { me: order('payment_pending') }], ['pay', { me: order('declined') }],
    ['tickets', { me: order('confirmed') }], ['join', { me: order('confirmed'), browsing: true }],
    ['tickets', { me: order('confirmed'), queue: { ...queue, phase: 'closed' } }],
    ['closed', { queue: { ...queue, phase: 'closed' } }],
    ['cancelled', { me: order('confirmed'), queue: { ...queue, phase: 'cancelled' } }],
    ['join', { me: order('expired') }],
  ];
  for (const [state, given] of rows) assert.equal(with_(given), state, JSON.stringify(given));
  assert.deepEqual(['turn', 'shop', 'pay', 'tickets'].map(stepOf), ['wait', 'choose', 'pay', 'tickets']);
});

test('an order that ended is explained by what had been tried', () => {
  assert.equal(endedOrder({ orders: [{ status: 'confirmed' }] }), null);
  const first = { status: 'expired', as_of: { offset: 9 } };
  assert.equal(endedOrder({ orders: [first, { ...first }] }), first);
  const later = { status: 'expired', attempt: 1, as_of: { offset: 9 } };
  assert.equal(endedOrder({ orders: [later, { status: 'expired', attempt: 0, as_of: { offset: 3 } }] }), later);
  // Nobody is said to have paid nothing before the bank said so.
  assert.match(endedWords({ ...later, payment: { money: 'none' } }), /bank said no, so nothing was charged/);
  assert.doesNotMatch(endedWords({ ...later, payment: { money: 'unknown' } }), /nothing was charged/);
  assert.match(endedWords({ status: 'expired', attempt: 0 }), /time to pay ran out/);
});

test('the cheapest price, also when nothing is on sale', () => {
  assert.equal(cheapest({ price_from: 4500 }), 4500);
  assert.equal(cheapest({ categories: [{ name: 'A', price: 900 }, { name: 'B', price: null }, { name: 'C', price: 700 }] }), 700);
  assert.equal(cheapest({ categories: [] }), null);
});

test('card slips are found before anything is sent', () => {
  for (const good of ['4000 0000 0000 0077', '4000000000000002', '4000-0000-0000-3220', '4000 0000 0000 0259', '4000 0000 0000 0119']) {
    assert.ok(isCardNumber(good), good);
  }
  for (const bad of ['', '4000 0000 0000 0078', '1234', 'abcd', '40000000000000770000000']) assert.ok(!isCardNumber(bad), bad);
  const at = Date.UTC(2026, 10, 24);
  for (const [text, is] of [['11/26', true], ['10/26', false], ['1239', true], ['13/30', false], ['', false], ['1/30', false]]) {
    assert.equal(isGoodUntil(text, at), is, text);
  }
});

test('retries wait longer each time, up to a cap, never in step', () => {
  assert.equal(backoff(0, 500, 15000, 1), 500);
  assert.equal(backoff(3, 500, 15000, 0), 2000);
  assert.equal(backoff(99, 500, 15000, 1), 15000);
});

test('keys are fresh and printable, also without randomUUID', () => {
  const keys = new Set(Array.from({ length: 100 }, freshKey));
  assert.equal(keys.size, 100);
  const whole = crypto.randomUUID;
  Object.defineProperty(crypto, 'randomUUID', { value: undefined, configurable: true });
  const plain = freshKey();
  Object.defineProperty(crypto, 'randomUUID', { value: whole, configurable: true });
  assert.match(plain, /^[0-9a-f]{32}$/);
});

const all = readdirSync(web, { recursive: true }).filter((name) => statSync(join(web, name)).isFile()
  && !name.startsWith('docs'));
const weight = (names) => names.reduce((sum, name) => sum + gzipSync(readFileSync(join(web, name)), { level: 9 }).length, 0);

/** A module with everything it imports statically. */
function withImports(name, seen = new Set()) {
  if (seen.has(name)) return seen;
  seen.add(name);
  const text = readFileSync(join(web, name), 'utf8');
  for (const [, path] of text.matchAll(/^(?:import|export)[^;]*?from '(\.[^']+)'/gms)) {
    withImports(join(name, '..', path), seen);
  }
  return seen;
}

test('the order of the line is in one place', () => {
  const queue = { frontier: 10 };
  assert.deepEqual([0, 9, 10, 15].map((place) => aheadOf(place, queue)), [-10, -1, 0, 5]);
  // Whoever compares a place with the frontier goes through state.js, so that a draw changes that alone.
  const naming = all.filter((name) => name.endsWith('.js') && name !== 'js/state.js'
    && /\.frontier\b|\bfrontier\s*[:}]/.test(readFileSync(join(web, name), 'utf8')));
  assert.deepEqual(naming, []);
});

// What that costs on the wire is a test of the gateway, which leaves comments out.
test('the button that joins comes with the page, and what only a press needs comes after it', () => {
  const first = [...withImports('js/event.js')];
  assert.ok(first.includes('js/join.js'), String(first));
  assert.deepEqual(first.filter((name) => /puzzle|door|entry|notify|wait|turn|further/.test(name)), []);
});

// In shaders they are comments.
test('no text has a line that would be taken for a comment', () => {
  for (const name of all.filter((one) => one.endsWith('.js') && !one.startsWith('vendor'))) {
    const texts = readFileSync(join(web, name), 'utf8').match(/`[^`]*`/g) || [];
    const bad = texts.filter((text) => !text.startsWith('`#version') && /\n\s*(\/\/|\/\*)/.test(text));
    assert.deepEqual(bad, [], name);
  }
});

test('the map costs at most 40 KiB', () => {
  const needed = all.filter((name) => name.startsWith('js/map') || name.startsWith('js/seats'));
  assert.ok(weight(needed) <= 40 * 1024, `${weight(needed)} bytes`);
});

test('nothing on a page needs more than the policy allows', () => {
  for (const name of all.filter((file) => /\.(html|css|js|svg)$/.test(file))) {
    const text = readFileSync(join(web, name), 'utf8').replace('http://www.w3.org/2000/svg', '').replace('https://github.com/leeoniya/uPlot', '');
    assert.ok(!/https?:\/\//.test(text), `${name} names another host`);
    assert.ok(!/\b(eval|innerHTML|outerHTML|insertAdjacentHTML|document\.write)\b/.test(text), `${name} builds markup from text`);
    if (!name.endsWith('.html')) continue;
    assert.ok(!/ style="| on[a-z]+="/.test(text), `${name} has inline style or script`);
    assert.ok(!/<script(?![^>]*src=)/.test(text), `${name} has an inline script`);
    assert.ok(/<noscript>/.test(text), `${name} does not say what to do without JavaScript`);
  }
  // What is vendored is as it was published.
  for (const name of all.filter((file) => file.endsWith('.js') && !file.startsWith('vendor/'))) {
    const text = readFileSync(join(web, name), 'utf8');
    assert.ok(text.startsWith('// Owns '), `${name} does not say what it owns`);
    assert.ok(text.split('\n').length <= 300, `${name} is too long`);
  }
});
