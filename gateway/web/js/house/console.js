// Owns the managers' page of seats and orders: signing in and out, and its three parts. Start here;
// choose.js chooses seats, given.js lists what was done, orders.js finds and refunds. The key goes to
// the server once; a cookie that no script can read keeps one signed in.
import { attempt, get } from '../api.js';
import { action, busy } from '../action.js';
import { freshKey } from '../command.js';
import { el, notice, say } from '../dom.js';
import { SeatBook } from '../seats/book.js';
import { Seats, watch } from '../seats/feed.js';
import { chooser } from './choose.js';
import { houseList } from './given.js';
import { orderFinder, refundPart } from './orders.js';

const headers = () => ({ Accept: 'application/json', 'Content-Type': 'application/json', 'Idempotency-Key': freshKey() });
const SESSION = '/v1/staff/session';

const signIn = (key) => attempt('POST', SESSION, headers(), JSON.stringify({ key }), 3);
const signOut = () => attempt('DELETE', SESSION, headers(), undefined, 3);

/** The parts of the page for a role: { nodes, close }. */
export async function parts(page, lost) {
  if (page.role !== 'manager') {
    return { nodes: [notice('warn', el('strong', {}, 'This key may not change seats or orders. '),
      'Sign out, and sign in with the key of a manager.')], close() {} };
  }
  const book = new SeatBook(await get(`${page.base}/plan`));
  const seats = new Seats(book);
  const watching = watch(page.base, seats);
  const changed = () => list.load();
  const list = houseList(page, { lost, changed,
    refund: (order) => refundPart(page, order, { lost, done: changed }) });
  const choose = chooser(page, { book, seats, lost, done: changed });
  const orders = orderFinder(page, { lost, changed });
  const stop = seats.listen(() => choose.update());
  list.load();
  return {
    nodes: [el('div', { class: 'house-side' }, choose.node, orders.node), list.node],
    close() {
      stop();
      watching.close();
    },
  };
}

/** Wires the page: `at` finds its elements. */
export async function begin(base, at) {
  let shown = null;
  function leave(words) {
    shown?.close();
    shown = null;
    at('house').replaceChildren();
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
    const manage = `${location.pathname.replace(/\/house\/?$/, '')}/manage`;
    at('who').replaceChildren(el('a', { href: manage }, 'Manage the event'), el('span', { class: 'quiet' }, `Signed in: ${role}`),
      action('Sign out', async () => {
        await signOut();
        leave('');
        at('key').focus();
      }, 'secondary'));
    shown = await parts({ base, event, role }, () => {
      leave('Your session has ended. Sign in again.');
      at('key').focus();
    });
    at('house').replaceChildren(...shown.nodes);
  }
  at('sign-in').addEventListener('submit', (submitted) => {
    submitted.preventDefault();
    return busy(at('sign-in').querySelector('button'), async () => {
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

if (globalThis.document?.getElementById('house')) {
  const id = decodeURIComponent(location.pathname.split('/').filter(Boolean)[1] || '');
  begin(`/v1/events/${encodeURIComponent(id)}`, (name) => document.getElementById(name));
}
