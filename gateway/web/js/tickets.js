// Owns the tickets: one a seat, with its QR code, for the phone and for paper.
import { get } from './api.js';
import { action } from './action.js';
import { el, heading, notice } from './dom.js';
import { day, money, plural } from './format.js';
import { share } from './share.js';
import { style } from './shop/shop.js';
import { placeWords } from './seats/book.js';
import { boughtOrders } from './state.js';

function card(page, ticket) {
  const place = placeWords({ ...ticket, isGeneral: !ticket.row });
  const part = (name, value) => (value ? el('div', {}, el('dt', {}, name), el('dd', {}, String(value))) : null);
  return el('li', { class: 'ticket' },
    el('img', { class: 'qr', src: ticket.qr, width: '232', height: '232', alt: `Entry code for ${place}` }),
    el('div', { class: 'ticket-text' },
      el('p', { class: 'ticket-event' }, page.event.name),
      el('p', { class: 'quiet' }, day(page.event.starts_at)),
      el('dl', { class: 'ticket-place' }, part('Section', ticket.section), part('Row', ticket.row), part('Seat', ticket.row ? ticket.seat : null)),
      el('p', {}, ticket.category),
      el('p', { class: 'quiet ticket-id' }, ticket.ticket_id)));
}

/** One order's tickets; asks again by itself while they are being written. */
function orderPart(page, order) {
  const list = el('ul', { class: 'tickets' }, el('li', { class: 'loading' }, 'Fetching your tickets…'));
  async function load() {
    try {
      const { tickets } = await get(`${page.base}/orders/${encodeURIComponent(order.order_id)}/tickets`, 8);
      list.replaceChildren(...tickets.map((ticket) => card(page, ticket)));
    } catch (problem) {
      list.replaceChildren(el('li', {}, notice('warn', problem.message,
        ' Your order is confirmed; only the drawing is late.'), action('Show the tickets', load, 'secondary')));
    }
  }
  load();
  return el('section', { 'aria-label': `Order ${order.order_id}` },
    el('p', { class: 'quiet' }, `Order ${order.order_id} · ${plural(order.seats.length, 'ticket', 'tickets')} · ${money(order.amount, order.currency)} paid`),
    list);
}

export function tickets(page) {
  style();
  const orders = boughtOrders(page.me);
  const bought = orders.reduce((sum, order) => sum + order.seats.length, 0);
  const canBuyMore = ['open', 'paused'].includes(page.queue?.phase || page.event.phase)
    && bought < (page.event.policy?.seats_per_buyer_max ?? Infinity);
  const more = action('Buy more seats', async () => {
    page.browsing = true;
    page.acted = true;
    await page.render();
  }, 'secondary');
  const node = el('div', { class: 'ticket-page' },
    heading(orders.length > 1 || orders[0].seats.length > 1 ? 'Your tickets' : 'Your ticket'),
    notice('good', el('strong', {}, 'It is done: the seats are yours. '),
      'Show a code at the entrance, on this phone or on paper. Keep it to yourself: whoever shows it first gets in.'),
    orders.map((order) => orderPart(page, order)),
    el('div', { class: 'ticket-actions' }, action('Print', async () => print()), canBuyMore ? more : null),
    share(page));
  return { node };
}
