// Owns the seat map as a whole: canvases, view, marks, taps, and drawing only when something
// changed. Start reading here; geometry, grid, names, stamps and view are pure and tested by themselves.
import { el, say } from '../dom.js';
import { t } from '../further.js';
import { FREE } from '../seats/status.js';
import { flatSeats } from './flat.js';
import { gestures } from './gestures.js';
import { glSeats } from './gl.js';
import { layOut } from './geometry.js';
import { Grid } from './grid.js';
import { css, markOf, rgb, scheme } from './marks.js';
import { overlay } from './overlay.js';
import { cover, shapesOf } from './shapes.js';
import { smallMap } from './small.js';
import { View } from './view.js';

/** Sharp enough for text; more would only cost battery. */
const RATIO_MAX = 2;
/** From this seat width on, a tap means a seat; below, it means “closer”. */
const TOUCH_PX = 15;
const MOUSE_PX = 8;
/** From this seat width on one can say which row is in the middle. */
const WHERE_PX = 5;
/** Sections are drawn anew at most so often, however many seats change. */
const LOOK_MS = 2000;

/**
 * `seats` is the live store; `isDim(seat)` the filter; `describe(seat)` one line about a seat;
 * `sectionWords(at, open)` two words under a section's name, `open` of whose seats are free and not filtered out;
 * `onToggle(seat)` a seat was picked; `mayPick(seat)` which can be: free ones, where nothing else is said.
 */
export function seatMap({ book, seats, categories, isDim, describe, sectionWords, onToggle,
  mayPick = (seat) => seats.states[seat] === FREE && !isDim(seat) }) {
  const geometry = layOut(book.plan);
  const grid = new Grid(geometry);
  const view = new View(geometry.box, geometry.pitch);
  const palette = categories.map(({ color }) => rgb(color));
  const marks = new Uint8Array(geometry.count);
  const open = new Uint32Array(geometry.sections.length);
  const shapes = shapesOf(geometry);
  const top = overlay(geometry, book, palette);
  const small = smallMap(geometry, shapes, (x, y) => move(() => view.centre([x, y], Math.max(view.scale, view.scaleMin * 4))));
  const where = el('p', { class: 'map-where' });
  const { node, stage, canvases, caption } = frameOf({ small, where, move: (work) => move(() => work(view)),
    isSchematic: geometry.isSchematic });
  const pen = canvases[1].getContext('2d');
  let layer = null;
  let isClear = true;
  let colors = null;
  let chosen = new Set();
  let hovered = -1;
  let ratio = 1;
  let frame = 0;
  let looks = null;
  let lookLater = 0;

  function drawFlat() {
    layer = flatSeats(geometry, book, palette, grid, shapes, (tilePen, part) => {
      top.draw(tilePen, { view: part, ratio, colors, looks, grid, marks });
      top.ring(tilePen, { view: part, ratio, colors, chosen });
    });
    layer.setMarks(marks);
    canvases[0].replaceWith(layer.node);
    node.dataset.renderer = 'canvas2d';
  }
  layer = glSeats(canvases[0], geometry, book, palette);
  if (layer) node.dataset.renderer = 'webgl2';
  else drawFlat();
  // A phone that takes the graphics memory back gets the plain drawing from then on.
  canvases[0].addEventListener('webglcontextlost', () => {
    drawFlat();
    resize();
  });

  function markSeat(seat) {
    const dim = isDim(seat);
    const is = markOf(seats.states[seat], { isDim: dim, isMine: chosen.has(seat), flags: book.flags[seat] });
    open[book.section[seat]] += (mayCount(is) ? 1 : 0) - (mayCount(marks[seat]) ? 1 : 0);
    marks[seat] = is;
  }

  /** Colour and words of each section: its main category, paler the fewer seats are free. */
  function lookAgain() {
    lookLater = 0;
    looks = geometry.sections.map((_, at) => {
      const { total } = seats.inSection(at);
      const part = total && open[at] ? 0.3 + 0.5 * (open[at] / total) : 0;
      return { color: palette[seats.mainCategory(at)] || [0.5, 0.5, 0.5], part, words: sectionWords(at, open[at]) };
    });
    redraw();
  }

  function redraw() {
    if (!frame) frame = requestAnimationFrame(paint);
  }

  function paint() {
    frame = 0;
    if (!view.width || !colors || !looks) return;
    const isUnfinished = layer.draw(view, ratio, colors, looks);
    drawTop();
    small.draw(view, ratio, colors, looks);
    sayWhere();
    // Only a map that can be moved may take the finger that scrolls the page.
    stage.classList.toggle('zoomed', !view.isFitted);
    const seatPx = view.seatPx.toFixed(1);
    if (node.dataset.seatPx !== seatPx) node.dataset.seatPx = seatPx;
    if (isUnfinished) redraw();
  }

  /** Over the points that the graphics processor draws; tiles have all of it but what is pointed at. */
  function drawTop() {
    const isFlat = Boolean(layer.node);
    if (isFlat && hovered < 0 && isClear) return;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, canvases[1].width, canvases[1].height);
    isClear = isFlat && hovered < 0;
    inPlan();
    if (!isFlat) shapes.draw(pen, { scale: view.scale, covered: cover(view.seatPx), colors, looks });
    if (hovered >= 0) shapes.outline(pen, hovered, 2.5 / view.scale, css(colors.ink));
    if (isFlat) return;
    top.draw(pen, { view, ratio, colors, looks, grid, marks });
    top.ring(pen, { view, ratio, colors, chosen });
  }

  const inPlan = () => pen.setTransform(ratio * view.scale, 0, 0, ratio * view.scale, ratio * view.shiftX, ratio * view.shiftY);

  function sayWhere() {
    const seat = view.isFitted || view.seatPx < WHERE_PX ? -1 : seatUnder(view.width / 2, view.height / 2, 60);
    if (seat < 0) {
      say(where, view.isFitted ? t`The whole map` : '');
      return;
    }
    const { section, row, isGeneral } = book.name(seat);
    say(where, isGeneral || !row ? section : t`${section} · row ${row}`);
  }

  function move(work) {
    work();
    redraw();
  }

  function resize() {
    const box = stage.getBoundingClientRect();
    if (!box.width || !box.height) return;
    ratio = Math.min(RATIO_MAX, devicePixelRatio || 1);
    isClear = true;
    for (const canvas of canvases) {
      canvas.width = Math.round(box.width * ratio);
      canvas.height = Math.round(box.height * ratio);
    }
    move(() => view.resize(box.width, box.height));
  }

  function readScheme() {
    colors = scheme(node);
    redraw();
  }

  function seatUnder(x, y, reach, accept) {
    const [planX, planY] = view.toPlan(x, y);
    return grid.nearest(planX, planY, Math.max(geometry.pitch * 0.6, reach / view.scale), accept);
  }
  const sectionAt = (x, y) => shapes.at(pen, ...view.toPlan(x, y));
  const canPick = (seat) => chosen.has(seat) || mayPick(seat);

  /** Between two blocks, the nearest is meant. */
  function sectionNear(x, y) {
    const hit = sectionAt(x, y);
    if (hit >= 0) return hit;
    const near = seatUnder(x, y, Math.hypot(view.width, view.height));
    return near >= 0 ? book.section[near] : -1;
  }

  function closer(x, y) {
    const { box } = geometry.sections[sectionNear(x, y)] || {};
    if (box && view.seatPx < 5) {
      const [planX, planY] = view.toPlan(x, y);
      const wanted = Math.max(view.scale * 1.8, Math.min(view.width / (box.w || 1),
        view.height / (box.h || 1)) * 0.8);
      const inside = (at, from, length) => Math.min(from + length, Math.max(from, at));
      view.centre(wanted > view.scale * 4 ? [inside(planX, box.x, box.w), inside(planY, box.y, box.h)]
        : [box.x + box.w / 2, box.y + box.h / 2], wanted);
    } else {
      view.zoomAt(Math.min(5, Math.max(2, (TOUCH_PX * 1.4) / view.seatPx)), x, y);
    }
    redraw();
  }

  gestures(stage, {
    pan: (dx, dy) => move(() => {
      hovered = -1;
      view.pan(dx, dy);
    }),
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
        caption.textContent = other >= 0 ? describe(other) : t`Tap a seat to choose it.`;
      }
    },
    hover(x, y) {
      if (x < 0) {
        if (hovered >= 0) move(() => { hovered = -1; });
        return;
      }
      const seat = view.seatPx >= MOUSE_PX ? seatUnder(x, y, 2) : -1;
      const section = seat >= 0 ? -1 : sectionAt(x, y);
      stage.classList.toggle('over-seat', seat >= 0 && canPick(seat));
      if (seat >= 0) caption.textContent = describe(seat);
      else if (section >= 0) {
        caption.textContent = `${geometry.sections[section].name}: ${sectionWords(section, open[section])}`;
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
      else {
        marks.fill(NOTHING);
        open.fill(0);
        for (let seat = 0; seat < marks.length; seat += 1) markSeat(seat);
      }
      layer.setMarks(marks, list);
      if (list) lookLater ||= setTimeout(lookAgain, LOOK_MS);
      else lookAgain();
      redraw();
    },
    choose(set) {
      const both = [...new Set([...chosen, ...set])].filter((seat) => chosen.has(seat) !== set.has(seat));
      chosen = new Set(set);
      if (!both.length) return;
      // Rings reach into the tiles beside their own.
      layer.renew?.();
      this.update(both);
    },
    /** The nearest seats to this one that `accept` takes, nearest first. */
    nearest(seat, accept) {
      const found = grid.nearest(geometry.x[seat], geometry.y[seat], geometry.pitch * 40, accept);
      return found;
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
      clearTimeout(lookLater);
    },
  };
}

