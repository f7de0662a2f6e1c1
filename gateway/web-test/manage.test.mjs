// Owns the proof of what the manager's console sends: times on the venue's clock, prices, rules, and
// mendings of a plan.
import assert from 'node:assert/strict';
import test from 'node:test';
import { instantOf, knowsZone, localOf } from '../web/js/manage/clock.js';
import { pageOf } from '../web/js/manage/console.js';
import { eventBody } from '../web/js/manage/create.js';
import { changesOf, timeFaults } from '../web/js/manage/details.js';
import { faultsOf } from '../web/js/manage/fields.js';
import { afterSeat, choiceOf, seatsOf, wordsOf } from '../web/js/manage/mends.js';
import { digitsOf, majorOf, minorOf, pricesOf } from '../web/js/manage/money.js';
import { stepsFrom } from '../web/js/manage/phase.js';
import { formatOf } from '../web/js/manage/plan.js';
import { ruleChanges, secondsOf } from '../web/js/manage/rules.js';

test('a time on the venue’s clock is an instant, whatever clock the reader has', () => {
  for (const [local, zone, instant] of [
    ['2027-06-01T20:00', 'Europe/Berlin', '2027-06-01T18:00:00.000Z'],
    ['2027-01-01T20:00', 'Europe/Berlin', '2027-01-01T19:00:00.000Z'],
    ['2027-06-01T20:00', 'America/Los_Angeles', '2027-06-02T03:00:00.000Z'],
    ['2027-06-01T20:00', 'Pacific/Kiritimati', '2027-06-01T06:00:00.000Z'],
    ['2027-06-01T20:00', 'Asia/Kathmandu', '2027-06-01T14:15:00.000Z'],
    ['2027-06-01T20:00', '', '2027-06-01T20:00:00.000Z'],
    // Set back at 03:00: half past two comes twice, and the first counts.
    ['2027-10-31T02:30', 'Europe/Berlin', '2027-10-31T00:30:00.000Z'],
    ['2027-10-31T03:00', 'Europe/Berlin', '2027-10-31T02:00:00.000Z'],
    // Set forward at 02:00: half past two never comes.
    ['2027-03-28T02:30', 'Europe/Berlin', undefined],
    ['2027-03-28T03:00', 'Europe/Berlin', '2027-03-28T01:00:00.000Z'],
    ['', 'Europe/Berlin', null],
    ['soon', 'Europe/Berlin', undefined],
  ]) assert.equal(instantOf(local, zone), instant, `${local} ${zone}`);
  assert.equal(localOf('2027-06-01T18:00:00Z', 'Europe/Berlin'), '2027-06-01T20:00');
  assert.equal(localOf(null, 'Europe/Berlin'), '');
  assert.deepEqual(['Europe/Berlin', 'Mars/Base', ''].map(knowsZone), [true, false, false]);
});

test('every hour of a year comes back as it was entered, except those that are skipped', () => {
  for (const zone of ['Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe']) {
    for (let hour = 0; hour < 366 * 24; hour += 1) {
      const instant = new Date(Date.UTC(2027, 0, 1) + hour * 3600000).toISOString();
      const again = instantOf(localOf(instant, zone), zone);
      assert.equal(localOf(again, zone), localOf(instant, zone), `${instant} ${zone}`);
      assert.ok(again <= instant, 'of two, the first');
    }
  }
});

test('amounts are read as people enter them, in each currency’s own digits', () => {
  assert.deepEqual(['49.50', '49,5', '49', '0', '', 'x', '49.555', '-1', '1e3'].map((text) => minorOf(text, 'EUR')),
    [4950, 4950, 4900, 0, null, undefined, undefined, undefined, undefined]);
  assert.deepEqual(['4900', '49.5'].map((text) => minorOf(text, 'JPY')), [4900, undefined]);
  assert.equal(minorOf('1.234', 'KWD'), 1234);
  assert.deepEqual([majorOf(4950, 'EUR'), majorOf(5, 'EUR'), majorOf(4900, 'JPY'), majorOf(null, 'EUR')], ['49.50', '0.05', '4900', '']);
  assert.deepEqual(['EUR', 'JPY', 'nonsense'].map(digitsOf), [2, 0, 2]);
});

const step = (fields = {}) => ({ amount: '', fee: '', 'until_taken': '', until: null, ...fields });

test('prices are sent as the server takes them; what has none is not for sale', () => {
  const rows = [
    { category: 'Near', steps: [step({ amount: '39', fee: '3', 'until_taken': '100' }), step({ amount: '49.50' })] },
    { category: 'Far', steps: [step({ amount: '20', until: '2027-01-01T00:00:00.000Z' }), step({ amount: '25' })] },
    { category: 'Technics', steps: [step()] },
  ];
  assert.deepEqual(pricesOf(rows, 'EUR'), { faults: {}, prices: {
    Near: [{ amount: 3900, fee: 300, 'until_taken': 100 }, { amount: 4950 }],
    Far: [{ amount: 2000, until: '2027-01-01T00:00:00.000Z' }, { amount: 2500 }] } });
});

test('what prices cannot be is said at its field', () => {
  const faults = (...steps) => Object.keys(pricesOf([{ category: 'A', steps }], 'EUR').faults);
  assert.deepEqual(faults(step()), [''], 'nothing for sale');
  assert.deepEqual(faults(step({ amount: 'x' })), ['A 0 amount']);
  assert.deepEqual(faults(step({ amount: '5', fee: '6' })), ['A 0 fee']);
  assert.deepEqual(faults(step({ amount: '5', 'until_taken': '3' })), ['A 0 until_taken'], 'the last price has no end');
  assert.deepEqual(faults(step({ amount: '5' }), step({ amount: '6' })), ['A 0 until_taken'], 'the first needs one');
  assert.deepEqual(faults(step({ amount: '5', 'until_taken': '0' }), step({ amount: '6' })), ['A 0 until_taken']);
  assert.deepEqual(faults(step({ amount: '5', until: undefined, 'until_taken': '3' }), step({ amount: '6' })), ['A 0 until']);
});

