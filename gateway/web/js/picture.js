// Owns how a picture of an event is shown: in the width a screen needs, with room kept for it before
// it is there. One that does not come leaves nothing behind.
import { el } from './dom.js';

/** The widths every picture is served in. */
const WIDTHS = [480, 960, 1920];

/** What a browser chooses from; a picture smaller than a width is the same in all above. Pure. */
export function choices({ path, width }) {
  const at = (wide) => path.replace(/\d+$/u, String(wide));
  const first = WIDTHS.findIndex((wide) => wide >= width);
  const useful = first < 0 ? WIDTHS : WIDTHS.slice(0, first + 1);
  return { src: at(useful.at(-1) > 960 ? 960 : useful.at(-1)),
    srcset: useful.map((wide) => `${at(wide)} ${Math.min(wide, width)}w`).join(', ') };
}

/** `sizes` is how wide it is shown, as in CSS. */
export function picture(one, sizes, attributes = {}) {
  const node = el('img', { ...choices(one), sizes, width: String(one.width), height: String(one.height), alt: one.alternative,
    decoding: 'async', ...attributes });
  node.addEventListener('error', () => node.remove());
  return node;
}
