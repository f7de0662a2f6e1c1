// Owns the page that signs a device in: behind a link, behind a provider, or with the ways there are.
// From then on this browser and the person's others have the same orders, tickets and messages.
// Opening a link does nothing.
import { action } from '../action.js';
import { send } from '../command.js';
import { el, heading } from '../dom.js';
import { t } from '../further.js';
import { hideToken, into, links, tokenOf } from './card.js';
import { backOf, offering, returned, returning } from './ways.js';

/** `show` replaces the card's content and moves focus to its heading. */
export function signingIn(token, show) {
  const unknown = () => show([heading(t`This link does not work`),
    el('p', {}, t`It works for a quarter of an hour, and only as a whole. Ask for a new one at My addresses, under “Devices”.`), links()]);

  async function signIn() {
    try {
      await send('POST', '/v1/sign-in/open', { token });
      hideToken();
      show([heading(t`You are signed in`),
        el('p', {}, t`This browser now has the orders, tickets and messages of your other devices, and they have those of this one. You can sign a device out at My addresses.`), links()]);
    } catch (problem) {
      if (problem.code === 'link_spent' || problem.status === 410) {
        show([heading(t`This link has been used already`),
          el('p', {}, t`Each link works once. If it was not you who used it, sign that device out at My addresses, under “Devices”.`), links()]);
      } else if ([400, 404].includes(problem.status)) unknown();
      else throw problem;
    }
  }
  if (!token) {
    unknown();
    return;
  }
  show([heading(t`Sign in on this device?`),
    el('p', {}, t`This browser will see your orders and tickets. Do it only on a device of yours; if you did not ask for this link, close the page.`),
    action(t`Yes, sign in here`, signIn)]);
}

const card = globalThis.document?.getElementById('card');
if (card) {
  const { hash, pathname, search } = location;
  if (hash) signingIn(tokenOf(hash), into(card));
  else if (pathname === '/sign-in/return') returning(returned(search), into(card));
  else offering(backOf(search), into(card));
}
