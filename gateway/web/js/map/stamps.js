// Owns how one seat looks as pixels, and setting many of them down: the same shapes as the shader
// of gl.js draws, on the ground. Pure: arrays of bytes, no canvas.
import { DIM, MINE, SQUARE, mix } from './marks.js';

/** How wide a mark of each state is, of a seat's width: states differ by size, not colour alone. */
export const PARTS = [1, 0.86, 0.52, 0.3];
const MINE_PART = 1.15;
/** A stamp falls on whole pixels; so many positions between two of them look different. */
const STEPS = 2;

const smooth = (from, to, value) => {
  const part = Math.min(1, Math.max(0, (value - from) / (to - from)));
  return part * part * (3 - 2 * part);
};

/** How much of a pixel is painted at (x, y) of a mark from -1 to 1, `px` pixels wide. */
function alphaAt(x, y, mark, px) {
  const corner = (value) => Math.max(0, Math.abs(value) - 0.55);
  const far = mark & SQUARE ? Math.hypot(corner(x), corner(y)) / 0.45 : Math.hypot(x, y);
  const soft = Math.min(0.9, 2.5 / px);
  const alpha = px < 3 ? Number(Math.max(Math.abs(x), Math.abs(y)) <= 1) : 1 - smooth(1 - soft, 1, far);
  if (!(mark & DIM) || mark & MINE) return alpha;
  const hollow = px > 6 ? smooth(0.62, 0.62 + soft, far) : 0.6;
  return alpha * (0.3 * hollow + 0.1);
}

/** One look → { size, pixels }, `shift` of a pixel off the middle. */
function stamp(mark, color, colors, diameter, shiftX, shiftY) {
  const state = mark & 3;
  const isMine = (mark & MINE) !== 0;
  const px = Math.max(1, diameter * (isMine ? MINE_PART : PARTS[state]));
  // Odd, so that its middle is a pixel.
  const size = (Math.ceil(px) + 1) | 1;
  const pixels = new Uint8ClampedArray(size * size * 4);
  const flat = isMine ? colors.ring : state >= 2 ? colors.taken : color;
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      const x = ((column + 0.5 - size / 2 - shiftX) / px) * 2;
      const y = ((row + 0.5 - size / 2 - shiftY) / px) * 2;
      const alpha = alphaAt(x, y, mark, px);
      if (alpha < 0.02) continue;
      let tone = flat;
      if (state === 1 && !isMine) {
        const stripe = px > 7 && ((column + row) / Math.max(4, px / 4)) % 1 >= 0.5 ? 1 : 0;
        tone = mix(colors.ground, color, 0.3 + 0.35 * stripe);
      }
      const [r, g, b] = mix(colors.ground, tone, alpha);
      pixels.set([r * 255, g * 255, b * 255, alpha * 255], (row * size + column) * 4);
    }
  }
  return { size, pixels: new Uint32Array(pixels.buffer) };
}

/** Looks of one size, made when they are first needed. Marks are a byte, categories at most 64. */
export class Stamps {
  constructor(palette, colors, diameter) {
    Object.assign(this, { palette, colors, diameter, made: new Map() });
    const [r, g, b] = colors.ground.map((value) => Math.round(value * 255));
    /** The pixel where there is no seat: no density. */
    this.ground = (b << 16) | (g << 8) | r;
  }

  of(mark, category, stepX, stepY) {
    const key = ((mark << 6) | category) * STEPS * STEPS + stepX * STEPS + stepY;
    let made = this.made.get(key);
    if (!made) {
      const shift = (step) => (step + 0.5) / STEPS - 0.5;
      made = stamp(mark, this.palette[category] || [0.5, 0.5, 0.5], this.colors, this.diameter, shift(stepX), shift(stepY));
      this.made.set(key, made);
    }
    return made;
  }

  /** Sets a seat down, its middle at (x, y); where marks meet, the denser pixel stays. */
  put(image, width, height, x, y, mark, category) {
    const [wholeX, wholeY] = [Math.floor(x), Math.floor(y)];
    const { size, pixels } = this.of(mark, category, Math.floor((x - wholeX) * STEPS), Math.floor((y - wholeY) * STEPS));
    const left = wholeX - ((size - 1) >> 1);
    const top = wholeY - ((size - 1) >> 1);
    const from = Math.max(0, -left);
    const to = Math.min(size, width - left);
    for (let row = Math.max(0, -top); row < Math.min(size, height - top); row += 1) {
      const target = (top + row) * width + left;
      for (let column = from; column < to; column += 1) {
        const pixel = pixels[row * size + column];
        if ((pixel >>> 24) > (image[target + column] >>> 24)) image[target + column] = pixel;
      }
    }
  }
}
