// Owns drawing without WebGL: sections, seats and words are tiles of pixels that are made once, kept, and laid down again
// while the map is moved. A change makes its tile stale; stale tiles are made anew a few a frame, never all at once.
import { el } from '../dom.js';
import { grow } from './geometry.js';
import { css } from './marks.js';
import { cover } from './shapes.js';
import { Stamps } from './stamps.js';

/** Wide and high, in pixels of the page: large enough that few cover a screen, small enough to make one in a frame. */
const TILE = 256;
/** A mebibyte each at most: a screen of 2560 by 1440 has 77, and a few are beside it. */
const TILES_MAX = 100;
/** Until all seats of a tile are down, this byte of a pixel says how dense it is. */
const OPAQUE = 0xff000000;
/** How long a frame may spend on making tiles; one is made in any case. */
const BUDGET_MS = 5;

/** `over(pen, view)` draws what lies over the seats and moves with them. */
export function flatSeats(geometry, book, palette, grid, shapes, over) {
  const boxes = geometry.sections.map(({ outline }) => boxOf(outline));
  const node = el('div', { class: 'map-tiles', 'aria-hidden': 'true' });
  let marks = new Uint8Array(geometry.count);
  let image = new ImageData(1, 1);
  let pixels = null;
  /** Tiles of one scale, and those of the scale before, which stand in while others are made. */
  let now = sheetOf(node, 0);
  let before = null;
  let stamps = null;
  let lastLooks = null;
  let edition = 0;
  let turn = 0;

  /** `size` in pixels of the device, at `fine` of them for a unit of the plan. */
  function make(tile, { seatPx, ratio, colors, looks }) {
    const size = Math.ceil(TILE * ratio);
    const fine = now.scale * ratio;
    const [left, top] = [tile.column * TILE * ratio, tile.row * TILE * ratio];
    const inPlan = { x: left / fine, y: top / fine, w: size / fine, h: size / fine };
    const covered = cover(seatPx);
    if (tile.canvas?.width !== size) {
      tile.canvas ||= now.node.appendChild(el('canvas'));
      tile.canvas.width = tile.canvas.height = size;
      tile.canvas.style.transform = `translate(${tile.column * TILE}px, ${tile.row * TILE}px)`;
    }
    const pen = tile.pen ||= tile.canvas.getContext('2d', { alpha: false, willReadFrequently: true });
    pen.setTransform(1, 0, 0, 1, 0, 0);
    if (covered < 1) {
      if (image.width !== size) {
        image = new ImageData(size, size);
        pixels = new Uint32Array(image.data.buffer);
      }
      pixels.fill(stamps.ground);
      grid.within(grow(inPlan, geometry.pitch), (seat) => {
        stamps.put(pixels, size, size, geometry.x[seat] * fine - left, geometry.y[seat] * fine - top, marks[seat],
          book.category[seat]);
      });
      for (let at = 0; at < pixels.length; at += 1) pixels[at] |= OPAQUE;
      pen.putImageData(image, 0, 0);
    } else {
      pen.fillStyle = css(colors.ground);
      pen.fillRect(0, 0, size, size);
    }
    const list = [];
    boxes.forEach((box, at) => box && meets(box, inPlan) && list.push(at));
    pen.setTransform(fine, 0, 0, fine, -left, -top);
    shapes.draw(pen, { scale: now.scale, covered, colors, looks, list });
    over(pen, { seatPx, scale: now.scale, width: size / ratio, height: size / ratio, visible: inPlan,
      toScreen: (x, y) => [x * now.scale - tile.column * TILE, y * now.scale - tile.row * TILE] });
    tile.edition = edition;
    tile.isSolid = covered === 1;
  }

  /** Another scale: what there is stands in, stretched. True while it is being changed. */
  function take(scale) {
    if (scale === now.scale) return false;
    const hasMade = [...now.tiles.values()].some(({ canvas }) => canvas);
    if (hasMade) {
      before?.node.remove();
      before = now;
    } else now.node.remove();
    now = sheetOf(node, scale);
    stamps = null;
    return before !== null;
  }

  function seen(view) {
    const list = [];
    for (let row = Math.floor(-view.shiftY / TILE); row * TILE < view.height - view.shiftY; row += 1) {
      for (let column = Math.floor(-view.shiftX / TILE); column * TILE < view.width - view.shiftX; column += 1) {
        const key = `${column} ${row}`;
        if (!now.tiles.has(key)) now.tiles.set(key, { column, row, edition: -1 });
        list.push(now.tiles.get(key));
      }
    }
    return list;
  }

  function forget(list) {
    if (now.tiles.size <= TILES_MAX) return;
    const kept = new Set(list);
    for (const [key, tile] of now.tiles) {
      if (now.tiles.size <= TILES_MAX) return;
      if (kept.has(tile)) continue;
      tile.canvas?.remove();
      now.tiles.delete(key);
    }
  }

  /** Moving is left to the browser: nothing is painted for it. */
  function place(view, ratio) {
    const whole = (value) => Math.round(value * ratio) / ratio;
    const [x, y] = [whole(view.shiftX), whole(view.shiftY)];
    now.node.style.transform = `translate(${x}px, ${y}px)`;
    if (before) before.node.style.transform = `translate(${x}px, ${y}px) scale(${view.scale / before.scale})`;
  }

  return {
    node,
    /** All marks, or only those of `seats`, which concern few tiles. */
    setMarks(all, seats) {
      marks = all;
      if (!seats) {
        edition += 1;
        return;
      }
      for (const seat of seats) {
        const key = `${Math.floor((geometry.x[seat] * now.scale) / TILE)} ${Math.floor((geometry.y[seat] * now.scale) / TILE)}`;
        const tile = now.tiles.get(key);
        if (tile && !tile.isSolid) tile.edition = -1;
      }
    },
    /** All tiles are stale. */
    renew() {
      edition += 1;
    },
    /** Draws what there is; true while there is more to make. */
    draw(view, ratio, colors, looks) {
      const isZooming = take(view.scale);
      const isOtherScheme = stamps?.colors !== colors;
      if (isOtherScheme) stamps = new Stamps(palette, colors, view.seatPx * ratio);
      if (isOtherScheme || (lastLooks !== looks && cover(view.seatPx) > 0)) edition += 1;
      lastLooks = looks;
      place(view, ratio);
      const list = seen(view);
      const stale = list.filter((tile) => tile.edition !== edition)
        .sort((a, b) => Boolean(a.canvas) - Boolean(b.canvas));
      // While fingers zoom, each frame has another scale: what was made for it would be thrown away.
      if (isZooming) return true;
      const given = { seatPx: view.seatPx, ratio, colors, looks };
      const ends = performance.now() + BUDGET_MS;
      turn += 1;
      let made = 0;
      for (const tile of stale) {
        if (made && performance.now() > ends) break;
        // What is only out of date leaves every second frame to the finger.
        if (tile.canvas && turn % 2) break;
        make(tile, given);
        made += 1;
      }
      forget(list);
      if (made < stale.length) return true;
      before?.node.remove();
      before = null;
      return false;
    },
  };
}

/** A layer of its own for the tiles of one scale, above the one before. */
function sheetOf(parent, scale) {
  return { scale, tiles: new Map(), node: parent.appendChild(el('div')) };
}

function boxOf(points) {
  if (!points.length) return null;
  const [x, y] = [points.map(([at]) => at), points.map(([, at]) => at)];
  const [left, top] = [Math.min(...x), Math.min(...y)];
  return { x: left, y: top, w: Math.max(...x) - left, h: Math.max(...y) - top };
}

const meets = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
