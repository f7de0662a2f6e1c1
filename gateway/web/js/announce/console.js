// Owns the artist's console: signing in and out, and which parts a role sees. Start here; compose.js
// writes, list.js shows what was made. The key goes to the server once; a cookie that no script can
// read keeps one signed in.
import { attempt, get } from '../api.js';
import { action, busy } from '../action.js';
import { freshKey } from '../command.js';
import { el, notice, say } from '../dom.js';
import { composer } from './compose.js';
import { announcementList } from './list.js';

const MAY = new Set(['artist', 'manager']);
const headers = () => ({ Accept: 'application/json', 'Content-Type': 'application/json', 'Idempotency-Key': freshKey() });
const SESSION = '/v1/staff/session';

/** Signs in; the key is in this one request and nowhere else. */
export const signIn = (key) => attempt('POST', SESSION, headers(), JSON.stringify({ key }), 3);
export const signOut = () => attempt('DELETE', SESSION, headers(), undefined, 3);

/** What a role sees of the console. */
export function parts(page, lost) {
  if (!MAY.has(page.role)) {
    return { nodes: [notice('warn', el('strong', {}, 'This key may not make announcements. '),
      `It belongs to a user who is ${/^[aeiou]/.test(page.role) ? 'an' : 'a'} ${page.role}. Sign out, and sign in with the key of an artist or manager.`)], close() {} };
  }
  const list = announcementList(page, { lost });
  const write = composer(page, () => list.load(), lost);
  list.load();
  return { nodes: [write.node, list.node], role: page.role, load: list.load, close: list.close };
}

/** Wires the page: `at` finds its elements. */
export async function begin(base, at) {
  let shown = null;
  /** Back to the door; what was written stays behind it, unless somebody has signed out. */
  function leave(words, forGood = false) {
    at('console').hidden = true;
    if (forGood) {
      shown?.close();
      shown = null;
      at('console').replaceChildren();
    }
    at('who').replaceChildren();
    at('sign-in').hidden = false;
    at('refused').hidden = !words;
    say(at('refused'), words || '');
  }
  async function enter(role) {
    const event = await get(base);
    say(at('event-name'), event.name);
    at('sign-in').hidden = true;
    at('key').value = '';
    at('who').replaceChildren(el('span', { class: 'quiet' }, `Signed in: ${role}`),
      action('Sign out', async () => {
        await signOut();
        leave('', true);
        at('key').focus();
      }, 'secondary'));
    at('console').hidden = false;
    if (shown?.role === role) {
      shown.load();
      return;
    }
    shown?.close();
    shown = parts({ base, event, role }, () => {
      leave('Your session has ended. Sign in again: what you wrote is kept until then.');
      at('key').focus();
    });
    at('console').replaceChildren(...shown.nodes);
  }
  at('sign-in').addEventListener('submit', (submitted) => {
    submitted.preventDefault();
    busy(at('sign-in').querySelector('button'), async () => {
      try {
        const { role } = await signIn(at('key').value.trim());
        await enter(role);
        at('title').focus();
      } catch (problem) {
        leave(problem.code ? problem.message : 'Something on this page failed. Please reload it.');
        at('key').focus();
      }
    });
  });
  try {
    const { role } = await get('/v1/staff/me', 2);
    await enter(role);
  } catch (problem) {
    // Not signed in is how everybody begins.
    leave([401, 403].includes(problem.status) ? '' : problem.message);
  }
}

if (globalThis.document?.getElementById('console')) {
  const id = decodeURIComponent(location.pathname.split('/').filter(Boolean)[1] || '');
  begin(`/v1/events/${encodeURIComponent(id)}`, (name) => document.getElementById(name));
}
