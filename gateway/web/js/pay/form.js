// Owns the place where one pays: asks which provider there is, and either makes its form here or
// leads to its own page. Knows no provider; card numbers never pass through here.
import { get } from '../api.js';
import { busy, clearProblem, showProblem } from '../action.js';
import { send } from '../command.js';
import { el, say } from '../dom.js';
import { t } from '../further.js';

/** What a provider's script may use; it imports nothing of ours. */
const tools = { el, say, send, busy, clearProblem };

/** Where a provider's own page about an order is. Pure. */
export const pageAbout = (offer, order) =>
  `${offer.url}/events/${encodeURIComponent(order.event_id)}/orders/${encodeURIComponent(order.order_id)}`;

/** The form for an order; `pay(token)` makes the purchase and may throw a problem, which is shown. */
export function payForm(order, { amount, pay, isAgain }, load = (url) => import(url)) {
  const place = el('div', { class: 'pay-place' }, el('p', { class: 'quiet', role: 'status' }, t`A moment…`));
  const show = async () => {
    try {
      const offer = await get('/v1/payments/form');
      if (offer.type === 'page') {
        place.replaceChildren(el('div', { class: 'card' },
          el('p', {}, t`You enter your card on the next page, which brings you back here.`),
          el('a', { class: 'button primary', href: pageAbout(offer, order) }, isAgain ? t`Try again: pay ${amount}` : t`Pay ${amount}`)));
        return;
      }
      const { cardForm } = await load(offer.url);
      place.replaceChildren(cardForm(tools, { amount, pay, isAgain, pages: offer.pages }));
    } catch (problem) {
      const again = el('button', { type: 'button', class: 'button', onclick: () => busy(again, show) }, t`Try again`);
      place.replaceChildren(again);
      showProblem(again, problem);
    }
  };
  show();
  return place;
}
