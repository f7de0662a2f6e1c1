// Owns where things are drawn: seat points, section outlines, the pitch between seats. Pure.
// Plans without coordinates get a plain layout of blocks, and say so.
import { runLength } from '../seats/book.js';

/** Plan JSON → { count, x, y, sections, pitch, box, isSchematic }. */
export function layOut(plan) {
  const x = new Float32Array(plan.seat_count);
  const y = new Float32Array(plan.seat_count);
  const steps = [];
  const sections = plan.sections.map((section) => {
    const [lines, labels] = [[], []];
    for (const row of section.rows) {
      const line = { first: [], last: [], seats: [] };
      for (const run of row.runs) placeRun(run, x, y, line.seats, steps);
      if (!line.seats.length) continue;
      lines.push(line.seats);
      labels.push(row.label);
    }
    return { name: section.name, isGeneral: section.kind === 'general', lines, labels, range: rangeOf(lines), count: 0 };
  });
  steps.sort((a, b) => a - b);
  let pitch = steps[steps.length >> 1] || 0;
  const unplaced = [];
  for (const section of sections) {
    section.count = section.lines.reduce((sum, line) => sum + line.length, 0);
    section.box = boxOf(section.lines, x, y);
    if (section.count > 1 && section.box.w === 0 && section.box.h === 0) unplaced.push(section);
  }
  const placed = sections.filter((section) => section.count && !unplaced.includes(section));
  if (!pitch) pitch = guessPitch(placed) || 100;
  if (unplaced.length) shelve(unplaced, placed, pitch, x, y);
  for (const section of sections) {
    section.outline = outlineOf(section.lines, x, y, pitch * 0.75);
    section.centre = centreOf(section, x, y);
  }
  const box = sections.reduce((all, { count, box: one }) => (count ? union(all, one) : all), null)
    || { x: 0, y: 0, w: 1, h: 1 };
  const bySize = sections.map((_, at) => at).filter((at) => sections[at].count)
    .sort((a, b) => sections[b].count - sections[a].count);
  const stage = plan.focus && placed.length && !unplaced.length ? stageOf(plan.focus, { x, y }, box) : null;
  return { count: plan.seat_count, x, y, sections, bySize, stage, pitch, isSchematic: unplaced.length > 0,
    box: grow(stage ? union(box, stage) : box, pitch) };
}

/**
 * What everybody looks at, as large as the seats leave room: a pitch where they are all around it, else a stage across
 * the way they look.
 */
export function stageOf([focusX, focusY], { x, y }, box) {
  const sectors = new Set();
  let [sumX, sumY] = [0, 0];
  for (let seat = 0; seat < x.length; seat += 1) {
    const [dx, dy] = [x[seat] - focusX, y[seat] - focusY];
    sectors.add(Math.floor(((Math.atan2(dy, dx) + Math.PI) / Math.PI) * 3.999));
    sumX += dx;
    sumY += dy;
  }
  const isAround = sectors.size >= 7;
  const shapes = isAround ? [[105, 68], [68, 105], [1, 1]] : [Math.abs(sumX) > Math.abs(sumY) ? [1, 4] : [4, 1]];
  const most = isAround ? Infinity : Math.min(box.w, box.h) * 0.4;
  let best = null;
  for (const [across, down] of shapes) {
    let part = most / Math.max(across, down) / 2;
    for (let seat = 0; seat < x.length; seat += 1) {
      part = Math.min(part, Math.max(Math.abs(x[seat] - focusX) / across, Math.abs(y[seat] - focusY) / down));
    }
    const [w, h] = [across * part * 1.7, down * part * 1.7];
    if (!best || w * h > best.w * best.h) best = { x: focusX - w / 2, y: focusY - h / 2, w, h };
  }
  const isLarge = isAround && best.w * best.h > box.w * box.h * 0.04;
  return best.w > 0 && best.h > 0 ? { ...best, name: isLarge ? 'Pitch' : 'Stage' } : null;
}

