// Owns the picture of where held seats are in the house: all blocks, theirs in colour, a ring around them.
import { el } from '../dom.js';
import { SeatBook } from '../seats/book.js';
import { planOf } from '../seats/columns.js';
import { layOut } from './geometry.js';
import { css, rgb, scheme } from './marks.js';
import { shapesOf } from './shapes.js';
import { View } from './view.js';

const HEIGHT = 150;
const RATIO_MAX = 2;
/** Wide enough to be seen on a map of 200,000 seats. */
const RING_PX = 9;

/** A picture for `seats` of the event at `base`; nothing for a reader, who has the list. */
export async function placePicture(base, seats) {
  const plan = await planOf(base);
  const book = new SeatBook(plan);
  const geometry = layOut(plan);
  const shapes = shapesOf(geometry);
  const theirs = new Set(seats.map((seat) => book.section[seat]));
  const looks = geometry.sections.map(({ range: [first] }, at) => ({
    color: theirs.has(at) ? rgb(plan.categories[book.category[first]]?.color) : [0.5, 0.55, 0.55], part: theirs.has(at) ? 0.85 : 0.22 }));
  const canvas = el('canvas', { class: 'place-picture', 'aria-hidden': 'true' });
  const view = new View(geometry.box, geometry.pitch);

  function draw() {
    const width = canvas.clientWidth;
    if (!width) return;
    const ratio = Math.min(RATIO_MAX, devicePixelRatio || 1);
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(HEIGHT * ratio);
    view.resize(width, HEIGHT);
    view.fit();
    const colors = scheme(canvas);
    const pen = canvas.getContext('2d');
    pen.setTransform(ratio * view.scale, 0, 0, ratio * view.scale, ratio * view.shiftX, ratio * view.shiftY);
    shapes.draw(pen, { scale: view.scale, covered: 1, colors, looks });
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const middle = seats[seats.length >> 1];
    pen.beginPath();
    pen.arc(...view.toScreen(geometry.x[middle], geometry.y[middle]), RING_PX, 0, 7);
    pen.lineWidth = 6;
    pen.strokeStyle = css(colors.ground);
    pen.stroke();
    pen.lineWidth = 3;
    pen.strokeStyle = css(colors.ring);
    pen.stroke();
  }
  new ResizeObserver(draw).observe(canvas);
  return canvas;
}
