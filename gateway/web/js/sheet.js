// Owns sheets that come late: what a page shows first does without them.
import { el } from './dom.js';

/** The class of what has an event's colours on a page of several; its sheet is added once. Nothing where it has none. */
export function lookOf({ look }) {
  if (!look?.sheet) return '';
  const href = `${look.sheet}-part`;
  if (!document.querySelector(`link[href$="${href}"]`)) document.head.append(el('link', { rel: 'stylesheet', href }));
  return `look-${look.sheet.split('-').slice(1).join('-')}`;
}

/** Adds `css/NAME.css` once. */
export function sheet(name) {
  if (document.querySelector(`link[href$="${name}.css"]`)) return;
  document.head.append(el('link', { rel: 'stylesheet', href: new URL(`../css/${name}.css`, import.meta.url).href }));
}
