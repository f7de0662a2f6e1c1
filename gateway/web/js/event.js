// Owns the page of one event: loads what is true, decides the state, shows its view, and keeps
// looking. Everything is restored from the server, so a refresh or a crash loses nothing.
import { Problem, get, now, reach } from './api.js';
import { backoff } from './backoff.js';
import { announce, el, heading, notice, say } from './dom.js';
import { join } from './join.js';
import { t } from './language.js';
import { decide, stepOf } from './state.js';

const id = decodeURIComponent(location.pathname.split('/').filter(Boolean)[1] || '');
const base = `/v1/events/${encodeURIComponent(id)}`;
const root = document.getElementById('state');
const STEPS = ['wait', 'choose', 'pay', 'tickets'];
const TITLES = {
  turn: t`● Your turn`, take: t`Tickets`, waiting: t`In the queue`, join: t`Tickets`, announced: t`Not open yet`,
  shop: t`Choose seats`, pay: t`Pay`, tickets: t`Your tickets`, sold_out: t`Sold out`,
  closed: t`Sale closed`, cancelled: t`Cancelled`, error: t`Please wait`,
};

/** What every view gets. Views never talk to each other; they ask here. */
const page = {
  id, base, event: null, queue: null, me: null, browsing: false, heard: 0,
  /** A person did something: focus may move to the new heading. */
  acted: false,
  /** The place is a new one, since nobody came when the first was called. */
  rejoined: false,
  refresh, render, changed,
};
let view = null;
let state = 'loading';
let following = null;
/** Streams are dear: a browser opens only six to a host. In the shop others need them more. */
const SLOW_POLL_MS = 8000;
let showing = 0;

const tabs = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(`fg ${id}`);
if (tabs) {
  tabs.onmessage = ({ data }) => {
    page.setDone({ offset: data });
    refresh().catch(() => {});
  };
}

/** Something of this visitor changed: other tabs look again, for nothing older than this. */
function changed() {
  tabs?.postMessage(learned.offset);
}

/** Reads what is true of the event and of this visitor, then shows it. */
async function refresh() {
  await read();
  await render();
}

async function read() {
  const nobody = { place: null, pass_expires_at: null, orders: [], received: [], as_of: { offset: -1 } };
  [page.event, page.me] = await Promise.all([get(base), get(`${base}/me${learned.offset < 0 ? '' : `?at_least=${learned.offset}`}`).catch((problem) => {
    // A cookie that is no longer good makes a newcomer, not an error.
    if (problem.status === 401) return nobody;
    throw problem;
  }).then(withLearned)]);
  page.heard = Date.now();
}

/** What this page learned from answers; `/me` follows the log and may lag a moment behind. */
const learned = { pass: null, orders: new Map(), offset: -1 };
// At the same position too: a bank's question is no fact of the log, and arrives between two.
const later = (one, other) => one.as_of.offset >= (other?.as_of?.offset ?? -1);

page.setOrder = (order) => {
  learned.orders.set(order.order_id, order);
  page.setDone(order.as_of);
  page.me = withLearned(page.me);
};
page.setPass = (pass) => {
  learned.pass = pass;
};
page.setDone = ({ offset }) => {
  if (offset > learned.offset) learned.offset = offset;
};

function withLearned(me) {
  const isNew = (order) => later(order, me.orders.find((old) => old.order_id === order.order_id) || me);
  const newer = [...learned.orders.values()].filter(isNew);
  const names = new Set(newer.map((order) => order.order_id));
  return {
    ...me,
    pass_expires_at: learned.pass && later(learned.pass, me) ? learned.pass.expires_at : me.pass_expires_at,
    orders: [...newer, ...me.orders.filter((order) => !names.has(order.order_id))],
  };
}

async function loadView(name) {
  if (name === 'shop') return (await import('./shop/shop.js')).shop;
  if (name === 'pay') return (await import('./pay/pay.js')).pay;
  if (name === 'tickets' || name === 'take') return (await import('./tickets.js'))[name];
  if (name === 'presale') return (await import('./presale.js')).presale;
  if (name === 'sold_out' || name === 'closed' || name === 'cancelled') return (await import('./ends.js'))[name];
  if (name === 'waiting') return (await import('./wait.js')).waiting;
  if (name === 'announced') return (await import('./announced.js')).announced;
  return name === 'turn' ? (await import('./turn.js')).turn : join;
}

async function render() {
  const next = location.hash.startsWith('#take') ? 'take' : decide({ ...page, now: now() });
  if (next === state) {
    view?.update?.();
    return;
  }
  const ticket = ++showing;
  let make;
  try {
    make = await loadView(next);
  } catch {
    showFailure(new Problem(0, { detail: t`Part of this page did not load. Please reload it.` }));
    return;
  }
  if (ticket !== showing) return;
  view?.close?.();
  state = next;
  view = make(page);
  place(view.node);
  followQueue();
}

