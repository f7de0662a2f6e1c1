// Owns the choice of further events of the same artist: a tour is written to at once, and whoever has
// to do with several of its events gets one message.
import { get } from '../api.js';
import { el } from '../dom.js';
import { day } from '../format.js';
import { boxes } from './fields.js';

/** Pages of events looked through; 100 events each. */
const PAGES_MAX = 10;

/** The other events of an artist, the next first. Pure. */
export function othersOf(events, page) {
  const artist = (page.event.artist || '').toLowerCase();
  if (!artist) return [];
  const own = page.base.split('/').at(-1);
  return events.filter((one) => (one.artist || '').toLowerCase() === artist && one.event_id !== decodeURIComponent(own))
    .sort((a, b) => (a.starts_at || '').localeCompare(b.starts_at || ''));
}

const words = (one) => [one.name, one.venue_name, day(one.starts_at, one.time_zone)].filter(Boolean).join(' · ');

/** { node, values, clear, mark, focus }; the events are looked up when it is unfolded. */
export function tourChoice(page) {
  let choice = null;
  const place = el('div', {}, el('p', { class: 'quiet' }, 'A moment…'));
  const node = el('details', { class: 'fold' }, el('summary', {}, 'Also to the people of other events of this artist'), place);
  async function load() {
    try {
      const events = [];
      let after = '';
      for (let pages = 0; pages < PAGES_MAX; pages += 1) {
        const { events: some, next } = await get(`/v1/events${after ? `?after=${encodeURIComponent(after)}` : ''}`);
        events.push(...some);
        after = next;
        if (!next) break;
      }
      const others = othersOf(events, page);
      choice = boxes('also_events', 'Other events', others.map((one) => [one.event_id, words(one)]), 'Each person gets one message, however many of them they have to do with.');
      place.replaceChildren(others.length ? choice.node : el('p', { class: 'quiet' }, page.event.artist
        ? `There is no other event of ${page.event.artist}.` : 'This event names no artist, so there is no tour to write to.'));
    } catch (problem) {
      place.replaceChildren(el('p', { class: 'problem' }, `The events did not load. ${problem.message} Fold this and unfold it again.`));
    }
  }
  node.addEventListener('toggle', () => node.open && !choice && load());
  return {
    node, load,
    values: () => choice?.values() || [],
    clear: () => choice?.clear(),
    mark: (text) => {
      if (text) node.setAttribute('open', '');
      choice?.mark(text);
    },
    focus: () => (choice ? choice.focus() : node.focus()),
  };
}
