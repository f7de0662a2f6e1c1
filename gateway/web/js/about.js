// Owns what the page says of the event itself: who, when on the venue's clock and the visitor's,
// where, from which age.
import { el } from './dom.js';
import { day } from './format.js';
import { t } from './further.js';

/** On the venue's clock, and, where it shows another time, on the visitor's (`ours`: for tests). */
export function inZones(iso, timeZone, ours) {
  const there = day(iso, timeZone);
  const here = day(iso, ours);
  return { there, here: there === here ? '' : here };
}

/** An instant in words, with the visitor's own clock behind it where that shows another time. */
export function instant(iso, zone) {
  const { there, here } = inZones(iso, zone);
  if (!there) return null;
  return el('span', {}, el('time', { datetime: iso }, there), here ? t` (${here} your time)` : '');
}

/** The lines under an event's name; those of what nobody has said are left out. */
export function about(event) {
  const zone = event.time_zone;
  const when = instant(event.starts_at, zone);
  const doors = event.doors_at && day(event.doors_at, zone, { hour: '2-digit', minute: '2-digit' });
  const address = (event.venue_address || '').split('\n').map((line) => line.trim()).filter(Boolean);
  // A plan without a name gets the event's; a place is not called like that.
  const venue = event.venue_name === event.name ? null : event.venue_name;
  const age = event.age_min ? t`From ${event.age_min} years` : null;
  return [
    event.artist ? el('p', { class: 'artist' }, event.artist) : null,
    when ? el('p', {}, when, doors ? t` · doors ${doors}` : '') : null,
    venue || address.length
      ? el('address', {}, [venue, ...address].filter(Boolean).join(', ')) : null,
    age ? el('p', {}, age) : null,
    event.description ? el('p', { class: 'about' }, event.description) : null,
    event.starts_at ? el('p', {}, el('a', {
      href: `/v1/events/${encodeURIComponent(event.event_id)}/calendar.ics`,
    }, t`Add to your calendar`)) : null,
  ].filter(Boolean);
}