function placeRun(run, x, y, seats, steps) {
  const length = runLength(run);
  const [x0, y0, dx, dy] = run.line || [0, 0, 0, 0];
  for (let at = 0; at < length; at += 1) {
    const seat = run.first_seat + at;
    const point = run.points?.[at];
    x[seat] = point ? point[0] : x0 + (dx * at) / 256;
    y[seat] = point ? point[1] : y0 + (dy * at) / 256;
    seats.push(seat);
  }
  if (length > 1) {
    const [a, b] = [run.first_seat, run.first_seat + 1];
    const step = Math.hypot(x[b] - x[a], y[b] - y[a]);
    if (step > 0) steps.push(step);
  }
}

/** [first, end) of seat numbers: seats are numbered in plan order, so sections are not mixed. */
function rangeOf(lines) {
  let [first, end] = [Infinity, 0];
  for (const line of lines) {
    for (const seat of line) {
      first = Math.min(first, seat);
      end = Math.max(end, seat + 1);
    }
  }
  return first < end ? [first, end] : [0, 0];
}

/** With single seats only, the area per seat gives the distance. */
function guessPitch(sections) {
  const [count, area] = sections.reduce(
    ([seats, sum], { count: more, box }) => [seats + more, sum + box.w * box.h], [0, 0]);
  return count ? Math.sqrt(area / count) : 0;
}

function boxOf(lines, x, y) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const line of lines) {
    for (const seat of line) {
      left = Math.min(left, x[seat]);
      right = Math.max(right, x[seat]);
      top = Math.min(top, y[seat]);
      bottom = Math.max(bottom, y[seat]);
    }
  }
  return left <= right ? { x: left, y: top, w: right - left, h: bottom - top }
    : { x: 0, y: 0, w: 0, h: 0 };
}

export const grow = (box, by) =>
  ({ x: box.x - by, y: box.y - by, w: box.w + 2 * by, h: box.h + 2 * by });

function union(a, b) {
  if (!a) return b;
  const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)];
  return { x, y, w: Math.max(a.x + a.w, b.x + b.w) - x, h: Math.max(a.y + a.h, b.y + b.h) - y };
}

/** Sections without coordinates: each a block of its rows, the blocks on shelves. */
function shelve(sections, placed, pitch, x, y) {
  const above = placed.reduce((all, { box }) => union(all, box), null);
  const blocks = sections.map((section) => {
    // A standing area, or one endless row, becomes a rectangle.
    const longest = Math.max(...section.lines.map((line) => line.length));
    const isOneRow = section.lines.length === 1 && longest > 60;
    const width = isOneRow ? Math.ceil(Math.sqrt(section.count * 1.6)) : longest;
    const rows = isOneRow ? Math.ceil(section.count / width) : section.lines.length;
    return { section, width, isOneRow, w: (width + 3) * pitch, h: (rows * 1.2 + 3) * pitch };
  });
  const area = blocks.reduce((sum, { w, h }) => sum + w * h, 0);
  const shelf = Math.max(Math.sqrt(area * 1.3), ...blocks.map(({ w }) => w), above?.w || 0);
  let [left, top, tallest] = [0, above ? above.y + above.h + 4 * pitch : 0, 0];
  for (const { section, width, isOneRow, w, h } of blocks) {
    if (left > 0 && left + w > shelf) {
      [left, top, tallest] = [0, top + tallest, 0];
    }
    section.lines.forEach((line, rowAt) => line.forEach((seat, at) => {
      const [column, row] = isOneRow ? [at % width, Math.floor(at / width)]
        : [at + (width - line.length) / 2, rowAt];
      x[seat] = (above?.x || 0) + left + column * pitch;
      y[seat] = top + row * pitch * 1.2;
    }));
    section.box = boxOf(section.lines, x, y);
    left += w;
    tallest = Math.max(tallest, h);
  }
}

/**
 * The shape around a section: along the row ends, so that curved blocks stay curved; the
 * convex hull where rows lie in no such order.
 */
