// Owns what lies over the seats: section shapes from afar, section names, rings around chosen
// seats, seat numbers from near.
import { grow } from './geometry.js';
import { DIM, MINE, css, mix } from './marks.js';

/** Sections are shapes below this seat width, and only outlines above the second. */
const SHAPE_PX = 2.4;
const SEATS_PX = 4.5;
const NUMBER_PX = 19;

/** How much of the section shape covers the seats: 1 from afar, 0 from near. */
export const cover = (seatPx) =>
  Math.min(1, Math.max(0, (SEATS_PX - seatPx) / (SEATS_PX - SHAPE_PX)));

export function overlay(canvas, geometry, book, palette) {
  const pen = canvas.getContext('2d');
  const shapes = geometry.sections.map(({ outline }) => {
    const path = new Path2D();
    outline.forEach(([x, y], at) => (at ? path.lineTo(x, y) : path.moveTo(x, y)));
    path.closePath();
    return path;
  });

  function drawShapes(view, ratio, colors, looks) {
    const covered = cover(view.seatPx);
    pen.setTransform(ratio * view.scale, 0, 0, ratio * view.scale, ratio * view.shiftX, ratio * view.shiftY);
    shapes.forEach((shape, at) => {
      const look = looks[at];
      if (covered > 0) {
        pen.fillStyle = css(mix(colors.ground, look.color, look.part), covered);
        pen.fill(shape);
      }
      pen.lineWidth = (look.isHover ? 2.5 : 1) / view.scale;
      pen.strokeStyle = look.isHover ? css(colors.ink) : css(mix(colors.ground, colors.quiet, 0.55), 0.8);
      pen.stroke(shape);
    });
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  /** Names where they fit and meet no other name; big sections go first. */
  function drawNames(view, colors, looks) {
    const taken = [];
    const order = geometry.sections.map((_, at) => at)
      .sort((a, b) => geometry.sections[b].count - geometry.sections[a].count);
    pen.textAlign = 'center';
    pen.textBaseline = 'middle';
    if (view.seatPx > 15) return;
    const isNear = cover(view.seatPx) < 0.5;
    const detailOf = (section, words, room, size) => {
      if (isNear || section.box.h * view.scale < size * 3) return '';
      return pen.measureText(words).width * 0.8 < room * 0.9 ? words : '';
    };
    for (const at of order) {
      const section = geometry.sections[at];
      if (!section.count) continue;
      const [x, y] = view.toScreen(...section.centre);
      if (x < -60 || y < -30 || x > view.width + 60 || y > view.height + 30) continue;
      const room = section.box.w * view.scale;
      const size = isNear ? 14 : Math.max(11, Math.min(16, room / 5));
      pen.font = `650 ${size}px ${colors.font}`;
      const width = pen.measureText(section.name).width;
      const detail = detailOf(section, looks[at].words, room, size);
      const [w, h] = [Math.max(width, 40) + 6, size * (detail ? 2.3 : 1.2)];
      if (width > Math.max(room, section.box.h * view.scale * 0.6) * 1.1) continue;
      const box = [x - w / 2, y - h / 2, x + w / 2, y + h / 2];
      if (taken.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3]
        && other[1] < box[3])) continue;
      taken.push(box);
      write(section.name, x, detail ? y - size * 0.55 : y, colors);
      if (detail) {
        pen.font = `${Math.max(11, size * 0.8)}px ${colors.font}`;
        write(detail, x, y + size * 0.6, colors);
      }
    }
  }

  function write(text, x, y, colors) {
    pen.lineWidth = 3.5;
    pen.lineJoin = 'round';
    pen.strokeStyle = css(colors.ground, 0.92);
    pen.strokeText(text, x, y);
    pen.fillStyle = css(colors.ink);
    pen.fillText(text, x, y);
  }

  function drawChosen(view, colors, chosen) {
    for (const seat of chosen) {
      const [x, y] = view.toScreen(geometry.x[seat], geometry.y[seat]);
      const radius = Math.max(7, view.seatPx * 0.575 + 3);
      pen.beginPath();
      pen.arc(x, y, radius, 0, 7);
      pen.lineWidth = 5;
      pen.strokeStyle = css(colors.ground);
      pen.stroke();
      pen.lineWidth = 2.5;
      pen.strokeStyle = css(colors.ring);
      pen.stroke();
      if (view.seatPx < 9) continue;
      pen.font = `700 ${view.seatPx * 0.62}px ${colors.font}`;
      pen.textAlign = 'center';
      pen.textBaseline = 'middle';
      pen.fillStyle = css(colors.ground);
      pen.fillText('✓', x, y + 0.5);
    }
  }

  function drawNumbers(view, grid, marks, colors) {
    if (view.seatPx < NUMBER_PX) return;
    pen.font = `600 ${Math.min(14, view.seatPx * 0.42)}px ${colors.font}`;
    pen.textAlign = 'center';
    pen.textBaseline = 'middle';
    grid.within(grow(view.visible, geometry.pitch), (seat) => {
      if ((marks[seat] & (3 | DIM | MINE)) !== 0) return;
      const [x, y] = view.toScreen(geometry.x[seat], geometry.y[seat]);
      const [r, g, b] = palette[book.category[seat]] || [0, 0, 0];
      pen.fillStyle = 0.3 * r + 0.59 * g + 0.11 * b > 0.6 ? '#10181f' : '#fff';
      pen.fillText(book.name(seat).seat, x, y + 0.5);
    });
  }

  return {
    draw({ view, ratio, colors, looks, chosen, grid, marks }) {
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.clearRect(0, 0, view.width, view.height);
      drawShapes(view, ratio, colors, looks);
      drawNumbers(view, grid, marks, colors);
      drawNames(view, colors, looks);
      drawChosen(view, colors, chosen);
    },
    /** The section at a screen point, or -1. */
    sectionAt(x, y, view) {
      const [planX, planY] = view.toPlan(x, y);
      pen.setTransform(1, 0, 0, 1, 0, 0);
      return shapes.findIndex((shape) => pen.isPointInPath(shape, planX, planY));
    },
  };
}
