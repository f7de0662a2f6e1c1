// Owns the byte that says how a seat is drawn, and the colours read from the style sheet.
import { ACCESSIBLE, COMPANION } from '../seats/book.js';

/** The two lowest bits are the state; then: filtered out, chosen or ours, a wheelchair place. */
export const DIM = 4;
export const MINE = 8;
export const SQUARE = 16;

export const markOf = (state, { isDim, isMine, flags }) =>
  state | (isDim ? DIM : 0) | (isMine ? MINE : 0) | (flags & (ACCESSIBLE | COMPANION) ? SQUARE : 0);

/** “#rrggbb” → [0..1, 0..1, 0..1]; anything else is a calm blue. */
export function rgb(color) {
  const match = /^#?([0-9a-f]{6})$/i.exec((color || '').trim());
  const value = parseInt(match ? match[1] : '5b7fa6', 16);
  return [(value >> 16) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
}

export const css = ([r, g, b], alpha = 1) =>
  `rgb(${Math.round(r * 255)} ${Math.round(g * 255)} ${Math.round(b * 255)} / ${alpha})`;

export const mix = (a, b, part) => a.map((value, at) => value + (b[at] - value) * part);

/** The scheme's colours; read again when the scheme changes. */
export function scheme(node) {
  const style = getComputedStyle(node);
  const read = (name) => rgb(style.getPropertyValue(name));
  return {
    ground: read('--map-ground'), taken: read('--map-taken'), ink: read('--map-ink'),
    quiet: read('--map-quiet'), ring: read('--map-ring'),
    font: style.fontFamily,
  };
}
