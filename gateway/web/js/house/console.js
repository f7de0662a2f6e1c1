// Owns the managers' page of seats and orders: what is behind its door. Start here; choose.js chooses
// seats, given.js lists what was done, orders.js finds and refunds, staff/door.js signs in and out.
import { get } from '../api.js';
import { el, say } from '../dom.js';
import { SeatBook } from '../seats/book.js';
import { Seats, watch } from '../seats/feed.js';
import { door } from '../staff/door.js';
import { chooser } from './choose.js';
import { houseList } from './given.js';
import { orderFinder, refundPart } from './orders.js';

/** The parts of the page: { nodes, load, close }. */
export async function parts(page, lost) {
  const book = new SeatBook(await get(`${page.base}/plan`));
  const seats = new Seats(book);
  const watching = watch(page.base, seats);
  const changed = () => list.load();
  const list = houseList(page, { lost, changed,
    refund: (order) => refundPart(page, order, { lost, done: changed }) });
  const choose = chooser(page, { book, seats, lost, done: changed });
  const orders = orderFinder(page, { lost, changed });
  const stop = seats.listen((some) => choose.update(some || undefined));
  list.load();
  return {
    nodes: [el('div', { class: 'house-side' }, choose.node, orders.node), list.node],
    load: changed,
    close() {
      stop();
      watching.close();
      choose.close();
    },
  };
}

/** Wires the page: `at` finds its elements. */
export function begin(base, at) {
  return door(at, { may: ['manager'], async open(_, lost) {
    const event = await get(base);
    say(at('event-name'), event.name);
    return parts({ base, event }, lost);
  } });
}

if (globalThis.document?.getElementById('house')) {
  const id = decodeURIComponent(location.pathname.split('/').filter(Boolean)[1] || '');
  document.getElementById('manage-link').href = `/events/${encodeURIComponent(id)}/manage`;
  begin(`/v1/events/${encodeURIComponent(id)}`, (name) => document.getElementById(name));
}
