// Owns the shapes of sections and of what everybody looks at: round paths, filled and stroked, some or all of them.
import { css, mix } from './marks.js';

/** Sections are shapes below this seat width, and only outlines above the second. */
const SHAPE_PX = 2.4;
const SEATS_PX = 4.5;

/** How much of the section shape covers the seats: 1 from afar, where no seat need be drawn, 0 from near. */
export const cover = (seatPx) =>
  Math.min(1, Math.max(0, (SEATS_PX - seatPx) / (SEATS_PX - SHAPE_PX)));

/** Draws a closed outline with corners of this radius into a path or pen. */
export function trace(path, points, radius) {
  const along = ([ax, ay], [bx, by]) => {
    const length = Math.hypot(bx - ax, by - ay) || 1;
    const part = Math.min(0.5, radius / length);
    return [ax + (bx - ax) * part, ay + (by - ay) * part];
  };
  points.forEach((corner, at) => {
    const before = points[(at + points.length - 1) % points.length];
    const after = points[(at + 1) % points.length];
    const [startX, startY] = along(corner, before);
    if (at) path.lineTo(startX, startY);
    else path.moveTo(startX, startY);
    path.quadraticCurveTo(...corner, ...along(corner, after));
  });
  path.closePath();
  return path;
}

export function shapesOf(geometry) {
  const paths = geometry.sections.map(({ outline }) => trace(new Path2D(), outline, geometry.pitch * 1.5));
  const { stage } = geometry;

  /** The colour of a section: its main category, paler the fewer seats are free; grey when none is. */
  const tone = ({ color, part }, colors) => (part ? mix(colors.ground, color, part) : mix(colors.ground, colors.taken, 0.3));

  function drawStage(pen, scale, colors) {
    if (!stage) return;
    const { x, y, w, h } = stage;
    pen.beginPath();
    trace(pen, [[x, y], [x + w, y], [x + w, y + h], [x, y + h]], Math.min(w, h) * 0.12);
    pen.fillStyle = css(mix(colors.ground, colors.quiet, 0.16));
    pen.fill();
    pen.lineWidth = 1 / scale;
    pen.strokeStyle = css(mix(colors.ground, colors.quiet, 0.6));
    pen.stroke();
  }

  return {
    /** Those of `list`, or all, in the pen's own units, which are the plan's: `scale` says how large they are. */
    draw(pen, { scale, covered, colors, looks, list }) {
      drawStage(pen, scale, colors);
      pen.lineWidth = 1 / scale;
      pen.strokeStyle = css(mix(colors.ground, colors.quiet, 0.55), 0.8);
      for (const at of list || paths.keys()) {
        if (covered > 0) {
          pen.fillStyle = css(tone(looks[at], colors), covered);
          pen.fill(paths[at]);
        }
        pen.stroke(paths[at]);
      }
    },
    outline(pen, at, width, color) {
      pen.lineWidth = width;
      pen.strokeStyle = color;
      pen.stroke(paths[at]);
    },
    /** The section at a point of the plan, or -1. */
    at(pen, x, y) {
      pen.setTransform(1, 0, 0, 1, 0, 0);
      return paths.findIndex((path) => pen.isPointInPath(path, x, y));
    },
  };
}
