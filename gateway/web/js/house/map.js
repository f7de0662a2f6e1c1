// Owns choosing seats on the map: drawn when it is opened, since a list is enough for many; every seat
// that is not held or sold can be picked, those off sale among them.
import { el, say } from '../dom.js';
import { count } from '../format.js';
import { FREE, NOT_FOR_SALE } from '../seats/status.js';
import { STATES } from './words.js';

/** Wide enough to have the map beside everything else from the start. */
const OPEN_FROM = '(min-width: 64rem)';

/** One line about a seat: “Stalls, row A, seat 7: Circle, off sale”. Pure. */
export function seatLine(book, states, seat) {
  const { section, row, seat: label, category } = book.name(seat);
  const place = [section, row && `row ${row}`, label && `seat ${label}`].filter(Boolean).join(', ');
  return `${place}: ${category}, ${STATES[states[seat]]}`;
}

/** Which seats something can be done with. Pure. */
export const mayChange = (state) => state === FREE || state === NOT_FOR_SALE;

/** { node, update, choose, close }; `onPick(seat)` is called for each seat that is picked. */
export function houseMap({ book, seats, onPick, draw = () => import('../map/map.js') }) {
  const place = el('div', { class: 'map-place' });
  const node = el('details', { class: 'house-map wide' }, el('summary', {}, 'Choose on the map'), place);
  let map = null;
  let begun = false;
  let chosen = new Set();

  async function open() {
    if (begun || !node.open) return;
    begun = true;
    say(place, 'Drawing the map…');
    try {
      const { seatMap } = await draw();
      map = seatMap({ book, seats, categories: book.plan.categories, isDim: () => false,
        mayPick: (seat) => mayChange(seats.states[seat]),
        describe: (seat) => seatLine(book, seats.states, seat),
        sectionWords: (at) => `${count(seats.inSection(at).free)} free`,
        onToggle: onPick });
      place.replaceChildren(map.node);
      map.update();
      map.choose(chosen);
    } catch {
      begun = false;
      node.open = false;
      say(place, 'The map did not load. Open it again, or choose from the list: it has the same seats.');
    }
  }
  node.addEventListener('toggle', open);
  if (globalThis.matchMedia?.(OPEN_FROM).matches) node.open = true;
  return {
    node,
    opened: open,
    update: (some) => map?.update(some),
    choose(all) {
      chosen = new Set(all);
      map?.choose(chosen);
    },
    close: () => map?.close(),
  };
}
