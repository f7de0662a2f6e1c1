// Owns the way back to seats that are held, from pages that show something else: what one has, until
// when, and a link to it.
import { get, now } from './api.js';
import { clock } from './clock.js';
import { el, say } from './dom.js';
import { plural } from './format.js';
import { t } from './further.js';
import { liveOrder } from './state.js';

/** The order that runs, with its event; null where there is none. Pure. */
export function running({ events = [] }) {
  const found = events.map(({ event, orders }) => ({ event, order: liveOrder({ orders }) })).filter(({ order }) => order);
  return found.sort((a, b) => Date.parse(a.order.expires_at || '') - Date.parse(b.order.expires_at || ''))[0] || null;
}

const wordsOf = ({ event, order }) => (order.status === 'payment_pending'
  ? t`Your payment for ${event.name} is being processed.` : t`You hold ${plural(order.seats.length, 'seat', 'seats')} at ${event.name}.`);

/** Shows it at the top of `main`; looks again when the page is looked at again. */
export function held(main = document.getElementById('main')) {
  let node = null;
  let ticking = 0;
  function show(one) {
    clearInterval(ticking);
    node?.remove();
    node = null;
    if (!one) return;
    const left = el('span', { role: 'timer' });
    const tick = () => {
      const ms = Date.parse(one.order.expires_at || '') - now();
      say(left, ms > 0 ? t`${clock(ms)} left.` : '');
      if (ms < -1500) look();
    };
    node = el('aside', { class: 'notice warn held', 'aria-label': t`Your seats` }, el('p', {}, wordsOf(one), ' ', left),
      el('a', { class: 'button primary', href: `/events/${encodeURIComponent(one.event.event_id)}` }, t`Go on to payment`));
    main.prepend(node);
    tick();
    ticking = setInterval(tick, 1000);
  }
  async function look() {
    // Without an answer, what was shown stays: it may well be true.
    const answer = await get('/v1/me/orders', 2).catch(() => null);
    if (answer) show(running(answer));
  }
  addEventListener('pageshow', look);
  document.addEventListener('visibilitychange', () => document.hidden || look());
  return look();
}
