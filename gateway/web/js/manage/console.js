// Owns the manager's console: which of its pages this is. Start here; create.js makes an event, event.js
// changes one, list.js shows all.
import { el, say } from '../dom.js';
import { door } from '../staff/door.js';
import { creator } from './create.js';
import { eventConsole } from './event.js';
import { eventList } from './list.js';

/** What a path shows: `list`, `new`, or the id of an event. Pure. */
export function pageOf(path) {
  const parts = path.split('/').filter(Boolean);
  if (parts[0] === 'events') return { kind: 'event', id: decodeURIComponent(parts[1] || '') };
  return { kind: parts[1] === 'new' ? 'new' : 'list' };
}

const TITLES = { list: 'Your events', new: 'New event', event: 'Manage an event' };

/** Wires the page: `at` finds its elements, `go` leads to another. */
export function begin(path, at, go) {
  const page = pageOf(path);
  say(at('title'), TITLES[page.kind]);
  return door(at, { may: ['manager'], async open(role, lost) {
    if (page.kind === 'list') return eventList();
    if (page.kind === 'new') {
      return creator({ lost, made: ({ event_id: id }) => go(`/events/${encodeURIComponent(id)}/manage`) });
    }
    const base = `/v1/events/${encodeURIComponent(page.id)}`;
    const made = await eventConsole(base, lost);
    at('event-name').replaceChildren(el('a', { href: '/manage' }, 'All events'), ` · ${made.event.name}`);
    return made;
  } });
}

if (globalThis.document?.getElementById('manage')) {
  begin(location.pathname, (name) => document.getElementById(name), (path) => location.assign(path));
}