export function outlineOf(lines, x, y, margin) {
  if (!lines.length) return [];
  const at = (seat) => [x[seat], y[seat]];
  // A standing area is often one “row” that fills a field: then every place counts.
  const all = lines.flatMap((line) => (lines.length < 3 ? line : sample(line)).map(at));
  const hull = convexHull(all);
  const around = [
    ...sample(lines[0]).map(at),
    ...lines.slice(1, -1).map((line) => at(line[line.length - 1])),
    ...(lines.length > 1 ? sample(lines[lines.length - 1]).map(at).reverse() : []),
    ...lines.slice(1, -1).map((line) => at(line[0])).reverse(),
  ];
  const share = Math.abs(area(around)) / (Math.abs(area(hull)) || 1);
  const shape = (points) => simplify(spread(points, margin), margin * 0.7);
  if (lines.length > 2 && share > 0.55 && share < 1.01) {
    const close = shape(around);
    // Rows that come and go make a line that crosses itself, or leaves seats outside.
    if (lines.every((line) => [line[0], line[line.length >> 1], line.at(-1)].every((seat) => holds(close, ...at(seat))))) return close;
  }
  return shape(hull);
}

/** Whether a point is inside of a closed line. */
export function holds(points, px, py) {
  let isInside = false;
  points.forEach(([ax, ay], at) => {
    const [bx, by] = points[(at + 1) % points.length];
    if ((ay > py) !== (by > py) && px < ((bx - ax) * (py - ay)) / (by - ay) + ax) isInside = !isInside;
  });
  return isInside;
}

/** Without the corners that are no further off the line between their neighbours than `tolerance`. */
export function simplify(points, tolerance) {
  if (points.length < 5) return points;
  const offLine = ([px, py], [ax, ay], [bx, by]) => {
    const length = Math.hypot(bx - ax, by - ay);
    return length ? Math.abs((bx - ax) * (ay - py) - (ax - px) * (by - ay)) / length : Math.hypot(px - ax, py - ay);
  };
  const between = (from, to) => {
    let [worst, far] = [tolerance, -1];
    for (let at = from + 1; at < to; at += 1) {
      const off = offLine(points[at % points.length], points[from], points[to % points.length]);
      if (off > worst) [worst, far] = [off, at];
    }
    return far < 0 ? [points[from]] : [...between(from, far), ...between(far, to)];
  };
  // From two corners that stay: the first, and the one that is furthest from it.
  const distance = ([x, y]) => Math.hypot(x - points[0][0], y - points[0][1]);
  const opposite = points.reduce((best, point, at) => (distance(point) > distance(points[best]) ? at : best), 0);
  const kept = [...between(0, opposite), ...between(opposite, points.length)];
  return kept.length > 2 ? kept : points;
}

/** First, last and a few between: enough for a curve. */
function sample(line) {
  const parts = Math.min(line.length - 1, 8);
  if (parts < 1) return line.slice();
  return Array.from({ length: parts + 1 }, (_, at) => line[Math.round((at * (line.length - 1)) / parts)]);
}

function area(points) {
  let sum = 0;
  points.forEach(([x, y], at) => {
    const [nextX, nextY] = points[(at + 1) % points.length];
    sum += x * nextY - nextX * y;
  });
  return sum / 2;
}

export function convexHull(points) {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const turn = (o, a, b) => (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]);
  const half = (side) => {
    const chain = [];
    for (const point of side) {
      while (chain.length > 1 && turn(chain.at(-2), chain.at(-1), point) <= 0) chain.pop();
      chain.push(point);
    }
    return chain.slice(0, -1);
  };
  if (sorted.length < 3) return sorted;
  return [...half(sorted), ...half(sorted.reverse())];
}

/** Moves every corner outwards from the middle, by `margin`; a point or line gets a box. */
function spread(points, margin) {
  const n = points.length;
  const [cx, cy] = [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / n);
  if (Math.abs(area(points)) < margin * margin) {
    const box = points.reduce((all, [x, y]) => union(all, { x, y, w: 0, h: 0 }), null);
    const { x, y, w, h } = grow(box, margin);
    return [[x, y], [x + w, y], [x + w, y + h], [x, y + h]];
  }
  return points.map(([x, y]) => {
    const distance = Math.hypot(x - cx, y - cy) || 1;
    return [x + ((x - cx) / distance) * margin, y + ((y - cy) / distance) * margin];
  });
}

/** The middle seat of the middle row: always inside the section, even in a crescent. */
function centreOf({ lines, box }, x, y) {
  if (lines.length < 3) return [box.x + box.w / 2, box.y + box.h / 2];
  const line = lines[lines.length >> 1];
  if (!line) return [0, 0];
  const seat = line[line.length >> 1];
  return [x[seat], y[seat]];
}
