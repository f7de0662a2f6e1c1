// Owns what a person has beyond addresses: devices that share orders and tickets, a link that signs in
// another one, and being forgotten.
import { action } from '../action.js';
import { get } from '../api.js';
import { send } from '../command.js';
import { el, say } from '../dom.js';
import { day } from '../format.js';
import { t } from '../further.js';
import { keepOffline } from '../mine/offline.js';
import { aboutAddress, addressField } from './address.js';
import { hasPasskeys, makePasskey } from './passkey.js';

/** Of the tickets this browser keeps for a place without a network, those of other devices go. */
async function keepOwn() {
  const { events } = await get('/v1/me/orders');
  await keepOffline(events);
}

/** A button that asks once: `words` say what follows, `sure` does it. */
export function askedOnce(label, { about, words, sure, kind = 'secondary' }, work) {
  const place = el('div');
  const ask = action(label, async () => {
    const yes = action(sure, work);
    place.replaceChildren(el('p', {}, words), el('div', { class: 'form-actions' }, yes,
      action(t`No, leave it`, async () => {
        place.replaceChildren(ask);
        ask.focus();
      }, 'secondary')));
    yes.focus();
  }, kind);
  if (about) ask.setAttribute('aria-label', `${label}: ${about}`);
  place.append(ask);
  return place;
}

function device({ device_id: id, label, since, used_at: usedAt, is_this_one: isThisOne }, again) {
  const date = day(since, undefined, { dateStyle: 'medium' });
  const used = isThisOne ? '' : day(usedAt, undefined, { dateStyle: 'medium', timeStyle: 'short' });
  return el('li', {}, el('div', {}, el('strong', {}, label), el('p', { class: 'quiet' },
    [isThisOne ? t`This one` : null, date ? t`since ${date}` : null, used ? t`last seen about ${used}` : null].filter(Boolean).join(' · '))),
  askedOnce(t`Sign out`, { about: label, sure: t`Sign ${isThisOne ? t`this browser` : label} out`,
    words: t`It keeps what it bought itself, and sees nothing else any more.` }, async () => {
    await send('DELETE', `/v1/me/devices/${encodeURIComponent(id)}`);
    await again(t`Signed out: ${label}.`);
  }));
}

/** Sends a link that signs in whichever device opens it. */
export function linkForm() {
  const field = addressField('device-address', { hint: t`One that was confirmed in the same browser in which it was entered: so we know that both are yours.` });
  const status = el('p', { class: 'said', role: 'status' });
  const button = action(t`Send me a link`, async () => {
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
    say(status, t`If ${address} is known here, a link is on its way. Open it on the device that is to be signed in: it works once, for a quarter of an hour.`);
  }, 'secondary');
  return el('div', { class: 'stack' }, field.node, button, status);
}

/** What the card about devices holds; `again` reads the page anew and says what happened. */
export const devicesPart = (devices, again) => [
  devices.length ? el('ul', { class: 'rows' }, devices.map((one) => device(one, again)))
    : el('p', {}, t`Orders and tickets are in the browser that bought them. A link by e-mail brings them to another one.`),
  devices.length > 1 ? askedOnce(t`Sign out everywhere`, { sure: t`Yes, sign every device out`,
    words: t`This browser too. Each keeps what it bought itself; sign in again to have the rest.` }, async () => {
    await send('DELETE', '/v1/me/devices');
    keepOwn().catch(() => {});
    await again(t`Every device is signed out.`);
  }) : null,
  linkForm(),
];

function passkey({ passkey_id: id, label, since, used_at: usedAt }, again) {
  const on = (at) => day(at, undefined, { dateStyle: 'medium' });
  const dates = [since && t`made ${on(since)}`, usedAt && t`last used ${on(usedAt)}`].filter(Boolean);
  return el('li', {}, el('div', {}, el('strong', {}, label), el('p', { class: 'quiet' },
    dates.join(' · '))),
  askedOnce(t`Remove`, { about: t`passkey of ${label}`, sure: t`Remove the passkey of ${label}`,
    words: t`It signs nobody in any more. Delete it in the settings of that device as well.` }, async () => {
    await send('DELETE', `/v1/me/passkeys/${encodeURIComponent(id)}`);
    await again(t`Removed: the passkey of ${label}.`);
  }));
}

/** What the card about passkeys holds. */
export const passkeysPart = (passkeys, again) => [
  passkeys.length ? el('ul', { class: 'rows' }, passkeys.map((one) => passkey(one, again)))
    : el('p', {}, t`With a passkey you sign in by your fingerprint, face or PIN, on any device of yours. There is no password to lose.`),
  hasPasskeys() ? action(t`Make a passkey`, async () => {
    await makePasskey();
    await again(t`The passkey is made. It signs you in on your other devices.`);
  }, 'secondary') : el('p', { class: 'quiet' }, t`This browser cannot make one.`),
];

export const forgetPart = (again) => askedOnce(t`Forget me`, { sure: t`Yes, forget me for good`,
  words: t`Your addresses, devices, messages and what you follow are deleted and cannot be brought back. Orders and tickets stay in the browsers that bought them.` }, async () => {
  await send('DELETE', '/v1/me', {});
  keepOwn().catch(() => {});
  await again(t`You are forgotten. Nothing is sent to you any more.`);
});
