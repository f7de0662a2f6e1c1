// Owns the states in which there is nothing to buy: all seats held or sold, the sale over, the event
// cancelled. Each says what is so, what may still come, and what one can do about it.
import { instant } from './about.js';
import { el, say } from './dom.js';
import { plural } from './format.js';
import { simple } from './frame.js';
import { t } from './further.js';
import { notifyMe } from './notify.js';
import { press } from './press.js';

const others = () => el('a', { class: 'button secondary', href: '/' }, t`See other events`);
const mine = () => el('a', { class: 'button primary', href: '/tickets' }, t`Show my tickets`);

/** How many seats are held and may come back, over all categories. Pure. */
export const heldIn = ({ categories = [] }) => categories.reduce((sum, { held = 0 }) => sum + held, 0);

/** The title and what is so where nothing is free: held by others, or sold. Pure. */
export function noneFree(event, phase) {
  const held = heldIn(event);
  return phase !== 'sold_out' ? { title: t`All seats are taken right now`,
    line: !held ? t`The seats that are left are held by people who are choosing or paying. Those they do not buy come back.` : plural(held, 'seat is held by somebody who is choosing or paying. It comes back if they do not buy it.',
      'seats are held by people who are choosing or paying. Those they do not buy come back.') }
    : { title: t`Sold out`, line: t`Every seat is sold. One comes back only when an order is refunded.` };
}

/** The line goes on while nothing is free: whoever stands in it is called when seats come back. */
export function sold_out(page) {
  const phaseOf = () => page.queue?.phase || page.event.phase;
  const now = el('p', {});
  const wait = el('div', { class: 'stack' });
  const shown = simple(page, noneFree(page.event, phaseOf()).title, [], [now, wait]);
  const title = shown.node.querySelector('.state-title');
  let isListed = null;
  function fill() {
    const has = Number.isFinite(page.me?.place ?? NaN);
    if (has === isListed) return;
    isListed = has;
    wait.replaceChildren(...(has ? [
      el('p', { role: 'status' }, t`You are on the waiting list. When seats come back, people are called by their place in the line, and this page says when it is your turn.`),
      notifyMe(page)] : [
      el('p', {}, t`Go on the waiting list: when seats come back, people are called by their place in the line.`),
      ...press(page, t`Join the waiting list`)]));
  }
  const update = () => {
    shown.update();
    const is = noneFree(page.event, phaseOf());
    say(now, is.line);
    if (title) say(title, is.title);
    fill();
  };
  update();
  return { ...shown, update };
}

export function closed(page) {
  const at = page.event?.closes_at;
  return simple(page, t`The sale is closed`, [], [
    at ? el('p', {}, t`It closed `, instant(at, page.event.time_zone), '.') : null,
    el('p', {}, t`No more tickets are sold here. Tickets already bought stay valid.`), others()]);
}

export function cancelled(page) {
  const orders = page.me?.orders || [];
  const paid = orders.some(({ payment }) => payment && payment.money !== 'none');
  return simple(page, t`This event is cancelled`, [
    paid ? t`What you paid goes back to the card you paid with. You do not need to do anything.`
      : t`Whoever paid gets the money back on the card they paid with. Nobody needs to do anything.`,
  ], [orders.length ? mine() : null, others()]);
}
