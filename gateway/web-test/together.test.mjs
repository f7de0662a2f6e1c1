// Owns the proof of what is offered when seats are wanted together: what can be had, and what it leaves behind.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SeatBook } from '../web/js/seats/book.js';
import { instead, inTwo, leftAlone, longest, together } from '../web/js/shop/together.js';
import { remembered } from '../web/js/shop/remembered.js';
import { random } from './fixtures.mjs';

/** One section of rows of ten, better in front; `#` is free. */
function hall(...rows) {
  const plan = { seat_count: rows.length * 10, categories: [{ name: 'A', color: '#000000' }],
    sections: [{ name: 'Stalls', kind: 'seated', rows: rows.map((_, at) => ({ label: `${at + 1}`, rank: at,
      runs: [{ category: 0, first_seat: at * 10, labels: { first: 1, step: 1, count: 10 }, line: [0, at * 100, 25600, 0], flags: [] }] })) }] };
  const text = rows.join('');
  return { book: new SeatBook(plan), isFree: (seat) => text[seat] === '#' };
}

test('the best row has them, in its middle', () => {
  const { book, isFree } = hall('##########', '##########');
  assert.deepEqual(together(book, 2, isFree), [4, 5]);
});

test('a seat is left alone only where nothing else is to be had', () => {
  const { book, isFree } = hall('###.......', '####......');
  assert.deepEqual(together(book, 2, isFree), [12, 13]);
  const scarce = hall('###.......');
  assert.deepEqual(together(scarce.book, 2, scarce.isFree), [1, 2]);
  assert.deepEqual(leftAlone(scarce.book, scarce.isFree, [0, 1]), [2]);
  assert.deepEqual(leftAlone(scarce.book, scarce.isFree, [0, 1, 2]), []);
});

test('who was alone before is not said to be left alone', () => {
  const { book, isFree } = hall('#.####....');
  assert.deepEqual(leftAlone(book, isFree, [2]), []);
  assert.deepEqual(leftAlone(book, isFree, [3]), [2]);
});

test('five that are nowhere together are three and two, or fewer', () => {
  const { book, isFree } = hall('###.......', '.##.......');
  assert.equal(together(book, 5, isFree), null);
  assert.deepEqual(inTwo(book, 5, isFree), [[0, 1, 2], [11, 12]]);
  assert.deepEqual(longest(book, 4, isFree), [0, 1, 2]);
  assert.equal(inTwo(book, 6, isFree), null);
  assert.equal(longest(book, 4, () => false), null);
});

test('a lost seat has another beside those that are still chosen', () => {
  const { book, isFree } = hall('#.##......', '##########');
  assert.equal(instead(book, 1, new Set([2]), isFree), 3);
  assert.equal(instead(book, 1, new Set(), isFree), 0);
  assert.equal(instead(book, 5, new Set(), (seat) => seat === 15), 15);
  assert.equal(instead(book, 5, new Set(), () => false), null);
});

test('what is found is free, side by side and of one run', () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const next = random(seed);
    const { book, isFree } = hall(...Array.from({ length: 5 }, () => Array.from({ length: 10 }, () => (next() < 0.6 ? '#' : '.')).join('')));
    for (let wanted = 1; wanted <= 6; wanted += 1) {
      const found = together(book, wanted, isFree);
      const any = book.runs.some(({ first }) => Array.from({ length: 11 - wanted }, (_, at) => first + at)
        .some((start) => Array.from({ length: wanted }, (_, at) => start + at).every(isFree)));
      assert.equal(found !== null, any, `seed ${seed}, ${wanted}`);
      if (found) assert.ok(found.every(isFree) && Math.floor(found[0] / 10) === Math.floor(found.at(-1) / 10));
    }
  }
});

test('what is chosen is there after a reload, and nothing else is', () => {
  const values = new Map([['fg-chosen evt_2', '4 nonsense 6']]);
  const storage = { getItem: (name) => values.get(name) ?? null, setItem: (name, value) => values.set(name, value),
    removeItem: (name) => values.delete(name) };
  const memory = remembered('evt_1', storage);
  assert.deepEqual(memory.recall(), []);
  memory.keep(new Set([7, 8]));
  assert.deepEqual(remembered('evt_1', storage).recall(), [7, 8]);
  assert.deepEqual(remembered('evt_2', storage).recall(), [4, 6]);
  memory.keep([]);
  assert.equal(values.has('fg-chosen evt_1'), false);
});
