// Owns messages on this site: an entry at the top with how many are unread, and the list it opens.
import { get } from '../api.js';
import { backoff } from '../backoff.js';
import { send } from '../command.js';
import { announce, el, say } from '../dom.js';
import { count, day } from '../format.js';
import { t } from '../further.js';
import { sheet } from '../sheet.js';

/** How often a page that is looked at asks for new ones, with a part by chance: a hundred thousand who wait
 * ask 560 times a second. */
const EVERY_MS = 180000;
const PLACE = '#messages';

/** The newest first; unread ones are counted. Pure. */
export function sorted(messages) {
  const list = [...messages].sort((one, other) => Date.parse(other.at) - Date.parse(one.at));
  return { list, unread: list.filter((message) => !message.is_read).length };
}

/** Where a message leads, if that is a page of the web; null otherwise. Pure. */
export function safeLink(link, base = location.href) {
  try {
    const url = new URL(link, base);
    return link && (url.protocol === 'https:' || url.origin === new URL(base).origin) ? url.href : null;
  } catch {
    return null;
  }
}

/** The text, with its link as one where it stands in it, or else after it. */
function body(text, link, shown) {
  if (!link) return el('p', { class: 'about' }, text);
  const [before, ...after] = text.split(shown);
  const anchor = (words) => el('a', { href: link, rel: 'noreferrer' }, words);
  if (after.length) return el('p', { class: 'about' }, before, anchor(shown), after.join(shown));
  const words = new URL(link).origin === location.origin ? t`Open the page` : t`More at ${new URL(link).host}`;
  return [el('p', { class: 'about' }, text), el('p', {}, anchor(words))];
}

export function row(message) {
  const link = safeLink(message.link);
  const title = el('h3', {}, message.subject);
  return el('li', { class: message.is_read ? 'message' : 'message unread' },
    el('p', { class: 'quiet' }, message.is_read ? null : el('strong', {}, t`New · `),
      el('time', { datetime: message.at }, day(message.at)), message.event_name ? ` · ${message.event_name}` : ''),
    title, body(message.text, link, message.link));
}

/** Puts the entry into the page's head; it shows once there is a message, or on `open`. */
export function inbox(head = document.querySelector('.top'), main = document.getElementById('main')) {
  const badge = el('span', { class: 'badge', 'aria-hidden': 'true' });
  const inWords = el('span', { class: 'vh' });
  const entry = el('button', { type: 'button', class: 'button inbox-entry', hidden: true,
    'aria-expanded': 'false', 'aria-controls': 'inbox' }, t`Messages`, badge, inWords);
  const list = el('ul', { class: 'messages' });
  const title = el('h2', { tabindex: '-1', id: 'inbox-title' }, t`Messages`);
  const failed = el('p', { class: 'problem', role: 'alert', hidden: true });
  const panel = el('section', { class: 'card inbox', id: 'inbox', 'aria-labelledby': 'inbox-title', hidden: true },
    el('div', { class: 'inbox-head' }, title,
      el('button', { type: 'button', class: 'button', onclick: () => close() }, t`Close`)), failed, list,
    el('p', { class: 'quiet' }, el('a', { href: '/me' }, t`My addresses`), t`: where else messages reach you.`));
  let messages = [];
  let unreadBefore = null;
  let failures = 0;
  let asked = 0;
  let isAsleep = false;
  let timer = null;

  function show() {
    const { list: newest, unread } = sorted(messages);
    if (messages.length) entry.hidden = false;
    badge.hidden = !unread;
    if (unreadBefore !== null && unread > unreadBefore) announce(t`New message: ${newest[0].subject}`);
    unreadBefore = unread;
    say(badge, count(unread));
    say(inWords, unread ? t`, ${count(unread)} unread` : '');
    list.replaceChildren(...(newest.length ? newest.map(row)
      : [el('li', { class: 'quiet' }, t`There are no messages yet. They stay here once they come.`)]));
  }
  async function load() {
    clearTimeout(timer);
    // Of two questions at once, only the later one counts and asks again.
    const ticket = ++asked;
    isAsleep = false;
    try {
      const answer = await get('/v1/me/messages', 1);
      if (ticket !== asked) return;
      ({ messages } = answer);
      failures = 0;
      failed.hidden = true;
      show();
    } catch (problem) {
      if (ticket !== asked) return;
      failures += 1;
      failed.hidden = panel.hidden;
      say(failed, problem.message);
      // Nobody knows this browser yet: whoever comes back to the page may be known by then.
      isAsleep = problem.status === 401;
      if (isAsleep) return;
    }
    const wait = failures ? backoff(failures, EVERY_MS, 8 * EVERY_MS) : EVERY_MS * (0.75 + Math.random() / 2);
    timer = setTimeout(() => {
      if (document.hidden) isAsleep = true;
      else load();
    }, wait);
  }
  /** Everything that was on the screen is read; what came meanwhile is not. */
  async function markRead() {
    const { list: [newest], unread } = sorted(messages);
    if (!unread) return;
    await send('POST', '/v1/me/messages/read', { up_to: newest.message_id });
    messages = messages.map((message) => ({ ...message, is_read: true }));
    unreadBefore = 0;
    badge.hidden = true;
    say(inWords, '');
  }
  async function open() {
    entry.hidden = false;
    panel.hidden = false;
    entry.setAttribute('aria-expanded', 'true');
    title.focus({ preventScroll: true });
    scrollTo({ top: 0 });
    await load();
    // The marks of new ones stay on the list until it is opened again.
    await markRead().catch(() => {});
  }
  function close() {
    panel.hidden = true;
    entry.setAttribute('aria-expanded', 'false');
    // The same link opens it again.
    if (location.hash === PLACE) history.replaceState(null, '', location.pathname);
    entry.focus();
  }
  entry.addEventListener('click', () => (panel.hidden ? open() : close()));
  panel.addEventListener('keydown', ({ key }) => key === 'Escape' && close());
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && isAsleep) load();
  });
  addEventListener('hashchange', () => location.hash === PLACE && open());
  sheet('news');
  head.append(entry);
  main.prepend(panel);
  const loaded = location.hash === PLACE ? open() : load();
  return { entry, panel, open, close, loaded };
}
