// Owns the page of everything a person has: tickets, orders that run, and what became of the others, over
// all events. Start here; order.js shows one, offline.js keeps it for a hall without a network.
import { get, reach } from '../api.js';
import { action } from '../action.js';
import { announce, el, notice } from '../dom.js';
import { day, plural } from '../format.js';
import { t } from '../further.js';
import { lookOf, sheet } from '../sheet.js';
import { picture } from '../picture.js';
import { keepOffline } from './offline.js';
import { orderPart, receivedPart, stateOf } from './order.js';

/** A day after its start, an event is over for whoever looks for a ticket. */
const OVER_MS = 24 * 3600 * 1000;

/** Events that are ahead, the next first, and those that are over, the last first. Pure. */
export function sorted(events, now = Date.now()) {
  const isOver = ({ event }) => Boolean(event.starts_at) && Date.parse(event.starts_at) + OVER_MS < now;
  const byStart = (a, b) => (Date.parse(a.event.starts_at) || Infinity) - (Date.parse(b.event.starts_at) || Infinity);
  return { ahead: events.filter((one) => !isOver(one)).sort(byStart), over: events.filter(isOver).sort((a, b) => byStart(b, a)) };
}

/** How many tickets somebody holds for these events; handed-on ones are counted where they are shown. Pure. */
export const ticketCount = (events) => events.reduce((sum, { orders, received }) => sum
  + orders.filter((order) => order.status === 'confirmed').reduce((all, order) => all + order.seats.length, 0) + received.length, 0);

function eventPart({ event, orders, received }) {
  const page = `/events/${encodeURIComponent(event.event_id)}`;
  const base = `/v1${page}`;
  const where = [event.venue_name === event.name ? null : event.venue_name, event.venue_address].filter(Boolean).join(', ').replaceAll('\n', ', ');
  const shown = orders.filter((order) => stateOf(order));
  const logo = event.look?.logo;
  if (logo) sheet('picture');
  return el('section', { class: `card stack mine ${lookOf(event)}`.trim(), 'aria-label': event.name },
    logo ? picture(logo, '15rem', { class: 'logo' }) : null,
    el('h3', {}, el('a', { href: page }, event.name)),
    el('p', { class: 'quiet' }, [day(event.starts_at, event.time_zone), where].filter(Boolean).join(' · ')),
    event.phase === 'cancelled' ? notice('warn', el('strong', {}, t`The event is cancelled. `), t`What you paid is given back.`) : null,
    shown.map((order) => orderPart(base, event, order)),
    received.map((id) => receivedPart(base, event, id)),
    event.starts_at ? el('p', {}, el('a', { href: `${base}/calendar.ics`, download: '' }, t`Add to a calendar`)) : null);
}

function list(title, events) {
  return events.length ? el('section', { class: 'stack wide', 'aria-label': title }, el('h2', {}, title), events.map(eventPart)) : null;
}

/** What is not needed at an entrance comes after all that is. */
const addElsewhere = (place) => import('../elsewhere.js').then(({ elsewhere }) => place.append(elsewhere('/tickets'))).catch(() => {});

/** Shows what `GET /v1/me/orders` says in `place`. */
export function show(place, { events }) {
  const { ahead, over } = sorted(events);
  const nothing = el('div', { class: 'stack' },
    el('p', {}, t`There are no tickets in this browser.`),
    el('p', {}, t`Bought them on another device? `, el('a', { href: '/me' }, t`Leave or confirm your address`),
      t` and sign in here with the link that is sent to it: your tickets come along.`),
    el('p', {}, el('a', { class: 'button primary', href: '/' }, t`See the events`)));
  place.replaceChildren(...[list(t`Coming up`, ahead), list(t`Over`, over)].filter(Boolean));
  if (!events.length) place.append(nothing);
  else addElsewhere(place);
  place.removeAttribute('aria-busy');
  announce(events.length ? `${plural(ticketCount(events), 'ticket', 'tickets')} at ${plural(events.length, 'event', 'events')}` : t`No tickets in this browser`);
}

/** Wires the page. */
export async function begin(place, offline) {
  const load = async () => {
    const answer = await get('/v1/me/orders');
    show(place, answer);
    if (ticketCount(answer.events)) keepOffline(answer.events);
  };
  reach.addEventListener('change', ({ detail: isReached }) => {
    offline.textContent = isReached ? '' : t`No connection: this is what was known last. Codes work all the same.`;
  });
  try {
    await load();
  } catch (problem) {
    place.replaceChildren(notice('warn', problem.message), action(t`Try again`, load));
  }
}

if (globalThis.document?.getElementById('mine')) {
  begin(document.getElementById('mine'), document.getElementById('offline'));
}