/** Puts a state's node on the page: steps, title, focus, and a word for screen readers. */
function place(node) {
  const step = stepOf(state);
  for (const item of document.querySelectorAll('#steps li')) {
    const isPast = STEPS.indexOf(item.dataset.step) < STEPS.indexOf(step);
    item.classList.toggle('past', isPast);
    if (item.dataset.step === step) item.setAttribute('aria-current', 'step');
    else item.removeAttribute('aria-current');
  }
  const name = page.event?.name || t`Tickets`;
  document.getElementById('event-name').textContent = name;
  beside();
  document.title = `${TITLES[state] || t`Tickets`} · ${name}`;
  document.body.dataset.state = state;
  root.dataset.state = state;
  root.removeAttribute('aria-busy');
  root.replaceChildren(node);
  const title = root.querySelector('.state-title');
  if (page.acted) {
    title?.focus({ preventScroll: true });
    scrollTo({ top: 0 });
  }
  page.acted = false;
  announce(title?.textContent || '');
}

/** What need not be there at once: what the event says of itself, news, messages. */
async function beside() {
  (await import('./beside.js').catch(() => null))?.beside(page, state);
}

/** Keeps up with the public queue. How comes once the page is there. */
let live = null;
async function followQueue() {
  live ??= await import('./stream.js').catch(() => null);
  if (!live) {
    setTimeout(followQueue, 3000);
    return;
  }
  const url = stepOf(state) === 'wait' ? `${base}/queue/stream` : null;
  const isOver = state === 'cancelled' || state === 'closed';
  if (following && (isOver || following.url !== url)) {
    following.close();
    following = null;
  }
  if (isOver || following) return;
  const take = (queue) => {
    const phaseBefore = page.queue?.phase;
    page.queue = queue;
    page.heard = Date.now();
    if (phaseBefore && phaseBefore !== queue.phase) refresh().catch(() => render());
    else render();
    return Math.max(url ? 1000 : SLOW_POLL_MS, queue.next_poll_ms || 5000);
  };
  following = live.follow({
    url,
    heard: () => { page.heard = Date.now(); },
    events: { queue: (text) => take(JSON.parse(text)) },
    poll: async () => take(await get(`${base}/queue`, 1)),
  });
  following.url = url;
}

function showFailure(problem, retry = () => location.reload()) {
  view?.close?.();
  view = null;
  state = 'error';
  const isUnknown = problem.status === 404 || problem.status === 400;
  const title = isUnknown ? t`This event does not exist` : t`We cannot load this page right now`;
  place(el('div', { class: 'card narrow' },
    heading(title),
    el('p', {}, isUnknown ? t`Check the address, or pick the event from the list.` : problem.message),
    isUnknown ? el('a', { class: 'button primary', href: '/' }, t`All events`)
      : notice('calm', t`We keep trying automatically. Your place, your seats and your order are safe on the server.`),
    isUnknown ? null : el('button', { type: 'button', class: 'button', onclick: retry }, t`Try again now`)));
}

/** Streams say something every ten seconds; what is older than this is greyed. */
const STALE_MS = 30000;
let isReached = true;
function showAge() {
  const isOld = page.heard && following && Date.now() - page.heard > STALE_MS;
  root.classList.toggle('stale', Boolean(isOld));
  const words = isReached ? isOld && t`Not up to date.` : t`No connection.`;
  say(document.getElementById('offline'), words ? t`${words} We keep trying; nothing is lost.` : '');
}
setInterval(showAge, 2000);

reach.addEventListener('change', ({ detail }) => {
  isReached = detail;
  showAge();
  if (isReached && page.me) refresh().catch(() => {});
});
addEventListener('online', () => page.me && refresh().catch(() => {}));
addEventListener('pageshow', (shown) => shown.persisted && refresh().catch(() => {}));
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && page.me) refresh().catch(() => {});
});

let again = 0;
/** First load: tries for ever, calmly, because the crowd is at its largest just then. */
async function start(tries = 0) {
  clearTimeout(again);
  const line = document.getElementById('loading');
  if (line) line.textContent = t`Looking for your place…`;
  try {
    [page.queue] = await Promise.all([get(`${base}/queue`).catch(() => null), read()]);
    await render();
  } catch (problem) {
    showFailure(problem instanceof Problem ? problem : new Problem(0, {}), () => start(tries + 1));
    if (problem.status !== 404 && problem.status !== 400) {
      again = setTimeout(() => start(tries + 1), backoff(tries, 2000, 30000));
    }
  }
}
start();
