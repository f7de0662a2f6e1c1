// Owns the proof that the map's arithmetic is right: layout, outlines, hit test, view.
import assert from 'node:assert/strict';
import test from 'node:test';
import { convexHull, layOut, outlineOf } from '../web/js/map/geometry.js';
import { Grid } from '../web/js/map/grid.js';
import { View } from '../web/js/map/view.js';
import { markOf, mix, rgb, DIM, MINE, SQUARE } from '../web/js/map/marks.js';
import { bowl, random } from './fixtures.mjs';

const inside = ({ x, y, w, h }, px, py) => px >= x && px <= x + w && py >= y && py <= y + h;

test('lines and points are drawn where the plan says', () => {
  const { x, y, pitch } = layOut(bowl());
  assert.deepEqual([x[2], y[2]], [200, 0]);
  assert.deepEqual([x[4], y[4]], [500, 0]);
  assert.deepEqual([x[11], y[11]], [2100, 20]);
  assert.equal(pitch, 100);
});

test('places without coordinates get a block of their own, off the others', () => {
  const geometry = layOut(bowl());
  assert.equal(geometry.isSchematic, true);
  const points = new Set();
  for (let seat = 13; seat < 19; seat += 1) {
    points.add(`${geometry.x[seat]} ${geometry.y[seat]}`);
    assert.ok(geometry.y[seat] > 100);
  }
  assert.equal(points.size, 6);
  for (let seat = 0; seat < 19; seat += 1) assert.ok(inside(geometry.box, geometry.x[seat], geometry.y[seat]));
});

test('a whole plan without coordinates is laid out without overlap', () => {
  const rows = (first, count, length) => Array.from({ length: count }, (_, at) => ({ label: `${at}`, rank: at,
    runs: [{ category: 0, first_seat: first + at * length, labels: { first: 1, step: 1, count: length },
      line: [0, 0, 0, 0], flags: [] }] }));
  const sections = Array.from({ length: 12 }, (_, at) => ({ name: `${at}`, kind: 'seated', rows: rows(at * 60, 5, 12) }));
  const geometry = layOut({ seat_count: 720, categories: [{ name: 'A', color: '#000000' }], sections });
  const boxes = geometry.sections.map(({ box }) => box);
  boxes.forEach((a, at) => boxes.slice(at + 1).forEach((b) => assert.ok(
    a.x + a.w < b.x || b.x + b.w < a.x || a.y + a.h < b.y || b.y + b.h < a.y)));
});

test('a plan without seats does not break the map', () => {
  const geometry = layOut({ seat_count: 0, categories: [], sections: [] });
  assert.equal(new Grid(geometry).nearest(0, 0, 10), -1);
});

test('a hull holds all its points', () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const next = random(seed);
    const points = Array.from({ length: 40 }, () => [next() * 100, next() * 100]);
    const hull = convexHull(points);
    for (const [px, py] of points) {
      hull.forEach(([ax, ay], at) => {
        const [bx, by] = hull[(at + 1) % hull.length];
        assert.ok((bx - ax) * (py - ay) - (by - ay) * (px - ax) > -1e-9, `seed ${seed}`);
      });
    }
  }
});

test('outlines of a point, a line and a block are areas', () => {
  const [x, y] = [[0, 10, 20, 0, 10, 20, 0, 10, 20], [0, 0, 0, 10, 10, 10, 20, 20, 20]];
  for (const lines of [[[0]], [[0, 1, 2]], [[0, 1, 2], [3, 4, 5], [6, 7, 8]]]) {
    const outline = outlineOf(lines, x, y, 5);
    const area = outline.reduce((sum, [px, py], at) => {
      const [nx, ny] = outline[(at + 1) % outline.length];
      return sum + px * ny - nx * py;
    }, 0) / 2;
    assert.ok(Math.abs(area) >= 100, `${lines.length} lines: ${area}`);
  }
});

test('the grid finds the same seat as looking at all of them', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const next = random(seed);
    const count = 500;
    const x = Float32Array.from({ length: count }, () => next() * 1000);
    const y = Float32Array.from({ length: count }, () => next() * 600);
    const grid = new Grid({ x, y, count, pitch: 20, box: { x: 0, y: 0, w: 1000, h: 600 } });
    for (let at = 0; at < 50; at += 1) {
      const [px, py, radius] = [next() * 1100 - 50, next() * 700 - 50, next() * 60];
      let [best, bestSquare] = [-1, radius * radius];
      for (let seat = 0; seat < count; seat += 1) {
        const square = (x[seat] - px) ** 2 + (y[seat] - py) ** 2;
        if (square <= bestSquare) [best, bestSquare] = [seat, square];
      }
      assert.equal(grid.nearest(px, py, radius), best, `seed ${seed}`);
    }
  }
});

test('200,000 seats are indexed and hit quickly enough for a phone', () => {
  const count = 200000;
  const x = Float32Array.from({ length: count }, (_, seat) => (seat % 500) * 100);
  const y = Float32Array.from({ length: count }, (_, seat) => Math.floor(seat / 500) * 100);
  const grid = new Grid({ x, y, count, pitch: 100, box: { x: 0, y: 0, w: 50000, h: 40000 } });
  assert.equal(grid.nearest(12340, 5660, 60), 57 * 500 + 123);
  assert.ok(grid.starts.length < 500000);
});

test('zooming keeps the point under the finger', () => {
  const view = new View({ x: 0, y: 0, w: 10000, h: 8000 }, 100);
  view.resize(390, 480);
  assert.ok(view.isFitted);
  view.zoomAt(4, 200, 240);
  const before = view.toPlan(150, 200);
  view.zoomAt(1.5, 150, 200);
  const after = view.toPlan(150, 200);
  assert.ok(Math.hypot(after[0] - before[0], after[1] - before[1]) < 1e-6);
});

test('no gesture loses the plan', () => {
  const view = new View({ x: -500, y: 300, w: 10000, h: 8000 }, 100);
  view.resize(390, 480);
  const next = random(3);
  for (let at = 0; at < 500; at += 1) {
    if (next() < 0.5) view.pan((next() - 0.5) * 4000, (next() - 0.5) * 4000);
    else view.zoomAt(next() * 4 + 0.05, next() * 390, next() * 480);
    const [x, y] = view.toPlan(195, 240);
    assert.ok(inside({ x: -501, y: 299, w: 10002, h: 8002 }, x, y));
    assert.ok(view.scale <= view.scaleMax && view.scale >= view.scaleMin);
  }
});

test('marks and colours', () => {
  assert.equal(markOf(2, { isDim: true, isMine: false, flags: 0 }), 2 | DIM);
  assert.equal(markOf(0, { isDim: false, isMine: true, flags: 2 }), MINE | SQUARE);
  assert.deepEqual(rgb('#ff0000'), [1, 0, 0]);
  assert.deepEqual(rgb('nonsense'), rgb('#5b7fa6'));
  assert.deepEqual(mix([0, 0, 0], [1, 1, 1], 0.25), [0.25, 0.25, 0.25]);
});
