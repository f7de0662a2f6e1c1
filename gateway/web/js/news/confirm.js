// Owns the page behind the link that confirms an address. The link carries its token behind the #,
// which browsers send to nobody; and only a press confirms, because mail programs open links to
// check them.
import { get } from '../api.js';
import { action } from '../action.js';
import { send } from '../command.js';
import { el, heading } from '../dom.js';
import { t } from '../further.js';
import { hideToken, into, links, tokenOf } from './card.js';
import { both, of } from './words.js';

/** What is followed of each event; the artist's name comes from the event itself, where it can be had. */
async function named(events) {
  const rows = await Promise.all(events.map(async ({ event_id, event_name: name, scopes }) => {
    const event = await get(`/v1/events/${encodeURIComponent(event_id)}`, 2).catch(() => null);
    const what = both(scopes.map((scope) => of(scope, event?.artist)));
    return el('li', {}, el('span', {}, el('a', { href: `/events/${encodeURIComponent(event_id)}` }, name || event?.name || t`An event`), `: ${what.replace(/^This event/, t`this event`)}`));
  }));
  return rows;
}

const WHAT = { email: t`e-mail address`, sms: t`phone number` };

/** What is shown; `show` replaces the card's content and moves focus to its heading. */
export function confirming(token, show) {
  const ask = () => show([heading(t`Is this your address?`),
    el('p', {}, t`Somebody, most likely you, asked for news at the address this link was sent to. Press the button, and it will be used for that. If it was not you, close this page: nothing will be sent.`),
    action(t`Yes, confirm it`, confirm)]);

  async function confirm() {
    try {
      const { channel, events } = await send('POST', '/v1/contacts/confirm', { token });
      hideToken();
      const list = events?.length ? await named(events) : [];
      show([heading(t`Your ${WHAT[channel] || t`address`} is confirmed`),
        list.length ? el('p', {}, t`You get news about:`) : el('p', {}, t`It is ready for messages.`),
        list.length ? el('ul', { class: 'rows' }, list) : null,
        el('p', {}, t`Each message has one link that stops them.`), links()]);
    } catch (problem) {
      if (problem.code === 'link_spent' || problem.status === 410) {
        show([heading(t`This link has been used already`),
          el('p', {}, t`Each link works once. If you confirmed the address a moment ago, all is well. If you did not, somebody who reads your messages did; remove the address at My addresses, or use the link that stops messages in the next one.`), links()]);
      } else if (problem.status === 404 || problem.status === 400) {
        show(unknown());
      } else throw problem;
    }
  }
  const unknown = () => [heading(t`This link does not work`),
    el('p', {}, t`It is too old, or a part of it is missing. Copy the whole link from the message into the address bar; if that does not help, ask for a new one: enter your address again on the event’s page, under “Get news”.`), links()];

  if (token) ask();
  else show(unknown());
}

const card = globalThis.document?.getElementById('card');
if (card) confirming(tokenOf(location.hash), into(card));
