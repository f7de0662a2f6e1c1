// Owns what a person has beyond addresses: devices that share orders and tickets, a link that signs in
// another one, and being forgotten.
import { action } from '../action.js';
import { send } from '../command.js';
import { el, say } from '../dom.js';
import { day } from '../format.js';
import { aboutAddress, addressField } from './address.js';

/** A button that asks once: `words` say what follows, `sure` does it. */
export function askedOnce(label, { about, words, sure, kind = 'secondary' }, work) {
  const place = el('div');
  const ask = action(label, async () => {
    const yes = action(sure, work);
    place.replaceChildren(el('p', {}, words), el('div', { class: 'form-actions' }, yes,
      action('No, leave it', async () => {
        place.replaceChildren(ask);
        ask.focus();
      }, 'secondary')));
    yes.focus();
  }, kind);
  if (about) ask.setAttribute('aria-label', `${label}: ${about}`);
  place.append(ask);
  return place;
}

function device({ device_id: id, label, since, is_this_one: isThisOne }, again) {
  const date = day(since, undefined, { dateStyle: 'medium' });
  return el('li', {}, el('div', {}, el('strong', {}, label), el('p', { class: 'quiet' },
    [isThisOne ? 'This one' : null, date ? `since ${date}` : null].filter(Boolean).join(' · '))),
  askedOnce('Sign out', { about: label, sure: `Sign ${isThisOne ? 'this browser' : label} out`,
    words: 'It keeps what it bought itself, and sees nothing else any more.' }, async () => {
    await send('DELETE', `/v1/me/devices/${encodeURIComponent(id)}`);
    await again(`Signed out: ${label}.`);
  }));
}

/** Sends a link that signs in whichever device opens it. */
function linkForm() {
  const field = addressField('device-address', { hint: 'One that was confirmed in the same browser in which it was entered: so we know that both are yours.' });
  const status = el('p', { class: 'said', role: 'status' });
  const button = action('Send me a link', async () => {
    say(status, '');
    const address = field.check();
    if (!address) return;
    try {
      await send('POST', '/v1/sign-in', { channel: 'email', address });
    } catch (problem) {
      if (!aboutAddress(problem)) throw problem;
      field.refuse(aboutAddress(problem));
      return;
    }
    say(status, `If ${address} is known here, a link is on its way. Open it on the device that is to be signed in: `
      + 'it works once, for a quarter of an hour.');
  }, 'secondary');
  return el('div', { class: 'stack' }, field.node, button, status);
}

/** What the card about devices holds; `again` reads the page anew and says what happened. */
export const devicesPart = (devices, again) => [
  devices.length ? el('ul', { class: 'rows' }, devices.map((one) => device(one, again)))
    : el('p', {}, 'Orders and tickets are in the browser that bought them. A link by e-mail brings them to another one.'),
  linkForm(),
];

export const forgetPart = (again) => askedOnce('Forget me', { sure: 'Yes, forget me for good',
  words: 'Your addresses, devices, messages and what you follow are deleted and cannot be brought back. Orders and tickets '
    + 'stay in the browsers that bought them.' }, async () => {
  await send('DELETE', '/v1/me', {});
  await again('You are forgotten. Nothing is sent to you any more.');
});
