// Owns the words on the map: which names fit where, and pictures of words, since writing them anew each frame is slow.
import { el } from '../dom.js';
import { css } from './marks.js';
import { cover } from './shapes.js';

/** From this seat width on seats have numbers and rows have labels: names would lie over them. */
export const NUMBER_PX = 19;
const NEAR_SIZE = 14;
/** Names, details of all sections in a few sizes, rows, numbers: dropped as a whole when there are more. */
const WORDS_MAX = 2000;

/**
 * Names where they fit and meet no other name; big sections go first. From near every section has its name, since no
 * other is in its way: at some distance each is named. `widthOf(text, size)` measures; `looks` have the second line. What
 * of it is on the screen does not matter, so that a name does not come and go while the map is moved.
 */
export function placeNames(geometry, { seatPx, scale }, looks, widthOf) {
  if (seatPx > NUMBER_PX) return [];
  const isNear = cover(seatPx) < 0.5;
  const placed = [];
  for (const at of geometry.bySize) {
    const section = geometry.sections[at];
    const [x, y] = section.centre.map((value) => value * scale);
    const room = section.box.w * scale;
    // Whole sizes, so that the pictures of words are few.
    const size = isNear ? NEAR_SIZE : Math.round(Math.max(11, Math.min(16, room / 5)));
    const width = widthOf(section.name, size);
    if (!isNear && width > Math.max(room, section.box.h * scale * 0.6) * 1.1) continue;
    const words = looks[at]?.words || '';
    const hasDetail = !isNear && words && section.box.h * scale >= size * 3 && widthOf(words, size) * 0.8 < room * 0.9;
    const [w, h] = [(hasDetail ? Math.max(width, widthOf(words, size) * 0.8) : width) + 4, size * (hasDetail ? 2.3 : 1.2)];
    const box = [x - w / 2, y - h / 2, x + w / 2, y + h / 2];
    const isFree = placed.every(({ box: other }) => box[0] >= other[2] || other[0] >= box[2] || box[1] >= other[3]
      || other[1] >= box[3]);
    if (isFree) placed.push({ at, box, centre: section.centre, size, name: section.name, detail: hasDetail ? words : '' });
  }
  return placed;
}

/** Pictures of words in the scheme's colours, with a halo that keeps them readable on any colour. */
export class Words {
  constructor(colors, ratio) {
    Object.assign(this, { colors, ratio, pictures: new Map(), widths: new Map() });
    this.pen = el('canvas', { width: 1, height: 1 }).getContext('2d');
    this.pen.font = `650 16px ${colors.font}`;
  }

  /** At any size it is as much wider. */
  width(text, size) {
    if (!this.widths.has(text)) this.widths.set(text, this.pen.measureText(text).width / 16);
    return this.widths.get(text) * size;
  }

  #picture(text, size, look) {
    const key = `${size} ${look} ${text}`;
    const known = this.pictures.get(key);
    if (known) return known;
    if (this.pictures.size > WORDS_MAX) this.pictures.clear();
    const { ratio, colors } = this;
    const canvas = el('canvas', { width: Math.ceil((this.width(text, size) + 10) * ratio), height: Math.ceil((size * 1.5 + 6) * ratio) });
    const pen = canvas.getContext('2d');
    pen.scale(ratio, ratio);
    pen.font = `${look === 'quiet' ? 450 : 650} ${size}px ${colors.font}`;
    pen.textAlign = 'center';
    pen.textBaseline = 'middle';
    const [x, y] = [canvas.width / ratio / 2, canvas.height / ratio / 2];
    if (look !== 'light' && look !== 'dark') {
      pen.lineWidth = 3.5;
      pen.lineJoin = 'round';
      pen.strokeStyle = css(colors.ground, 0.92);
      pen.strokeText(text, x, y);
    }
    pen.fillStyle = { light: '#fff', dark: '#10181f', quiet: css(colors.quiet) }[look] || css(colors.ink);
    pen.fillText(text, x, y);
    this.pictures.set(key, canvas);
    return canvas;
  }

  /** Writes with the middle at (x, y). `look`: ink, quiet, or without a halo light or dark. */
  write(pen, text, x, y, size, look = 'ink') {
    const picture = this.#picture(text, size, look);
    const [w, h] = [picture.width / this.ratio, picture.height / this.ratio];
    pen.drawImage(picture, x - w / 2, y - h / 2, w, h);
  }
}
