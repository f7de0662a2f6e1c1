// Owns sheets that come late: what a page shows first does without them.
import { el } from './dom.js';

/** Adds `css/NAME.css` once. */
export function sheet(name) {
  if (document.querySelector(`link[href$="${name}.css"]`)) return;
  document.head.append(el('link', { rel: 'stylesheet', href: new URL(`../css/${name}.css`, import.meta.url).href }));
}
