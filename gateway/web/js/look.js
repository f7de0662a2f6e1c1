// Owns looking at the seats while there is nothing to press: the map and what is free, as of when it was
// opened. Nothing is followed, since a crowd that waits would follow it.
import { get } from './api.js';
import { action } from './action.js';
import { el, notice } from './dom.js';
import { count, money } from './format.js';
import { t } from './further.js';
import { seatMap } from './map/map.js';
import { SeatBook, flagWords, placeWords } from './seats/book.js';
import { planOf } from './seats/columns.js';
import { Seats } from './seats/feed.js';
import { sheet } from './sheet.js';
import { pricedCategories } from './state.js';

async function draw(page) {
  const [plan, states] = await Promise.all([planOf(page.base), get(`${page.base}/availability`)]);
  const book = new SeatBook(plan);
  const seats = new Seats(book);
  seats.setAll(states);
  const priced = pricedCategories(page.event);
  const categories = plan.categories.map(({ name, color }) => ({ amount: null,
    ...priced.find((row) => row.name === name), name, color }));
  const price = (at) => (categories[at]?.amount === null ? null : money(categories[at].amount, page.event.currency));
  const map = seatMap({ book, seats, categories, isDim: () => false, mayPick: () => false, onToggle() {},
    describe: (seat) => [placeWords(book.name(seat)), book.name(seat).category, price(book.category[seat]),
      ...flagWords(book.flags[seat])].filter(Boolean).join(' · '),
    sectionWords(at) {
      const { free } = seats.inSection(at);
      return free ? [`${count(free)} free`, price(seats.mainCategory(at))].filter(Boolean).join(' · ') : t`none free`;
    } });
  map.update();
  return map;
}

/** { node, close }: the card, folded; it asks for nothing before somebody unfolds it. */
export function look(page) {
  sheet('shop');
  const place = el('div', { class: 'map-place' });
  const node = el('details', { class: 'card fold' }, el('summary', {}, t`Look at the seats`),
    el('p', { class: 'quiet' }, t`What is free may be gone when it is your turn. Looking around changes nothing about your place.`), place);
  let map = null;
  async function show() {
    map?.close();
    try {
      map = await draw(page);
      place.replaceChildren(map.node, action(t`Look again`, show, 'secondary'));
    } catch (problem) {
      place.replaceChildren(notice('warn', problem.code ? problem.message : t`The map did not load.`), action(t`Try again`, show, 'secondary'));
    }
  }
  node.addEventListener('toggle', () => {
    if (!node.open || map) return;
    place.replaceChildren(el('p', { class: 'loading' }, t`Loading the seats…`));
    show();
  });
  return { node, close: () => map?.close() };
}
