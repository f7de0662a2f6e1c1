// Owns the list of events: phase, date, cheapest price, how much is free.
import { get, reach } from './api.js';
import { backoff } from './backoff.js';
import { announce, el } from './dom.js';
import { count, day, money } from './format.js';
import { t } from './language.js';
import { picture } from './picture.js';
import { cheapest } from './price.js';
import { marked, searchBox } from './search.js';

const PHASES = {
  announced: t`Not open yet`, presale: t`Presale`, open: t`On sale`, paused: t`Paused`, sold_out: t`Sold out`, closed: t`Sale closed`,
  cancelled: t`Cancelled`,
};
/** Pages of the list to fetch by themselves; a longer list gets a button. */
const PAGES_MAX = 5;
const list = document.getElementById('events');
const loading = document.getElementById('loading');

/** A calm colour of its own for each event, always the same. */
function hueOf(id) {
  let mixed = 7;
  for (const char of id) mixed = Math.imul(mixed ^ char.charCodeAt(0), 0x9e3779b1) >>> 0;
  return (mixed >>> 8) % 360;
}

function card(event) {
  const price = cheapest(event);
  const isOver = event.phase === 'closed' || event.phase === 'cancelled';
  const art = el('div', { class: 'art', 'aria-hidden': event.picture ? null : 'true' },
    event.picture ? picture(event.picture, '(min-width: 46rem) 24rem, 96vw', { loading: 'lazy' }) : null);
  art.style.setProperty('--hue', hueOf(event.event_id));
  const share = event.capacity ? event.free / event.capacity : 0;
  const free = Number.isFinite(event.free) && event.capacity && !isOver ? [
    el('progress', { max: 1, value: share, 'aria-label': t`Free seats of ${event.name}` }),
    el('p', { class: 'quiet' }, t`${count(event.free)} of ${count(event.capacity)} seats are free`)] : [];
  const words = (field) => marked(event.matches, field, event[field]);
  const distance = Number.isFinite(event.distance_km) ? t` · ${count(event.distance_km)} km away` : null;
  return el('li', {}, el('article', { class: 'event-card' }, art, el('div', { class: 'event-body' },
    el('div', { class: 'event-row' }, el('span', { class: 'quiet' }, day(event.starts_at, event.time_zone)),
      el('span', { class: `tag ${event.phase}` }, PHASES[event.phase] || event.phase)),
    el('h2', {}, el('a', { href: `/events/${encodeURIComponent(event.event_id)}` }, words('name'))),
    event.artist ? el('p', { class: 'artist' }, words('artist')) : null,
    event.venue_name && event.venue_name !== event.name ? el('p', { class: 'quiet' }, words('venue_name'), distance) : null,
    event.description ? el('p', { class: 'quiet about' }, words('description')) : null,
    event.phase === 'announced' && event.presale_at
      ? el('p', { class: 'quiet' }, t`Presale begins ${day(event.presale_at, event.time_zone)}`) : null,
    ['announced', 'presale'].includes(event.phase) && event.opens_at
      ? el('p', { class: 'quiet' }, t`Sale opens ${day(event.opens_at, event.time_zone)}`) : null,
    free,
    price !== null && !isOver ? el('p', { class: 'from' }, t`from ${money(price, event.currency)}, all fees included`) : null)));
}

async function load(after = '', pages = 0) {
  const query = after ? `?after=${encodeURIComponent(after)}` : '';
  const { events, next } = await get(`/v1/events${query}`);
  list.append(...events.map(card));
  loading.replaceChildren();
  if (!list.children.length) loading.textContent = t`There are no events yet. Come back soon.`;
  if (!next) announce(t`${list.children.length} events`);
  else if (pages + 1 < PAGES_MAX) await load(next, pages + 1);
  else {
    loading.replaceChildren(el('button', { type: 'button', class: 'button secondary',
      onclick: () => load(next).catch(() => {}) }, t`Show more events`));
  }
}

reach.addEventListener('change', ({ detail: isReached }) => {
  document.getElementById('offline').textContent = isReached ? '' : t`No connection. We keep trying.`;
});

/** What a search found, instead of all, or behind what it found before. */
function show(events, { isMore, more }) {
  if (!isMore) list.replaceChildren();
  list.append(...events.map(card));
  loading.replaceChildren(...(more ? [el('button', { type: 'button', class: 'button secondary', onclick: more },
    t`Show more events`)] : []));
}

const box = searchBox({ phases: PHASES, show, showAll: () => start() });

async function start(tries = 0) {
  loading.textContent = tries ? loading.textContent : t`Loading the events…`;
  try {
    list.replaceChildren();
    await load();
  } catch (problem) {
    loading.textContent = t`${problem.message} We try again by ourselves.`;
    setTimeout(() => start(tries + 1), backoff(tries, 2000, 30000));
  }
}
if (box.isAsked()) box.search();
else start();
import('./held.js').then(({ held }) => held()).catch(() => {});
// Messages are not needed to pick an event.
import('./news/inbox.js').then(({ inbox }) => inbox()).catch(() => {});
