// Owns the states around the waiting: announced, join, your turn, sold out, closed, cancelled.
// One function a state; each returns { node, update, close }.
import { instant } from './about.js';
import { Problem, now } from './api.js';
import { clock } from './clock.js';
import { send } from './command.js';
import { action } from './action.js';
import { el, heading, notice, say } from './dom.js';
import { door } from './door.js';
import { waitingRange, waitingWords } from './format.js';
import { turnCame } from './notify.js';
import { wentIdle } from './idle.js';
import { offer, words } from './wait.js';

const prepare = () => {
  import('./shop/shop.js').catch(() => {});
};

/** A place is kept by a cookie; without, it would be lost at once. */
const cookiesOff = () => new Problem(0, { code: 'cookies_off', detail: 'Your browser does not keep cookies for this '
  + 'site, so it cannot keep your place. Allow cookies for this site in its settings, then press again.' });

async function joinQueue(page, through) {
  if (navigator.cookieEnabled === false) throw cookiesOff();
  await through.join();
  page.acted = true;
  page.changed();
  await page.refresh();
  // It said yes and kept none all the same.
  if (page.me?.device === false || page.me?.place === null) throw cookiesOff();
}

function simple(page, title, lines, extra = []) {
  const message = words(page);
  const side = offer(page);
  const node = el('div', { class: 'two' },
    el('div', { class: 'card' }, heading(title), message.node, lines.map((line) => el('p', {}, line)),
      extra),
    side.node);
  return { node, update: () => { message.update(); side.update(); } };
}

export function announced(page) {
  const through = door(page);
  const opens = el('p', {});
  const begins = el('p', {});
  const code = el('div');
  let codes = null;
  const shown = simple(page, 'The sale is not open yet', [
    'Take your place now, or stay on this page: it moves on when the sale opens.',
  ], [begins, code, opens, action('Take a place in the queue', () => joinQueue(page, through)), through.node]);
  const left = el('span', {});
  let saidFor;
  let saidPresale;
  // Who has a code may claim it before the presale begins.
  function followCode() {
    const at = page.event?.presale_at;
    if (at !== saidPresale) begins.replaceChildren(...(at ? ['The presale begins ', instant(at, page.event.time_zone), '.'] : []));
    if (at && !saidPresale) import('./presale.js').then(({ codePart }) => {
      codes ??= codePart(page);
      code.replaceChildren(codes.node);
    }).catch(() => {});
    saidPresale = at;
    codes?.update();
  }
  const update = () => {
    shown.update();
    const at = page.event?.opens_at;
    if (at !== saidFor) opens.replaceChildren(...(at ? ['The sale opens ', instant(at, page.event.time_zone), left] : []));
    saidFor = at;
    followCode();
    const ms = at ? new Date(at) - now() : 0;
    // Less than a day is counted down; more needs no seconds.
    say(left, ms > 86400000 ? '.' : ms > 0 ? `, in ${clock(ms)}.` : ': any moment now.');
  };
  update();
  const ticking = setInterval(update, 1000);
  return { ...shown, update, close: () => clearInterval(ticking) };
}

export function join(page) {
  const paused = notice('warn', 'The sale is paused. You can take a place now; the queue continues later.');
  const line = el('p', {});
  const through = door(page);
  const idle = notice('warn');
  const shown = simple(page, 'Join the queue', [], [
    idle, paused, line,
    action('Join the queue', () => joinQueue(page, through)), through.node,
    el('p', { class: 'quiet' }, 'One place per device. Reloading or opening a second tab '
      + 'does not change your place.'),
  ]);
  const update = () => {
    shown.update();
    const words = wentIdle(page.me);
    idle.hidden = !words;
    say(idle, words || '');
    paused.hidden = page.queue?.phase !== 'paused';
    const { queue } = page;
    const range = ['open', 'presale'].includes(queue?.phase) && waitingWords(waitingRange(queue.people_waiting, queue.pace_per_minute));
    say(line, range ? `If you join now, you will wait ${range}.`
      : 'Everyone is served in order, as fast as the shop can handle. All you need to do is wait.');
  };
  update();
  return { ...shown, update };
}

export function turn(page) {
  prepare();
  turnCame(page);
  const message = words(page);
  const note = el('p', { class: 'quiet', role: 'status' });
  const through = door(page);
  let timer = null;

  async function enter() {
    clearTimeout(timer);
    say(note, '');
    try {
      const pass = await send('POST', `${page.base}/enter`, {});
      page.setPass(pass);
      page.setDone(pass.as_of);
    } catch (problem) {
      if (['shop_full', 'not_your_turn', 'sale_paused', 'rate_limited'].includes(problem.code)) {
        const wait = Math.min(Math.max(problem.retryAfterMs || 3000, 1000), 30000);
        say(note, `${problem.message} Trying again in ${Math.ceil(wait / 1000)} s.`);
        timer = setTimeout(() => enter().catch(() => {}), wait * (1 + Math.random() / 4));
        return;
      }
      if (problem.code === 'turn_lapsed') {
        say(note, 'Those who were here went first. Getting you a new place…');
        page.rejoined = true;
        await joinQueue(page, through);
        return;
      }
      if (!['place_spent', 'place_unknown'].includes(problem.code)) throw problem;
      say(note, `${problem.message} `);
      note.append(action('Join again', () => joinQueue(page, through), 'secondary'));
      return;
    }
    page.acted = true;
    page.rejoined = false;
    page.changed();
    await page.refresh();
  }
  const node = el('div', { class: 'card narrow turn' },
    el('p', { class: 'flag', 'aria-hidden': 'true' }, 'It is'),
    heading('Your turn'), message.node,
    el('p', {}, 'The shop is open for you. Press Continue when you are ready to choose seats.'),
    action('Continue to the seats', enter),
    note, through.node,
    el('p', { class: 'quiet' }, 'The page does not move on by itself: the door stays open for you for a '
      + 'moment while you get ready. If you do not come, those who are here go first and you get a place behind them.'));
  return { node, update: message.update, close: () => clearTimeout(timer) };
}

export const sold_out = (page) => simple(page, 'Sold out for now', [
  'Every seat is sold or held. Seats come back when a hold runs out or a payment fails.',
  page.me?.place === null ? 'Stay on this page: it updates as soon as a seat is free.'
    : 'Your place is kept. Stay on this page: it updates as soon as a seat is free.',
]);

export const closed = (page) => simple(page, 'The sale is closed', [
  'No more tickets are sold here. Tickets already bought stay valid.',
], [el('a', { class: 'button secondary', href: '/' }, 'See other events')]);

export const cancelled = (page) => simple(page, 'This event is cancelled', [
  page.me?.orders?.length
    ? 'Your order is being refunded to the card you paid with; you do not need to do anything.'
    : 'Paid orders are refunded to the card they were paid with; nobody needs to do anything.',
], [el('a', { class: 'button secondary', href: '/' }, 'See other events')]);
