// Owns the address that a buyer may leave while paying, so that the tickets are not in one browser alone.
// Nobody needs to: what is bought is bought without. Nothing is sent there but one message to confirm it.
import { get } from '../api.js';
import { action } from '../action.js';
import { send } from '../command.js';
import { el, say } from '../dom.js';
import { t } from '../further.js';
import { aboutAddress, addressField } from '../news/address.js';
import { languageOf, zoneHere } from '../news/words.js';
import { sheet } from '../sheet.js';

const WHY = t`Then you can open your tickets on any device, and you hear if something changes.`;
const SENT = t`One message is on its way to you. Press the button in it, before or after you pay: nothing else is sent before that.`;

/** A browser that nobody knows has left no address; an installation may keep none. */
const orNone = (problem) => {
  if ([401, 404].includes(problem.status)) return { contacts: [] };
  throw problem;
};

/** The card; it stays away where no address can be left. */
export function contact() {
  sheet('news');
  const node = el('section', { class: 'card stack', 'aria-labelledby': 'contact-title', hidden: true });
  const status = el('p', { role: 'status' });
  const field = addressField('contact-address', { hint: WHY });
  const leave = action(t`Use this address`, async () => {
    const address = field.check();
    if (!address) return;
    try {
      const { state } = await send('POST', '/v1/me/contacts', { channel: 'email', address, language: languageOf(),
        time_zone: zoneHere(), scopes: [] });
      field.node.hidden = true;
      leave.hidden = true;
      say(status, state === 'confirmed' ? t`Your tickets belong to ${address}.` : `${address}: ${SENT}`);
    } catch (problem) {
      if (!aboutAddress(problem)) throw problem;
      field.refuse(aboutAddress(problem));
    }
  }, 'secondary');

  async function load() {
    const { contacts = [] } = await get('/v1/me/contacts', 2).catch(orNone);
    const known = contacts.find(({ channel, state }) => channel === 'email' && state === 'confirmed');
    if (known) say(status, t`Your tickets belong to ${known.address}. Sign in with it on any device.`);
    node.replaceChildren(el('h3', { id: 'contact-title' }, known ? t`Your address` : t`E-mail (optional)`),
      ...(known ? [] : [field.node, leave]), status);
    node.hidden = false;
  }
  // Paying does not wait for it.
  load().catch(() => {});
  return node;
}
