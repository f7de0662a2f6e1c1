// Owns the proof that a plan by columns is the plan by rows.
import assert from 'node:assert/strict';
import test from 'node:test';
import { fromColumns } from '../web/js/seats/columns.js';

test('a plan by columns, as the server writes it, is the plan by rows', () => {
  // gateway/src/model/plan_columns.rs writes exactly this.
  const columns = {
    venue_id: 'ven_000000000007Z', name: 'House', seat_count: 14, size: [300, 200],
    categories: [{ name: 'All', color: '#00a0ff' }, { name: 'Some', color: '#00a0ff' }],
    sections: [['Stalls', 'seated', 2], ['Floor', 'general', 1]],
    labels: ['A', 'B', ''], ranks: [7, 2, 0], runs: [2, 2, 1],
    category: [0, 0, 0, 1, 0], count: [3, 3, 3, 2, 3],
    first: [9, 9, 9, 0, 9], step: [-2, -2, -2, 0, -2],
    line: [[10, 80, 2, -90, 0], [20, 0, 10, -20, 0], [25600, 0, 0, -25600, 25600], [-256, 0, 0, 256, -256]],
    texts: [[3, ['12', '12A']]], points: [[3, [[1, 2], [3, 4]]]], flags: [[3, [[1, 1]]]],
  };
  const labels = { first: 9, step: -2, count: 3 };
  const run = (first, line) => ({ category: 0, first_seat: first, flags: [], labels, line });
  assert.deepEqual(fromColumns(columns), {
    venue_id: 'ven_000000000007Z', name: 'House', seat_count: 14, size: [300, 200],
    categories: [{ name: 'All', color: '#00a0ff' }, { name: 'Some', color: '#00a0ff' }],
    sections: [
      { name: 'Stalls', kind: 'seated', rows: [
        { label: 'A', rank: 7, runs: [run(0, [10, 20, 25600, -256]), run(3, [90, 20, 25600, -256])] },
        { label: 'B', rank: 9, runs: [run(6, [12, 30, 25600, -256]),
          { category: 1, first_seat: 9, flags: [[1, 1]], labels: ['12', '12A'], points: [[1, 2], [3, 4]] }] },
      ] },
      { name: 'Floor', kind: 'general', rows: [{ label: '', rank: 9, runs: [run(11, [0, 0, 25600, -256])] }] },
    ],
  });
});
