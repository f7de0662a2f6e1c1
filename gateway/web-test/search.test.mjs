// Owns the proof of the search pages: what is asked, what is marked, how seats are said.
import assert from 'node:assert/strict';
import test from 'node:test';
import { stage } from './dom.mjs';
import { marked, queryOf, valueWords } from '../web/js/search.js';
import { groupWords, markWords, seatWords } from '../web/js/shop/find.js';

test('nothing asked is no query, and blanks are nothing', () => {
  assert.equal(queryOf({ q: ' ', town: '' }), null);
  assert.equal(String(queryOf({ q: 'metal ', town: 'Kiel', month: '' })), 'q=metal+&town=Kiel');
});

test('what fits is an element of its own, and markup stays text', () => {
  stage();
  const matches = [{ field: 'name', pieces: [{ text: '<b>', hit: false }, { text: 'Band', hit: true }] }];
  const [before, mark] = marked(matches, 'name', 'unused');
  assert.equal(before, '<b>');
  assert.equal(mark.tag, 'mark');
  assert.equal(mark.textContent, 'Band');
  assert.deepEqual(marked(undefined, 'artist', 'Somebody'), ['Somebody']);
});

test('values of facets are said as people say them', () => {
  assert.match(valueWords('month', '2027-06', {}), /June 2027/);
  assert.equal(valueWords('phase', 'open', { open: 'On sale' }), 'On sale');
  assert.equal(valueWords('town', 'Kiel', {}), 'Kiel');
  assert.match(valueWords('price_band', 'EUR 0-25', {}), /^below .*25/);
  assert.match(valueWords('price_band', 'EUR 25-50', {}), /25.* to .*50/);
  assert.match(valueWords('price_band', 'JPY 500-', {}), /^from .*500$/);
});

test('seats side by side are a range, others are named', () => {
  const seats = (...names) => names.map((seat) => ({ seat, marks: [] }));
  assert.equal(seatWords(seats('4')), 'seat 4');
  assert.equal(seatWords(seats('4', '5')), 'seats 4 and 5');
  assert.equal(seatWords(seats('6', '5', '4')), 'seats 6 to 4');
  assert.equal(seatWords(seats('1', '3', '5')), 'seats 1, 3 and 5');
  assert.equal(seatWords(seats('', '')), '2 places');
  assert.equal(groupWords({ section: 'Floor', row: '', seats: seats('') }), 'Floor, 1 place');
  assert.equal(groupWords({ section: 'A', row: '3', seats: seats('7') }), 'A, row 3, seat 7');
});

test('marks are said once', () => {
  const seats = [{ marks: ['restricted_view'] }, { marks: ['restricted_view', 'companion'] }];
  assert.deepEqual(markWords(seats), ['restricted view', 'companion seat']);
});
