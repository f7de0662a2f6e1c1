// Owns the proof that the map draws what it should and no more: stamps, names, shapes, what is looked at, what is on the screen.
import assert from 'node:assert/strict';
import test from 'node:test';
import { holds, layOut, outlineOf, simplify, stageOf } from '../web/js/map/geometry.js';
import { spans } from '../web/js/map/gl.js';
import { DIM, MINE } from '../web/js/map/marks.js';
import { NUMBER_PX, placeNames } from '../web/js/map/names.js';
import { cover } from '../web/js/map/shapes.js';
import { Stamps } from '../web/js/map/stamps.js';
import { View } from '../web/js/map/view.js';
import { arena, random } from './fixtures.mjs';

const COLORS = { ground: [1, 1, 1], taken: [0.5, 0.5, 0.5], ring: [0, 0, 0] };
const size = 40;

/** One seat's pixels: how many are painted, and the middle one. */
function put(mark, diameter, x = 20.2, y = 20.2) {
  const stamps = new Stamps([[1, 0, 0]], COLORS, diameter);
  const image = new Uint32Array(size * size).fill(stamps.ground);
  stamps.put(image, size, size, x, y, mark, 0);
  return { painted: image.reduce((sum, pixel) => sum + (pixel >>> 24) / 255, 0), middle: image[20 * size + 20] & 0xffffff, image };
}

test('a seat is as large as the plan says, wherever its middle falls', () => {
  for (const x of [20, 20.49, 20.51, 20.99]) {
    const { painted } = put(0, 16, x, 20.7);
    assert.ok(Math.abs(painted - Math.PI * 7.4 ** 2) < 18, `${painted} at ${x}`);
  }
  assert.equal(put(0, 16).middle, 0x0000ff);
});

test('states differ by size, not by colour alone', () => {
  const [free, held, sold, off] = [0, 1, 2, 3].map((state) => put(state, 20).painted);
  assert.ok(free > held * 1.1 && held > sold * 1.5 && sold > off * 1.5, `${[free, held, sold, off]}`);
  assert.ok(put(MINE, 20).painted > free);
  assert.ok(put(DIM, 20).painted < free * 0.5);
});

test('a seat at the edge of a tile is cut there and not drawn on the other side', () => {
  const { image } = put(0, 10, 0, 20);
  for (let row = 0; row < size; row += 1) assert.equal(image[row * size + size - 1] >>> 24, 0);
  assert.ok(image[20 * size] >>> 24);
});

test('where two seats meet neither erases the other', () => {
  const stamps = new Stamps([[1, 0, 0]], COLORS, 10);
  const image = new Uint32Array(size * size).fill(stamps.ground);
  stamps.put(image, size, size, 15.2, 20.2, 0, 0);
  const before = image.slice();
  stamps.put(image, size, size, 21.2, 24.2, 0, 0);
  before.forEach((pixel, at) => assert.ok((image[at] >>> 24) >= (pixel >>> 24)));
});

test('every block is named at some distance', () => {
  const geometry = layOut(arena());
  const looks = geometry.sections.map(() => ({ words: '12 free' }));
  const view = new View(geometry.box, geometry.pitch);
  view.resize(390, 520);
  const named = new Set();
  for (view.fit(); ; view.zoomAt(1.7)) {
    for (const { at } of placeNames(geometry, view, looks, (text, px) => text.length * px * 0.6)) named.add(at);
    if (view.seatPx > NUMBER_PX) break;
  }
  assert.equal(named.size, geometry.sections.length);
});

test('names do not lie over each other', () => {
  const geometry = layOut(arena());
  const view = new View(geometry.box, geometry.pitch);
  view.resize(390, 520);
  view.fit();
  for (let step = 0; step < 8; step += 1, view.zoomAt(1.5)) {
    const boxes = placeNames(geometry, view, [], (text, px) => text.length * px * 0.6).map(({ box }) => box);
    boxes.forEach((a, at) => boxes.slice(at + 1).forEach((b) => assert.ok(
      a[0] >= b[2] || b[0] >= a[2] || a[1] >= b[3] || b[1] >= a[3])));
  }
});

test('from afar no seat is drawn, from near only those on the screen', () => {
  const geometry = layOut(arena());
  const view = new View(geometry.box, geometry.pitch);
  view.resize(390, 520);
  view.fit();
  assert.equal(spans(geometry, view).reduce((sum, [, count]) => sum + count, 0), geometry.count);
  view.centre(geometry.sections[3].centre, 20 / geometry.pitch);
  const drawn = spans(geometry, view).reduce((sum, [, count]) => sum + count, 0);
  assert.ok(drawn > 0 && drawn < geometry.count / 2, `${drawn} of ${geometry.count}`);
  assert.equal(cover(2), 1);
  assert.equal(cover(6), 0);
});

test('a jagged edge becomes smooth and no seat is left outside', () => {
  const teeth = Array.from({ length: 40 }, (_, at) => [at * 10, at % 2 ? 3 : 0]);
  const outline = [...teeth, [400, 200], [0, 200]];
  const smooth = simplify(outline, 5);
  assert.ok(smooth.length <= 6, `${smooth.length} corners`);
  assert.equal(simplify(outline, 1).length > 30, true);
});

test('no shape leaves a seat outside, however its rows come and go', () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const next = random(seed);
    const [x, y] = [[], []];
    const lines = Array.from({ length: 6 }, (_, row) => {
      const [from, count] = [Math.floor(next() * 12), 1 + Math.floor(next() * 12)];
      return Array.from({ length: count }, (__, at) => {
        x.push((from + at) * 100);
        y.push(row * 120);
        return x.length - 1;
      });
    });
    const outline = outlineOf(lines, x, y, 75);
    const left = x.filter((at, seat) => !holds(outline, at, y[seat]));
    assert.ok(left.length <= x.length * 0.05, `seed ${seed}: ${left.length} of ${x.length}`);
  }
});

test('a pitch lies in the middle of its seats, a stage before them, and neither over one', () => {
  const rows = (list) => ({ x: Float32Array.from(list, ([x]) => x), y: Float32Array.from(list, ([, y]) => y) });
  const ring = rows(Array.from({ length: 400 }, (_, at) => [Math.cos(at / 63.6) * 1000, Math.sin(at / 63.6) * 700]));
  const pitch = stageOf([0, 0], ring, { x: -1000, y: -700, w: 2000, h: 1400 });
  assert.equal(pitch.name, 'Pitch');
  const hall = rows(Array.from({ length: 400 }, (_, at) => [(at % 20) * 50, 300 + Math.floor(at / 20) * 60]));
  const stage = stageOf([475, 0], hall, { x: 0, y: 300, w: 950, h: 1140 });
  assert.equal(stage.name, 'Stage');
  assert.ok(stage.w > stage.h);
  for (const [{ x, y, w, h }, seats] of [[pitch, ring], [stage, hall]]) {
    seats.x.forEach((at, seat) => assert.ok(at < x || at > x + w || seats.y[seat] < y || seats.y[seat] > y + h));
  }
});
