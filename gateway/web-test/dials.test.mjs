// Owns the proof that the operators' page knows no dial by name, and sends only what was turned.
import assert from 'node:assert/strict';
import test from 'node:test';
import { changed, label } from '../web/js/dials.js';

const dials = [
  { name: 'some_number', kind: 'number', value: 5 },
  { name: 'a_time', kind: 'duration', value: '5m' },
  { name: 'words', kind: 'text', value: 'Soon' },
  { name: 'way', kind: 'choice', value: 'here', choices: ['there'] },
];
const standing = { some_number: '5', a_time: '5m', words: 'Soon', way: '' };

test('only dials that stand elsewhere are sent, with the reason', () => {
  assert.deepEqual(changed(dials, standing, 'rain'), {});
  assert.deepEqual(changed(dials, { ...standing, some_number: '0' }, 'rain'), { some_number: 0, reason: 'rain' });
  assert.deepEqual(changed(dials, { ...standing, a_time: '90s', way: 'there' }, ''), { a_time: '90s', way: 'there' });
});

test('an empty text takes the text away; an empty number says nothing', () => {
  assert.deepEqual(changed(dials, { ...standing, words: '', some_number: '' }, ''), { words: '' });
});

test('what is no number goes to the server as it is, which says what it must be', () => {
  assert.deepEqual(changed(dials, { ...standing, some_number: 'many' }, ''), { some_number: 'many' });
});

test('names are words for people', () => {
  assert.equal(label('pace_per_minute'), 'Pace per minute');
});
