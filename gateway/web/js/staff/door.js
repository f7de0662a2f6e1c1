// Owns the door of a page for staff: signing in and out, and what is behind it while the session
// holds. The key goes to the server once; a cookie that no script can read keeps one signed in.
import { action, busy } from '../action.js';
import { attempt, get } from '../api.js';
import { freshKey } from '../command.js';
import { el, notice, say } from '../dom.js';
import { toProvider } from '../news/ways.js';

const SESSION = '/v1/staff/session';
const headers = () => ({ Accept: 'application/json', 'Content-Type': 'application/json', 'Idempotency-Key': freshKey() });

/** Signs in; the key is in this one request and nowhere else. */
export const signIn = (key) => attempt('POST', SESSION, headers(), JSON.stringify({ key }), 3);
export const signOut = () => attempt('DELETE', SESSION, headers(), undefined, 3);

const article = (role) => (/^[aeiou]/.test(role) ? 'an' : 'a');

/**
 * Wires the page: `at` finds its elements, `may` are the roles that have something to do here, and
 * `open(role, lost)` makes what they see: { nodes, load, close }; `load` is called when somebody has signed in
 * again. `lost` is called when the session has ended.
 */
export async function door(at, { may, open }) {
  let shown = null;
  /** Back to the door; what was written stays behind it, unless somebody has signed out. */
  function leave(words, forGood = false) {
    at('console').hidden = true;
    if (forGood) {
      shown?.close?.();
      shown = null;
      at('console').replaceChildren();
    }
    at('who').replaceChildren();
    at('sign-in').hidden = false;
    at('refused').hidden = !words;
    say(at('refused'), words || '');
  }
  const lost = () => {
    leave('Your session has ended. Sign in again: what you entered is kept until then.');
    at('key').focus();
  };
  async function enter(role) {
    at('sign-in').hidden = true;
    at('key').value = '';
    at('who').replaceChildren(el('span', { class: 'quiet' }, `Signed in: ${role}`),
      action('Sign out', async () => {
        await signOut();
        leave('', true);
        at('key').focus();
      }, 'secondary'), action('Sign out everywhere', async () => {
        await attempt('DELETE', `${SESSION}s`, headers(), undefined, 3);
        leave('You are signed out in every browser.', true);
        at('key').focus();
      }, 'secondary'));
    at('console').hidden = false;
    if (shown?.role === role) {
      shown.load?.();
      return;
    }
    shown?.close?.();
    const made = may.includes(role) ? await open(role, lost) : { nodes: [notice('warn',
      el('strong', {}, 'This key cannot be used here. '),
      `It belongs to ${article(role)} ${role}; this page is for ${may.map((one) => `${article(one)} ${one}`).join(' or ')}. Sign out, and sign in with another key.`)] };
    shown = { ...made, role };
    at('console').replaceChildren(...made.nodes);
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
  const ways = await get('/v1/sign-in/ways', 1).catch(() => ({}));
  if (ways.staff) at('by-provider')?.replaceChildren(action(`Sign in with ${ways.staff.name}`, () => toProvider('staff', location.pathname), 'secondary'));
  try {
    const { role } = await get('/v1/staff/me', 2);
    await enter(role);
  } catch (problem) {
    // Not signed in is how everybody begins.
    leave([401, 403].includes(problem.status) ? '' : problem.message);
  }
}
