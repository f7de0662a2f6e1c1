// Owns the proof of the numbers of the analytics page, and that what is vendored is what was published.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { xRange } from '../web/js/insight/charts.js';
import { columns, counted, funnel, heat, merge, overlay, share, span, sums } from '../web/js/insight/series.js';

const at = (second) => new Date(second * 1000).toISOString();
const windows = (rows, step = 10) => ({
  step_seconds: step, begins_at: rows.map(([second]) => at(second)), numbers: { holds: rows.map(([, n]) => n) }, next: 0,
});

test('a newer answer replaces the window that was running, and adds those after it', () => {
  const known = windows([[0, 5], [10, 1]]);
  const merged = merge(known, windows([[10, 4], [20, 2]]));
  assert.deepEqual(merged.numbers.holds, [5, 4, 2]);
  assert.deepEqual(merged.begins_at, [0, 10, 20].map(at));
  assert.deepEqual(merge(known, windows([])).numbers.holds, [5, 1]);
  // Another step is another series.
  assert.deepEqual(merge(known, windows([[0, 9]], 60)).numbers.holds, [9]);
});

test('a stretch in which nothing happened is drawn as nothing', () => {
  assert.deepEqual(columns(windows([[0, 5], [10, 4], [60, 2]]), ['holds']), [[0, 10, 20, 50, 60], [5, 4, 0, 0, 2]]);
  assert.deepEqual(columns(windows([[0, 5], [20, 1]]), ['holds']), [[0, 10, 20], [5, 0, 1]]);
});

test('sums are counted back from the total of now', () => {
  assert.deepEqual(sums(windows([[0, 5], [10, 4]]), 'holds', 100), [96, 100]);
  assert.deepEqual(sums(windows([]), 'holds', 7), []);
});

test('two sales are laid over each other at their opening', () => {
  const curve = (capacity, points) => ({ capacity, seconds: points.map(([s]) => s), seats_sold: points.map(([, n]) => n) });
  const [minutes, one, other] = overlay([curve(10, [[60, 1], [120, 5]]), curve(100, [[60, 50], [180, 100]])]);
  assert.deepEqual(minutes, [1, 2, 3]);
  // The one that is still running has no line where it has not come to yet.
  assert.deepEqual([one, other], [[10, 50, null], [50, 50, 100]]);
});

test('a single point is shown within its minutes', () => {
  assert.deepEqual(xRange([100], 100, 86400100), [40, 160]);
  assert.deepEqual(xRange([100, 160], 100, 160), [100, 160]);
});

test('heat is by rank, and what is not sold has none', () => {
  const { level, bounds } = heat(Uint16Array.from([0, 1, 2, 3, 4000]), 2);
  assert.deepEqual([...level], [0, 1, 1, 2, 2]);
  assert.deepEqual(bounds, [1, 3999]);
  assert.deepEqual([...heat(new Uint16Array(3), 2).level], [0, 0, 0]);
  assert.equal(span(89), '89 s');
  assert.equal(span(3600), '60 min');
  assert.equal(span(7200), '2 h');
});

test('the most frequent no is the first, and nothing is a part of nothing', () => {
  assert.deepEqual(counted({ puzzle_wrong: 2, rate_limited: 9 }).map(({ code }) => code), ['rate_limited', 'puzzle_wrong']);
  assert.equal(funnel({ entered: 9, holds: 5, paying: 3, confirmed: 2 }).steps.length, 4);
  assert.equal(share(1, 0), 0);
});

test('the charts are uPlot 1.6.32 as it was published', () => {
  const digest = (name) => createHash('sha256').update(readFileSync(new URL(`../web/vendor/${name}`, import.meta.url))).digest('hex');
  assert.equal(digest('uPlot.iife.min.js'), '19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f');
  assert.equal(digest('uPlot.min.css'), 'df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04');
});
