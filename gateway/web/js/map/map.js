// Owns the seat map as a whole: canvases, view, marks, taps, and drawing only when something
// changed. Start reading here; geometry, grid and view are pure and tested by themselves.
import { el } from '../dom.js';
import { FREE } from '../seats/status.js';
import { flatSeats } from './flat.js';
import { gestures } from './gestures.js';
import { glSeats } from './gl.js';
import { layOut } from './geometry.js';
import { Grid } from './grid.js';
import { markOf, rgb, scheme } from './marks.js';
import { overlay } from './overlay.js';
import { View } from './view.js';

/** Sharp enough for text; more would only cost battery. */
const RATIO_MAX = 2;
/** From this seat width on, a tap means a seat; below, it means “closer”. */
const TOUCH_PX = 15;
const MOUSE_PX = 8;

/**
 * `seats` is the live store; `isDim(seat)` the filter; `describe(seat)` one line about a seat;
 * `sectionWords(at)` two words under a section's name; `onToggle(seat)` a seat was picked;
 * `mayPick(seat)` which can be: free ones, where nothing else is said.
 */
export function seatMap({ book, seats, categories, isDim, describe, sectionWords, onToggle,
  mayPick = (seat) => seats.states[seat] === FREE && !isDim(seat) }) {
  const geometry = layOut(book.plan);
  const grid = new Grid(geometry);
  const view = new View(geometry.box, geometry.pitch);
  const palette = categories.map(({ color }) => rgb(color));
  const marks = new Uint8Array(geometry.count);
  let seatCanvas = el('canvas', { 'aria-hidden': 'true' });
  const topCanvas = el('canvas', { 'aria-hidden': 'true' });
  const caption = el('p', { class: 'map-caption' }, 'Tap a block to zoom in, then a seat to choose it.');
  const stage = el('div', {
    class: 'map-stage', tabindex: '0', role: 'application',
    'aria-label': 'Seat map. Arrow keys move it, plus and minus zoom, zero shows everything. '
      + 'The list before the map offers the same seats.',
  }, seatCanvas, topCanvas);
  const zoomButton = (sign, words, work) => el('button', {
    type: 'button', class: 'map-button', 'aria-label': words, onclick: work }, sign);
  const node = el('div', { class: 'map' }, stage,
    el('div', { class: 'map-buttons' },
      zoomButton('+', 'Zoom in', () => move(() => view.zoomAt(1.7))),
      zoomButton('−', 'Zoom out', () => move(() => view.zoomAt(1 / 1.7))),
      zoomButton('⤢', 'Show the whole map', () => move(() => view.fit()))),
    caption,
    geometry.isSchematic
      ? el('p', { class: 'quiet' }, 'There is no drawing of this venue; blocks are shown in order.') : null);

  let layer = glSeats(seatCanvas, geometry, book, palette);
  node.dataset.renderer = layer ? 'webgl2' : 'canvas2d';
  layer ??= flatSeats(seatCanvas, geometry, book, palette, grid);
  // A phone that takes the graphics memory back gets the plain drawing from then on.
  seatCanvas.addEventListener('webglcontextlost', () => {
    const plain = el('canvas', { 'aria-hidden': 'true' });
    seatCanvas.replaceWith(plain);
    seatCanvas = plain;
    layer = flatSeats(plain, geometry, book, palette, grid);
    layer.setMarks(marks);
    node.dataset.renderer = 'canvas2d';
    resize();
  });
  const top = overlay(topCanvas, geometry, book, palette);
  let colors = null;
  let chosen = new Set();
  let hovered = -1;
  let ratio = 1;
  let frame = 0;
  let looks = [];

  function markSeat(seat) {
    marks[seat] = markOf(seats.states[seat],
      { isDim: isDim(seat), isMine: chosen.has(seat), flags: book.flags[seat] });
  }

  /** Colour and words of each section: its main category, paler the fewer seats are free. */
  function lookAgain() {
    looks = geometry.sections.map((section, at) => {
      const { free, total } = seats.inSection(at);
      const part = total && free ? 0.25 + 0.55 * (free / total) : 0.06;
      return { color: palette[seats.mainCategory(at)] || [0.5, 0.5, 0.5], part,
        words: sectionWords(at), isHover: at === hovered };
    });
  }

  function redraw() {
    if (!frame) frame = requestAnimationFrame(paint);
  }

  function paint() {
    frame = 0;
    if (!view.width || !colors) return;
    layer.draw(view, ratio, colors);
    lookAgain();
    top.draw({ view, ratio, colors, looks, chosen, grid, marks });
    // Only a map that can be moved may take the finger that scrolls the page.
    stage.classList.toggle('zoomed', !view.isFitted);
    node.dataset.seatPx = view.seatPx.toFixed(1);
  }

  function move(work) {
    work();
    redraw();
  }

  function resize() {
    const box = stage.getBoundingClientRect();
    if (!box.width || !box.height) return;
    ratio = Math.min(RATIO_MAX, devicePixelRatio || 1);
    for (const canvas of [seatCanvas, topCanvas]) {
      canvas.width = Math.round(box.width * ratio);
      canvas.height = Math.round(box.height * ratio);
    }
    move(() => view.resize(box.width, box.height));
  }

  function readScheme() {
    colors = scheme(node);
    redraw();
  }

  const seatUnder = (x, y, reach, accept) => {
    const [planX, planY] = view.toPlan(x, y);
    return grid.nearest(planX, planY, Math.max(geometry.pitch * 0.6, reach / view.scale), accept);
  };
  const canPick = (seat) => chosen.has(seat) || mayPick(seat);

  function closer(x, y) {
    const near = seatUnder(x, y, 24);
    const hit = top.sectionAt(x, y, view);
    const { box } = geometry.sections[hit < 0 && near >= 0 ? book.section[near] : hit] || {};
    if (box && view.seatPx < 5) {
      const [planX, planY] = view.toPlan(x, y);
      const wanted = Math.max(view.scale * 1.8, Math.min(view.width / (box.w || 1),
        view.height / (box.h || 1)) * 0.8);
      view.centre(wanted > view.scale * 4 ? [planX, planY] : [box.x + box.w / 2, box.y + box.h / 2],
        wanted);
    } else {
      view.zoomAt(Math.min(5, Math.max(2, (TOUCH_PX * 1.4) / view.seatPx)), x, y);
    }
    redraw();
  }

  gestures(stage, {
    pan: (dx, dy) => move(() => view.pan(dx, dy)),
    zoom: (factor, x, y) => move(() => view.zoomAt(factor, x, y)),
    fit: () => move(() => view.fit()),
    doubleTap: (x, y) => move(() => view.zoomAt(2.4, x, y)),
    tap(x, y, isTouch) {
      if (view.seatPx < (isTouch ? TOUCH_PX : MOUSE_PX)) {
        closer(x, y);
        return;
      }
      const seat = seatUnder(x, y, isTouch ? 14 : 4, canPick);
      if (seat >= 0) onToggle(seat);
      else {
        const other = seatUnder(x, y, 4);
        caption.textContent = other >= 0 ? describe(other) : 'Tap a seat to choose it.';
      }
    },
    hover(x, y) {
      if (x < 0) {
        if (hovered >= 0) move(() => { hovered = -1; });
        return;
      }
      const seat = view.seatPx >= MOUSE_PX ? seatUnder(x, y, 2) : -1;
      const section = seat >= 0 ? -1 : top.sectionAt(x, y, view);
      stage.classList.toggle('over-seat', seat >= 0 && canPick(seat));
      if (seat >= 0) caption.textContent = describe(seat);
      else if (section >= 0) {
        caption.textContent = `${geometry.sections[section].name}: ${sectionWords(section)}`;
      }
      if (section !== hovered) move(() => { hovered = section; });
    },
  });

  const watcher = new ResizeObserver(resize);
  watcher.observe(stage);
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', readScheme);
  requestAnimationFrame(readScheme);

  return {
    node,
    /** These seats changed; without a list, all may have. */
    update(list) {
      if (list) list.forEach(markSeat);
      else for (let seat = 0; seat < marks.length; seat += 1) markSeat(seat);
      layer.setMarks(marks, list);
      redraw();
    },
    choose(set) {
      const both = [...new Set([...chosen, ...set])].filter((seat) => chosen.has(seat) !== set.has(seat));
      chosen = new Set(set);
      this.update(both);
    },
    /** Brings a seat into view, near enough to stand out from its neighbours. */
    reveal(seat) {
      move(() => view.centre([geometry.x[seat], geometry.y[seat]],
        Math.max(view.scale, (TOUCH_PX * 1.5) / geometry.pitch)));
    },
    close() {
      watcher.disconnect();
      dark.removeEventListener('change', readScheme);
      cancelAnimationFrame(frame);
    },
  };
}
