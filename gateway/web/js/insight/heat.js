// Owns the map by time to sell: the same map as the shop's, its colours by how fast a seat went.
import { el } from '../dom.js';
import { seatMap } from '../map/map.js';
import { SeatBook } from '../seats/book.js';
import { FREE, SOLD } from '../seats/status.js';
import { heat, span } from './series.js';

/** From fast to slow; each differs from its neighbour without colour, by how light it is. */
const TONES = ['#7a0403', '#c42503', '#f0740e', '#e1b32c', '#8fbf4d', '#3d8bb5', '#30509c'];

/** { node, close } of a plan and the seconds each seat took. */
export function heatMap(plan, times) {
  const book = new SeatBook(plan);
  const { bounds, level } = heat(times, TONES.length);
  const shown = Object.create(book, { category: { value: level.map((one) => Math.max(0, one - 1)) } });
  const states = level.map((one) => (one ? FREE : SOLD));
  const parts = plan.sections.map(() => ({ sold: 0, total: 0, levels: new Uint32Array(TONES.length), times: [] }));
  level.forEach((one, seat) => {
    const part = parts[book.section[seat]];
    part.total += 1;
    if (!one) return;
    part.sold += 1;
    part.levels[one - 1] += 1;
    part.times.push(times[seat] - 1);
  });
  parts.forEach((part) => part.times.sort((a, b) => a - b));
  const median = ({ times: all }) => (all.length ? span(all[all.length >> 1]) : 'none sold');
  const seats = {
    states,
    inSection: (at) => ({ free: parts[at].sold, total: parts[at].total }),
    mainCategory: (at) => parts[at].levels.indexOf(Math.max(...parts[at].levels)),
  };
  const describe = (seat) => {
    const { section, row, seat: label } = book.name(seat);
    return `${section}, row ${row}, seat ${label}: ${times[seat] ? `sold after ${span(times[seat] - 1)}` : 'not sold'}`;
  };
  const map = seatMap({ book: shown, seats, categories: TONES.map((color) => ({ color })), isDim: () => false, describe,
    sectionWords: (at) => median(parts[at]), onToggle: () => {} });
  map.update();
  const scale = el('ol', { class: 'heat-scale', 'aria-label': 'Colours, from fast to slow' }, TONES.slice(0, bounds.length).map((tone, at) => {
    const box = el('span', { class: 'heat-box', 'aria-hidden': 'true' });
    box.style.setProperty('--tone', tone);
    return el('li', {}, box, `within ${span(bounds[at])}`);
  }), el('li', {}, 'grey: not sold'));
  const rows = plan.sections.map((section, at) => el('tr', {}, el('th', { scope: 'row' }, section.name),
    el('td', { class: 'number' }, `${parts[at].sold} of ${parts[at].total}`), el('td', { class: 'number' }, median(parts[at]))));
  const table = el('details', {}, el('summary', {}, 'As a table'), el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Time to sell by section' },
    el('table', { class: 'parts' }, el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Section'), el('th', { scope: 'col', class: 'number' }, 'Sold'),
      el('th', { scope: 'col', class: 'number' }, 'Half of them within'))), el('tbody', {}, rows))));
  return { node: el('div', { class: 'stack' }, scale, map.node, table), close: () => map.close() };
}
