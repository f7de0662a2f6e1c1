// Owns the manager's list of events: how each stands, and the way to its page.
import { action } from '../action.js';
import { get } from '../api.js';
import { el } from '../dom.js';
import { count, day } from '../format.js';
import { PHASES } from './phase.js';

const row = (event) => el('li', { class: 'event-row' },
  el('span', {}, el('a', { href: `/events/${encodeURIComponent(event.event_id)}/manage` }, event.name),
    el('span', { class: 'quiet' }, [event.artist, event.venue_name, day(event.starts_at, event.time_zone)].filter(Boolean).map((words) => ` · ${words}`).join(''))),
  el('span', {}, el('span', { class: `tag ${event.phase}` }, PHASES[event.phase] || event.phase), ' ',
    el('span', { class: 'quiet' }, `${count(event.free)} of ${count(event.capacity)} free`)));

/** { nodes }; events page by page, 100 at a time. */
export async function eventList() {
  const list = el('ul', { class: 'rows' });
  const more = el('div');
  async function load(after) {
    const { events, next } = await get(`/v1/events${after ? `?after=${encodeURIComponent(after)}` : ''}`);
    list.append(...events.map(row));
    more.replaceChildren(...(next ? [action('Show more', () => load(next), 'secondary')] : []));
    if (!list.children.length) more.replaceChildren(el('p', {}, 'There are no events yet.'));
  }
  await load();
  return { nodes: [
    el('p', { class: 'form-actions' }, el('a', { class: 'button primary', href: '/manage/new' }, 'New event'),
      el('a', { class: 'button secondary', href: '/deliveries' }, 'Webhooks and deliveries')),
    el('section', { class: 'card stack', 'aria-label': 'Events' }, list, more),
  ] };
}
