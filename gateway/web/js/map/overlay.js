// Owns what lies over sections and seats: names, labels of rows, rings around chosen seats, seat numbers from near.
import { grow } from './geometry.js';
import { DIM, MINE, css } from './marks.js';
import { NUMBER_PX, Words, placeNames } from './names.js';

/** From this seat width on rows are labelled at their ends. */
const ROW_PX = 11;

export function overlay(geometry, book, palette) {
  let words = null;
  let names = null;

  function drawNames(pen, view, looks) {
    if (geometry.stage) {
      const { x, y, w, h, name } = geometry.stage;
      const size = Math.round(Math.max(11, Math.min(18, (w * view.scale) / 6)));
      if (words.width(name, size) < w * view.scale * 0.9) {
        words.write(pen, name, ...view.toScreen(x + w / 2, y + h / 2), size, 'quiet');
      }
    }
    if (names?.scale !== view.scale || names.looks !== looks || names.words !== words) {
      names = { scale: view.scale, looks, words, list: placeNames(geometry, view, looks, (text, px) => words.width(text, px)) };
    }
    for (const { centre, box, size, name, detail } of names.list) {
      const [x, y] = view.toScreen(...centre);
      const [w, h] = [box[2] - box[0], box[3] - box[1]];
      if (x < -w || y < -h || x > view.width + w || y > view.height + h) continue;
      words.write(pen, name, x, detail ? y - size * 0.55 : y, size);
      if (detail) words.write(pen, detail, x, y + size * 0.6, Math.max(11, Math.round(size * 0.8)));
    }
  }

  /** Beside the first and the last seat of each row that is on the screen. */
  function drawRows(pen, view) {
    if (view.seatPx < ROW_PX) return;
    const size = Math.round(Math.min(14, view.seatPx * 0.7));
    // A label stands a seat's distance outside: it may be in view, or in another tile, where its row is not.
    const reach = 40 + geometry.pitch * view.scale;
    for (const { lines, labels, box } of geometry.sections) {
      const [left, top] = view.toScreen(box.x, box.y);
      const [right, bottom] = view.toScreen(box.x + box.w, box.y + box.h);
      if (right < -reach || bottom < -reach || left > view.width + reach || top > view.height + reach) continue;
      lines.forEach((line, at) => {
        if (!labels[at]) return;
        for (const [end, next] of [[line[0], line[1]], [line.at(-1), line.at(-2)]]) {
          const [x, y] = view.toScreen(geometry.x[end], geometry.y[end]);
          if (x < -reach || y < -reach || x > view.width + reach || y > view.height + reach) continue;
          const [nextX, nextY] = next === undefined ? [geometry.x[end] + 1, geometry.y[end]] : [geometry.x[next], geometry.y[next]];
          const [dx, dy] = [geometry.x[end] - nextX, geometry.y[end] - nextY];
          const away = (geometry.pitch * view.scale) / (Math.hypot(dx, dy) || 1);
          words.write(pen, labels[at], x + dx * away, y + dy * away, size, 'quiet');
        }
      });
    }
  }

  function drawChosen(pen, view, colors, chosen) {
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

  function drawNumbers(pen, view, grid, marks) {
    if (view.seatPx < NUMBER_PX) return;
    const size = Math.round(Math.min(14, view.seatPx * 0.42));
    grid.within(grow(view.visible, geometry.pitch), (seat) => {
      if ((marks[seat] & (3 | DIM | MINE)) !== 0) return;
      const { seat: label } = book.name(seat);
      if (!label) return;
      const [x, y] = view.toScreen(geometry.x[seat], geometry.y[seat]);
      const [r, g, b] = palette[book.category[seat]] || [0, 0, 0];
      words.write(pen, label, x, y, size, 0.3 * r + 0.59 * g + 0.11 * b > 0.6 ? 'dark' : 'light');
    });
  }

  return {
    /** What moves with the seats, over what is there already; the pen's unit becomes a pixel of the page. */
    draw(pen, { view, ratio, colors, looks, grid, marks }) {
      if (words?.colors !== colors || words.ratio !== ratio) words = new Words(colors, ratio);
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      drawNumbers(pen, view, grid, marks);
      drawRows(pen, view);
      drawNames(pen, view, looks);
    },
    ring(pen, { view, ratio, colors, chosen }) {
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      drawChosen(pen, view, colors, chosen);
    },
  };
}
