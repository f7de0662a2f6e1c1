// Owns the tickets: one a seat, with its QR code, for the phone and for paper.
import { get, now } from './api.js';
import { action } from './action.js';
import { send } from './command.js';
import { el, heading, notice } from './dom.js';
import { door } from './door.js';
import { goIn } from './entry.js';
import { day, money, plural } from './format.js';
import { t } from './further.js';
import { share } from './share.js';
import { style } from './shop/shop.js';
import { lateWords } from './shop/words.js';
import { placeWords } from './seats/book.js';
import { boughtOrders, ticketOrders } from './state.js';

/** Offers a ticket to somebody else: a link that works once. */
function handOn(page, order, ticket) {
  const place = el('div', { class: 'hand-on' });
  const path = `${page.base}/orders/${encodeURIComponent(order.order_id)}/tickets/${ticket.seat_id}/offer`;
  async function offer() {
    const { page: link, until } = await send('POST', path, {});
    const address = new URL(link, location.href).href;
    const field = el('input', { readonly: true, value: address, 'aria-label': t`Link that transfers the ticket` });
    const share = navigator.share
      ? action(t`Send the link`, () => navigator.share({ url: address }).catch(() => {}), 'secondary')
      : action(t`Copy the link`, () => navigator.clipboard.writeText(address), 'secondary');
    place.replaceChildren(
      el('p', {}, t`Whoever accepts the ticket first through this link gets it. The link works until ${day(until)}; the ticket is yours until then.`),
      field, share);
    field.focus();
    field.select();
  }
  place.append(action(t`Give away`, offer, 'quiet'));
  return place;
}

/** A ticket somebody offers: taken with one button, then shown like any other. */
export function take(page) {
  style();
  const offer = decodeURIComponent(location.hash.slice('#take='.length));
  const leave = () => history.replaceState(null, '', location.pathname);
  const node = el('div', { class: 'ticket-page' },
    heading(t`A ticket for you`),
    el('p', {}, t`Somebody is giving you a ticket for ${[page.event.name, day(page.event.starts_at, page.event.time_zone)].filter(Boolean).join(', ')}.`),
    el('p', { class: 'quiet' }, t`It will be kept in this browser, and the previous owner’s code will stop working.`),
    el('div', { class: 'ticket-actions' },
      action(t`Take the ticket`, async () => {
        page.setDone((await send('POST', `${page.base}/tickets/take`, { offer })).as_of);
        leave();
        page.acted = true;
        page.changed();
        await page.refresh();
      }),
      action(t`Not now`, async () => {
        leave();
        page.acted = true;
        await page.render();
      }, 'secondary')));
  return { node };
}

function card(page, order, ticket) {
  const place = placeWords({ ...ticket, isGeneral: !ticket.row });
  const part = (name, value) => (value ? el('div', {}, el('dt', {}, name), el('dd', {}, String(value))) : null);
  return el('li', { class: 'ticket' },
    el('img', { class: 'qr', src: ticket.qr, width: '232', height: '232', alt: t`Entry code for ${place}` }),
    el('div', { class: 'ticket-text' },
      el('p', { class: 'ticket-event' }, page.event.name),
      el('p', { class: 'quiet' }, day(page.event.starts_at, page.event.time_zone)),
      el('dl', { class: 'ticket-place' }, part(t`Section`, ticket.section), part(t`Row`, ticket.row), part(t`Seat`, ticket.row ? ticket.seat : null)),
      el('p', {}, ticket.category),
      ticket.redeemed ? notice('good', t`Used: somebody was admitted with this ticket.`) : handOn(page, order, ticket),
      el('p', { class: 'quiet ticket-id' }, ticket.ticket_id)));
}

/** One order's tickets; asks again by itself while they are being written. */
function orderPart(page, order) {
  const list = el('ul', { class: 'tickets' }, el('li', { class: 'loading' }, t`Loading your tickets…`));
  async function load() {
    try {
      const { tickets } = await get(`${page.base}/orders/${encodeURIComponent(order.order_id)}/tickets`, 8);
      list.replaceChildren(...tickets.map((ticket) => card(page, order, ticket)));
    } catch (problem) {
      list.replaceChildren(el('li', {}, notice('warn', problem.message,
        t` Your order is confirmed; only the drawing is late.`), action(t`Show the tickets`, load, 'secondary')));
    }
  }
  load();
  const late = lateWords(order);
  return el('section', { 'aria-label': t`Order ${order.order_id}` },
    el('p', { class: 'quiet' }, !order.seats ? t`Given to you, from order ${order.order_id}`
      : t`Order ${order.order_id} · ${plural(order.seats.length, 'ticket', 'tickets')} · ${money(order.amount, order.currency)} paid`),
    late ? notice('warn', late) : null, list);
}

/** So that the codes open in a hall without a network, on the page of tickets. */
async function keep() {
  const { keepOffline } = await import('./mine/offline.js');
  await keepOffline((await get('/v1/me/orders')).events);
}

export function tickets(page) {
  style();
  // Without it the tickets are here all the same.
  keep().catch(() => {});
  const orders = ticketOrders(page.me);
  const bought = boughtOrders(page.me).reduce((sum, order) => sum + order.seats.length, 0);
  const through = door(page);
  const more = action(t`Buy more seats`, async () => {
    page.browsing = true;
    page.acted = true;
    if (Date.parse(page.me.pass_expires_at || '') > now() || page.event.policy?.pass_required === false) await page.render();
    else await goIn(page, through);
  }, 'secondary');
  const node = el('div', { class: 'ticket-page' },
    heading(orders.length > 1 || !orders[0].seats || orders[0].seats.length > 1 ? t`Your tickets` : t`Your ticket`),
    notice('good', el('strong', {}, t`Done: the seats are yours. `),
      t`Show a code at the entrance, on this phone or on paper. Keep it to yourself: whoever shows it first gets in.`),
    el('p', {}, t`They are also under `, el('a', { href: '/tickets' }, t`My tickets`), t`, on this device even without a network.`),
    orders.map((order) => orderPart(page, order)),
    el('div', { class: 'ticket-actions' }, action(t`Print`, async () => print()), more),
    through.node,
    share(page));
  /** The sale may end, or begin again, while somebody looks at their tickets. */
  function update() {
    more.hidden = !['open', 'presale', 'paused'].includes(page.queue?.phase || page.event.phase)
      || bought >= (page.event.policy?.seats_per_buyer_max ?? Infinity);
  }
  update();
  return { node, update };
}
