// Owns drawing seats with Canvas 2D, where WebGL2 does not work: only the seats on the screen,
// and none while they would be specks (the sections are drawn as shapes then).
import { grow } from './geometry.js';
import { DIM, MINE, SQUARE, css, mix } from './marks.js';

/** Below this a seat is a speck; it also bounds how many can be on one screen. */
const SEAT_PX_MIN = 3;
const PARTS = [1, 0.86, 0.52, 0.3];

export function flatSeats(canvas, geometry, book, palette, grid) {
  const pen = canvas.getContext('2d');
  let marks = new Uint8Array(geometry.count);
  return {
    setMarks(all) {
      marks = all;
    },
    draw(view, ratio, colors) {
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.clearRect(0, 0, view.width, view.height);
      if (view.seatPx < SEAT_PX_MIN) return;
      // One path for each look, so that there are few fills instead of many.
      const looks = new Map();
      grid.within(grow(view.visible, geometry.pitch), (seat) => {
        const look = (marks[seat] << 6) | book.category[seat];
        if (!looks.has(look)) looks.set(look, new Path2D());
        const [x, y] = view.toScreen(geometry.x[seat], geometry.y[seat]);
        const part = marks[seat] & MINE ? 1.15 : PARTS[marks[seat] & 3];
        const radius = Math.max(0.5, (view.seatPx * part) / 2);
        const path = looks.get(look);
        if (radius < 3 || marks[seat] & SQUARE) path.rect(x - radius, y - radius, 2 * radius, 2 * radius);
        else {
          path.moveTo(x + radius, y);
          path.arc(x, y, radius, 0, 7);
        }
      });
      for (const [look, path] of looks) {
        const [mark, color] = [look >> 6, palette[look & 63]];
        const state = mark & 3;
        const tone = mark & MINE ? colors.ring : state >= 2 ? colors.taken
          : state === 1 ? mix(colors.ground, color, 0.4) : color;
        pen.fillStyle = css(tone, mark & DIM && !(mark & MINE) ? 0.22 : 1);
        pen.fill(path);
      }
    },
  };
}