/** A mark that no seat has, so that every seat counts as changed. */
const NOTHING = 3;
/** Free and not filtered out. */
const mayCount = (mark) => (mark & 7) === 0;

/** The map's parts on the page: what one presses stands beside the seats, never over them. */
function frameOf({ small, where, move, isSchematic }) {
  const canvases = [el('canvas', { 'aria-hidden': 'true' }), el('canvas', { 'aria-hidden': 'true' })];
  const caption = el('p', { class: 'map-caption' }, t`Tap a block to zoom in, then a seat to choose it.`);
  const stage = el('div', {
    class: 'map-stage', tabindex: '0', role: 'application',
    'aria-label': t`Seat map. Arrow keys move it, plus and minus zoom, zero shows everything. The list before the map offers the same seats.`,
  }, ...canvases);
  const button = (sign, words, work) => el('button', {
    type: 'button', class: 'map-button', 'aria-label': words, onclick: () => move(work) }, sign);
  // A drawing has no direction of writing.
  const node = el('div', { class: 'map', dir: 'ltr' },
    el('div', { class: 'map-head' }, small.node, where,
      el('div', { class: 'map-buttons' }, button('+', t`Zoom in`, (view) => view.zoomAt(1.7)),
        button('−', t`Zoom out`, (view) => view.zoomAt(1 / 1.7)),
        button('⤢', t`Show the whole map`, (view) => view.fit()))),
    stage, caption,
    isSchematic ? el('p', { class: 'quiet' }, t`There is no drawing of this venue; blocks are shown in order.`) : null);
  return { node, stage, canvases, caption };
}
