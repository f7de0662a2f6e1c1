// Owns the proof that seat states and seat names are read as the server writes them.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SeatBook, flagWords, placeWords } from '../web/js/seats/book.js';
import { Seats } from '../web/js/seats/feed.js';
import { applyDelta, decodeDelta, decodeSnapshot } from '../web/js/seats/status.js';
import { bowl, encodeDelta, encodeSnapshot, random } from './fixtures.mjs';

test('a snapshot gives back the states it was made of', () => {
  for (const count of [0, 1, 3, 4, 5, 1001]) {
    const next = random(count + 1);
    const states = Array.from({ length: count }, () => Math.floor(next() * 4));
    const read = decodeSnapshot(encodeSnapshot(states, 2 ** 33 + 7));
    assert.deepEqual([...read.states], states);
    assert.equal(read.seq, 2 ** 33 + 7);
  }
});

test('a golden snapshot: four seats in one byte, lowest bits first', () => {
  const bytes = Uint8Array.from([0x46, 0x47, 0x41, 0x31, 5, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0b11100100, 0b01]);
  assert.deepEqual([...decodeSnapshot(bytes.buffer).states], [0, 1, 2, 3, 1]);
});

test('broken snapshots are refused, not guessed', () => {
  const good = new Uint8Array(encodeSnapshot([0, 1, 2, 3, 0], 1));
  assert.throws(() => decodeSnapshot(good.slice(0, 10).buffer), RangeError);
  assert.throws(() => decodeSnapshot(good.slice(0, 17).buffer), RangeError);
  const other = good.slice();
  other[0] = 1;
  assert.throws(() => decodeSnapshot(other.buffer), RangeError);
});

test('a golden delta: seat 0 sold, seat 1 free, seat 200 held', () => {
  // (0 << 2 | 2), (0 << 2 | 0), then gap 198: 198 * 4 + 1 = 793 = 0x99 0x06.
  assert.deepEqual(decodeDelta(Buffer.from([2, 0, 0x99, 0x06]).toString('base64')),
    { seats: [0, 1, 200], states: [2, 0, 1] });
  assert.deepEqual(decodeDelta(''), { seats: [], states: [] });
});

test('deltas of any size come back as they were', () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const next = random(seed);
    const changes = new Map();
    for (let at = 0; at < 200; at += 1) changes.set(Math.floor(next() * 1048576), Math.floor(next() * 4));
    const sorted = [...changes].sort((a, b) => a[0] - b[0]);
    const read = decodeDelta(encodeDelta(sorted));
    assert.deepEqual(read.seats.map((seat, at) => [seat, read.states[at]]), sorted, `seed ${seed}`);
  }
});

test('cut and endless deltas are refused', () => {
  assert.throws(() => decodeDelta(Buffer.from([0x80]).toString('base64')), RangeError);
  assert.throws(() => decodeDelta(Buffer.alloc(9, 0xff).toString('base64')), RangeError);
});

test('only real changes count, and seats of no plan are ignored', () => {
  const states = Uint8Array.from([0, 0, 2]);
  assert.deepEqual(applyDelta(states, { seats: [0, 1, 9], states: [0, 2, 1] }), [{ seat: 1, was: 0, is: 2 }]);
  assert.deepEqual([...states], [0, 2, 2]);
});

test('counts after deltas equal counts after the snapshot of the same states', () => {
  const book = new SeatBook(bowl());
  for (let seed = 1; seed <= 20; seed += 1) {
    const next = random(seed);
    const seats = new Seats(book);
    seats.setAll(encodeSnapshot(new Array(book.plan.seat_count).fill(0), 1));
    for (let seq = 2; seq < 20; seq += 1) {
      const changes = new Map();
      for (let at = 0; at < 10; at += 1) {
        changes.set(Math.floor(next() * book.plan.seat_count), Math.floor(next() * 3));
      }
      seats.change(encodeDelta([...changes].sort((a, b) => a[0] - b[0])), seq);
    }
    const fresh = new Seats(book);
    fresh.setAll(encodeSnapshot([...seats.states], 99));
    assert.deepEqual([...seats.free], [...fresh.free], `seed ${seed}`);
    assert.deepEqual([...seats.freeOfCategory], [...fresh.freeOfCategory], `seed ${seed}`);
  }
});

test('old deltas and old snapshots change nothing', () => {
  const book = new SeatBook(bowl());
  const seats = new Seats(book);
  seats.setAll(encodeSnapshot(new Array(book.plan.seat_count).fill(2), 10));
  seats.change(encodeDelta([[0, 0]]), 10);
  seats.setAll(encodeSnapshot(new Array(book.plan.seat_count).fill(0), 9));
  assert.equal(seats.states[0], 2);
});

test('every seat has its name, and rows give their seats back', () => {
  const book = new SeatBook(bowl());
  const { sections } = book.plan;
  let seen = 0;
  sections.forEach((section, sectionAt) => section.rows.forEach((row, rowAt) => {
    for (const seat of book.row(sectionAt, rowAt)) {
      const name = book.name(seat);
      assert.equal(seat, seen);
      assert.deepEqual([name.section, name.row], [section.name, row.label]);
      seen += 1;
    }
  }));
  assert.equal(seen, book.plan.seat_count);
  assert.deepEqual(book.sectionRange(0)[0], 0);
});

test('labels by number, by text, and none for standing places', () => {
  const book = new SeatBook(bowl());
  assert.equal(placeWords(book.name(0)), 'East, row A, seat 11');
  assert.equal(placeWords(book.name(2)), 'East, row A, seat 15');
  assert.equal(placeWords(book.name(3)), 'East, row A, seat 1a');
  assert.equal(placeWords(book.name(book.plan.seat_count - 1)), 'Floor, no fixed seat');
  assert.deepEqual(flagWords(book.flags[1]), ['wheelchair space']);
  assert.deepEqual(flagWords(4 | 2), ['companion seat', 'restricted view']);
});
