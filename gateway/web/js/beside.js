// Owns what an event's page has beside its state: what the event says of itself, the form for news,
// messages. Nothing of it is needed at once, and the page does without any part that does not load.
import { about } from './about.js';
import { get } from './api.js';
import { el } from './dom.js';
import { t } from './further.js';
import { picture } from './picture.js';
import { sheet } from './sheet.js';

/** States in which news may be asked for: nothing is to be pressed in time. */
const CALM = new Set(['announced', 'waiting', 'sold_out', 'closed', 'tickets']);
/** A crowd that comes in the same second asks for its messages over these. */
const SPREAD_MS = 8000;

let news = null;
let inbox = null;
/** Ends the wait of a crowd for one who asks. */
let hurry = () => {};

async function showNews(page, isCalm) {
  if (isCalm && !news) {
    // Taken at once: two states in a row must not make two forms.
    news = document.createElement('div');
    document.getElementById('state').after(news);
    try {
      const { follow } = await import('./news/follow.js');
      news.append(follow(page, { onPage: () => openMessages() }));
    } catch {
      news.remove();
      news = null;
    }
  }
  if (news) news.hidden = !isCalm;
}

let shown = '';
/** Where seats are chosen and paid for, the room is theirs. */
function showPicture(one, isCalm) {
  const place = document.getElementById('event-picture');
  if (!place) return;
  place.hidden = !one || !isCalm;
  // Not before it is looked at, and not again while it stays the same.
  if (place.hidden || one.path === shown) return;
  shown = one.path;
  sheet('picture');
  place.replaceChildren(picture(one, '(min-width: 76rem) 74rem, 96vw'));
}

let logo = null;
/** Whose pages these are, over the name. */
function showLogo(one) {
  if (logo?.path === one?.path) return;
  logo?.node.remove();
  logo = one ? { path: one.path, node: picture(one, '15rem', { class: 'logo' }) } : null;
  if (!logo) return;
  sheet('picture');
  document.querySelector('.event-head')?.prepend(logo.node);
}

const loadInbox = async () => (await import('./news/inbox.js')).inbox();

async function showMessages(page) {
  if (inbox || !page.me?.device) return;
  inbox = new Promise((done) => {
    hurry = done;
    setTimeout(done, Math.random() * SPREAD_MS);
  }).then(loadInbox);
  await inbox.catch(() => { inbox = null; });
}

/** Somebody has just asked for messages here, and may have been a stranger until then. */
async function openMessages() {
  hurry();
  inbox ??= loadInbox();
  try {
    (await inbox).open();
  } catch {
    inbox = null;
  }
}

/** States in which money is, or was, at stake. */
const PAID = new Set(['shop', 'pay', 'tickets']);
let test = null;
let isTest = false;
let now = '';
/** Where no money moves, that is said before anybody chooses. */
async function showTestMode(state) {
  now = state;
  if (PAID.has(state) && !test) {
    test = el('p', { class: 'notice warn test-banner', hidden: true }, el('strong', {}, t`Test mode. `), t`No money moves, and the tickets admit nobody.`);
    document.getElementById('steps')?.before(test);
    const offer = await get('/v1/payments/form', 2).catch(() => null);
    isTest = offer?.moves_money === false;
  }
  if (test) test.hidden = !isTest || !PAID.has(now);
}

let back = null;
/** Whoever has tickets and looks for more is never without the way back to them. */
function showBack(page, state) {
  const isAway = page.browsing && !['shop', 'pay', 'tickets'].includes(state);
  if (isAway && !back) {
    back = el('p', {}, el('button', { type: 'button', class: 'button secondary', onclick() {
      page.browsing = false;
      page.acted = true;
      page.render();
    } }, t`Back to my tickets`));
    document.getElementById('state').before(back);
  }
  if (back) back.hidden = !isAway;
}

/** States outside of the shop, which says it itself. */
const OUTSIDE = new Set(['announced', 'presale', 'join', 'waiting', 'turn', 'sold_out', 'closed']);
let ended = null;
/** Whose order ended without seats reads that first, wherever they stand now, until they close it or go in. */
async function showEnded(page, state) {
  if (!OUTSIDE.has(state)) {
    (await ended)?.close();
    ended = null;
  } else if (!ended && page.me?.orders?.length) {
    ended = import('./shop/ended.js').then(({ endedNotice }) => endedNotice(page)).catch(() => null);
    const node = (await ended)?.node;
    if (!node) return;
    node.style.marginBlockEnd = '1rem';
    document.getElementById('state').before(node);
  }
}

/** Brings it up to date with the page. */
export function beside(page, state) {
  if (!page.event) return;
  document.getElementById('event-about').replaceChildren(...about(page.event));
  showPicture(page.event.picture, CALM.has(state));
  showLogo(page.event.look?.logo);
  showNews(page, CALM.has(state));
  showBack(page, state);
  showTestMode(state);
  showEnded(page, state);
  showMessages(page);
}
