// Owns a bar of parts with the table that says the same: the drawing is for eyes alone.
import { el } from '../dom.js';
import { count } from '../format.js';
import { percent } from './words.js';

/**
 * `parts`: { words, people, kind, more } with kind `good`, `wait` or `out`; `more` is a node for the
 * last column. Parts without people are left out.
 */
export function bar(caption, parts, total) {
  const some = parts.filter(({ people }) => people > 0);
  const strip = el('div', { class: 'strip', 'aria-hidden': 'true' }, some.map(({ people, kind }, at) => {
    const piece = el('span', { class: `piece ${kind} nth-${at % 4}` });
    piece.style.setProperty('--share', people);
    return piece;
  }));
  const hasMore = some.some(({ more }) => more);
  const rows = some.map(({ words, people, kind, more }, at) => el('tr', {},
    el('th', { scope: 'row' }, el('span', { class: `swatch-box ${kind} nth-${at % 4}`, 'aria-hidden': 'true' }), words),
    el('td', { class: 'number' }, count(people)), el('td', { class: 'number share-of' }, percent(total ? people / total : 0)),
    hasMore ? el('td', {}, more || '') : null));
  const table = el('table', { class: 'parts' }, el('caption', {}, caption),
    el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'What'), el('th', { scope: 'col', class: 'number' }, 'People'),
      el('th', { scope: 'col', class: 'number share-of' }, 'Share'), hasMore ? el('th', { scope: 'col' }, 'Who') : null)),
    el('tbody', {}, rows));
  return el('div', { class: 'bar-part' }, strip, table);
}
