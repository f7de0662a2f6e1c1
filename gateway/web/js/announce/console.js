// Owns the artist's console: which parts a role sees behind the door. Start here; compose.js writes,
// list.js shows what was made.
import { get } from '../api.js';
import { say } from '../dom.js';
import { door } from '../staff/door.js';
import { composer } from './compose.js';
import { announcementList } from './list.js';

/** What is behind the door: { nodes, load, close }. */
export function parts(page, lost) {
  const list = announcementList(page, { lost });
  const write = composer(page, () => list.load(), lost);
  list.load();
  return { nodes: [write.node, list.node], load: list.load, close: list.close };
}

/** Wires the page: `at` finds its elements. */
export function begin(base, at) {
  return door(at, { may: ['artist', 'manager'], async open(role, lost) {
    const event = await get(base);
    say(at('event-name'), event.name);
    return parts({ base, event, role }, lost);
  } });
}

if (globalThis.document?.getElementById('console')) {
  const id = decodeURIComponent(location.pathname.split('/').filter(Boolean)[1] || '');
  begin(`/v1/events/${encodeURIComponent(id)}`, (name) => document.getElementById(name));
}