test('only rules that were changed are sent, and durations are compared as such', () => {
  const before = { hold: '5m', 'seats_per_buyer_max': 6, 'pass_required': true, pass: '15m' };
  const same = { hold: '300s', 'seats_per_buyer_max': '6', 'pass_required': true, pass: '15m' };
  assert.deepEqual(ruleChanges(same, before), { rules: {}, faults: {} });
  assert.deepEqual(ruleChanges({ ...same, hold: '4m', 'seats_per_buyer_max': '2', 'pass_required': false }, before).rules,
    { hold: '4m', 'seats_per_buyer_max': 2, 'pass_required': false });
  assert.deepEqual(Object.keys(ruleChanges({ ...same, hold: 'soon', 'seats_per_buyer_max': '' }, before).faults), ['seats_per_buyer_max', 'hold']);
  assert.deepEqual(['90s', '1m 30s', '1h', '12days', '5', 'm', '5x'].map(secondsOf), [90, 90, 3600, 1036800, null, null, null]);
});

test('times stand in their order, and only what changed is sent', () => {
  const zone = 'Europe/Berlin';
  assert.deepEqual(timeFaults({ 'doors_at': '2027-06-01T19:00', 'starts_at': '2027-06-01T20:00', 'ends_at': '' }, zone), {});
  assert.deepEqual(Object.keys(timeFaults({ 'doors_at': '2027-06-01T21:00', 'starts_at': '2027-06-01T20:00' }, zone)), ['doors_at']);
  assert.deepEqual(Object.keys(timeFaults({ 'opens_at': '2027-03-28T02:30' }, zone)), ['opens_at']);
  const event = { name: 'An evening', artist: 'A', 'starts_at': '2027-06-01T18:00:00.000Z', 'age_min': null };
  const values = { name: 'An evening', artist: null, 'starts_at': '2027-06-01T18:00:00Z', 'age_min': 16 };
  assert.deepEqual(changesOf(values, event), { artist: null, 'age_min': 16 });
});

const row = { label: 'A', runs: [
  { category: 0, 'first_seat': 0, labels: { first: 1, step: 1, count: 3 }, flags: [[0, 1], [2, 12]] },
  { category: 0, 'first_seat': 3, labels: ['4', '4A'], flags: [] },
  { category: 1, 'first_seat': 5, labels: { first: 9, step: -2, count: 2 }, flags: [] }] };

test('a row is shown seat by seat, with what is after each', () => {
  const seats = seatsOf(row);
  assert.deepEqual(seats.map(({ label, ends }) => `${label}${ends && ` ${ends}`}`), ['1', '2', '3 aisle', '4', '4A category', '9', '7']);
  assert.deepEqual(seats.map(({ marks }) => marks.join()), ['accessible', '', 'restricted_view,not_for_sale', '', '', '', '']);
  assert.deepEqual([0, 2, 4, 6].map((at) => afterSeat(seats, at).mend), ['aisle', 'together', undefined, undefined]);
  assert.ok(afterSeat(seats, 4).why.includes('category') && afterSeat(seats, 6).why.includes('last'));
});

test('mendings name the seats that were picked, and read as sentences', () => {
  assert.deepEqual(choiceOf('S', null, []), { section: 'S' });
  assert.deepEqual(choiceOf('S', 'A', []), { section: 'S', row: 'A' });
  const some = choiceOf('S', 'A', ['3', '4', '5']);
  assert.deepEqual(some, { section: 'S', row: 'A', from: '3', until: '5' });
  assert.equal(wordsOf({ mend: 'mark', ...some, as: 'not_for_sale' }), 'not for sale: S, row A, seats 3 to 5');
  assert.equal(wordsOf({ mend: 'mark', section: 'S', as: 'companion', on: false }), 'No longer companion seat: S, all rows');
  assert.equal(wordsOf({ mend: 'aisle', section: 'S', row: 'A', after: '3' }), 'An aisle after seat 3: S, row A');
});

test('a file’s format shows in its first bytes', () => {
  assert.deepEqual(['{"zones": []}', 'section,row,seat\nA,1,1', 'section;row;seat', 'AQAB4oCm'].map(formatOf), ['pretix', 'csv', 'csv', 'native']);
});

test('phases lead on from each other, and the address says which page it is', () => {
  assert.deepEqual(stepsFrom('cancelled'), []);
  assert.deepEqual(stepsFrom('paused'), ['open', 'close']);
  assert.deepEqual(['/manage', '/manage/new', '/events/evt_1/manage'].map((path) => pageOf(path).kind), ['list', 'new', 'event']);
  assert.equal(pageOf('/events/evt_1/manage').id, 'evt_1');
});

test('an event is sent without what nobody said, and faults go to their fields', () => {
  const body = eventBody({ details: { name: 'An evening', artist: null }, plan: { format: 'csv' }, prices: { A: [] }, currency: 'EUR', rules: {} });
  assert.deepEqual(body, { name: 'An evening', plan: { format: 'csv' }, prices: { A: [] }, currency: 'EUR' });
  assert.deepEqual(faultsOf({ errors: [{ path: 'policy.hold', message: 'too long' }] }), { hold: 'too long' });
});
