// Owns the list of what is off sale and what was given away: by whom, why, since when; the links for
// guests; putting back.
import { get } from '../api.js';
import { action } from '../action.js';
import { send } from '../command.js';
import { announce, el, say } from '../dom.js';
import { day, plural } from '../format.js';
import { TICKETS, placesOf, runWords } from './words.js';

const by = ({ by: staff, at, note }, zone) => [note && `“${note}”`, staff ? `${staff}, ${day(at, zone)}` : 'by the plan']
  .filter(Boolean).join(' · ');

/** The numbers of a run's seats. Pure. */
export const seatsOf = ({ seat_id: first, count }) => Array.from({ length: count }, (_, n) => first + n);

/** The card: { node, load }. */
export function houseList(page, { lost, changed, refund }) {
  const blocked = el('ul', { class: 'house-list' });
  const given = el('ul', { class: 'house-list' });
  const words = el('p', { class: 'quiet', role: 'status' });
  const more = el('p', { hidden: true });
  const zone = page.event.time_zone;

  const guarded = (work) => async () => {
    try {
      await work();
    } catch (problem) {
      if (problem.status !== 401) throw problem;
      lost(problem);
    }
  };

  function run(one) {
    return el('li', {}, el('div', { class: 'line' }, el('span', {}, runWords(one)),
      action('Put back', guarded(async () => {
        await send('POST', `${page.base}/seats/unblock`, { seats: seatsOf(one), note: '' });
        announce(`${runWords(one)} is on sale again.`);
        await changed();
      }), '')), el('p', { class: 'quiet' }, by(one, zone)));
  }

  function ticket(one) {
    const place = placesOf([one]);
    const head = el('div', { class: 'line' }, el('span', {}, place), el('span', { class: 'tag' }, TICKETS[one.state] ?? one.state));
    if (!one.page) return [head];
    const link = new URL(one.page, location.href).href;
    const field = el('input', { class: 'guest-link', readonly: true, value: link, 'aria-label': `Link for the guest of ${place}`,
      onfocus: () => field.select?.() });
    const copied = el('span', { role: 'status' });
    const copy = el('button', { type: 'button', class: 'button', 'aria-label': `Copy the link for ${place}`, onclick: async () => {
      try {
        await navigator.clipboard.writeText(link);
        say(copied, 'Copied.');
      } catch {
        field.focus();
        say(copied, 'Copy it from the field.');
      }
    } }, 'Copy');
    return [head, field, el('div', { class: 'line' }, el('span', {}, copy, ' ',
      el('a', { class: 'button', href: one.qr, target: '_blank', rel: 'noopener', 'aria-label': `Code to print for ${place}` }, 'Code to print')), copied)];
  }

  function gift(one) {
    const back = el('div', {});
    const whole = { ...one, seats: one.tickets, amount: 0, currency: page.event.currency, is_gift: true };
    if (one.status === 'confirmed') back.append(refund(whole).node);
    return el('li', {}, el('p', { class: 'quiet' }, `${one.order_id} · ${by(one, zone)}`),
      one.tickets.flatMap(ticket), back);
  }

  function show(answer, isFirst) {
    if (isFirst) {
      blocked.replaceChildren(...answer.blocked.map(run));
      given.replaceChildren();
    }
    given.append(...answer.given.map(gift));
    if (isFirst && !answer.given.length) given.append(el('li', { class: 'quiet' }, 'Nothing was given away.'));
    more.hidden = !answer.next;
    more.replaceChildren(action('Show older ones', guarded(() => load(answer.next)), ''));
    say(words, `${plural(answer.blocked_count, 'seat is', 'seats are')} off sale.`);
  }

  async function load(older = null) {
    const query = older ? new URLSearchParams({ older }).toString() : '';
    try {
      show(await get(`${page.base}/house${query ? `?${query}` : ''}`), !older);
    } catch (problem) {
      if (problem.status === 401) lost(problem);
      else say(words, problem.message);
    }
  }
  const node = el('section', { class: 'card stack', 'aria-labelledby': 'house-list' },
    el('h2', { id: 'house-list' }, 'Off sale, and given away'), words,
    el('h3', {}, 'Off sale'), blocked, el('h3', {}, 'Given away'),
    el('p', { class: 'quiet' }, 'Send each guest the link of their ticket: whoever opens it first has it. A link works for two weeks; this page makes new ones each time.'),
    given, more);
  return { node, load };
}
