// Owns one order on the page of tickets: its status in words, its tickets with their codes, the way to
// whatever is still to be done.
import { get } from '../api.js';
import { action } from '../action.js';
import { el, notice } from '../dom.js';
import { money, plural } from '../format.js';
import { t } from '../further.js';
import { placeWords } from '../seats/book.js';
import { endedWords, lateWords } from '../shop/words.js';

const RUNS = {
  held: ['wait', t`Held for you`, t`Pay before the time is over.`],
  'payment_pending': ['wait', t`Being paid`, t`Your bank is being asked.`],
  'no_answer': ['wait', t`Your bank has not answered`, t`Whether it is paid is not known yet; the seats are held.`],
  declined: ['warn', t`Declined`, t`Your bank said no. The seats are still held: pay another way.`],
};
const ENDED = { expired: t`Not paid in time`, refunded: t`Refunded`, cancelled: t`Cancelled`, released: t`Given back` };

/** { kind, words, more, runs } of an order; null where there is nothing to say: seats put back unpaid. Pure. */
export function stateOf(order) {
  if (order.status === 'confirmed') return { kind: 'good', words: t`Bought`, more: lateWords(order), runs: false };
  const runs = RUNS[order.status];
  if (runs) return { kind: runs[0], words: runs[1], more: runs[2], runs: true };
  const isSilent = ['released', 'expired'].includes(order.status) && !order.payment;
  return isSilent || !ENDED[order.status] ? null : { kind: 'out', words: ENDED[order.status], more: endedWords(order), runs: false };
}

function ticketCard(event, ticket) {
  const place = placeWords({ ...ticket, isGeneral: !ticket.row });
  return el('li', { class: 'ticket' },
    el('img', { class: 'qr', src: ticket.qr, width: '232', height: '232', alt: t`Entry code for ${place}` }),
    el('div', { class: 'ticket-text' }, el('p', { class: 'ticket-event' }, event.name),
      el('p', {}, place), el('p', { class: 'quiet' }, ticket.category),
      ticket.redeemed ? notice('good', t`Used: somebody was admitted with this ticket.`) : null,
      el('p', { class: 'quiet ticket-id' }, ticket.ticket_id)));
}

/** The tickets of an order; asked for again by hand where that failed. */
function ticketList(base, event, orderId) {
  const list = el('ul', { class: 'tickets' }, el('li', { class: 'loading' }, t`A moment…`));
  async function load() {
    try {
      const { tickets } = await get(`${base}/orders/${encodeURIComponent(orderId)}/tickets`, 3);
      list.replaceChildren(...tickets.map((ticket) => ticketCard(event, ticket)));
      if (!tickets.length) list.append(el('li', {}, t`You have given these tickets away.`));
    } catch (problem) {
      list.replaceChildren(el('li', {}, notice('warn', problem.message), action(t`Show the tickets`, load, 'secondary')));
    }
  }
  load();
  return list;
}

const head = (words, kind, more) => el('div', { class: 'line' }, el('strong', {}, words), el('span', { class: `tag ${kind}` }, more));

/** One order of one's own. */
export function orderPart(base, event, order) {
  const state = stateOf(order);
  const seats = order.seats.map((seat) => placeWords({ ...seat, isGeneral: !seat.row })).join('; ');
  const page = base.replace('/v1', '');
  return el('div', { class: 'stack order' },
    head(plural(order.seats.length, 'ticket', 'tickets'), state.kind, state.words),
    order.status === 'confirmed' ? ticketList(base, event, order.order_id) : el('p', {}, seats),
    state.more ? el('p', {}, state.more) : null,
    state.runs ? el('p', {}, el('a', { class: 'button primary', href: page }, t`Go on`)) : null,
    el('p', { class: 'quiet' }, `${order.order_id} · ${money(order.amount, order.currency)}`));
}

/** Tickets that somebody else bought and gave away. */
export const receivedPart = (base, event, orderId) => el('div', { class: 'stack order' },
  head(t`Given to you`, 'good', t`Yours`), ticketList(base, event, orderId));
