// Owns the ways to sign in: a passkey, a provider, a link by e-mail; and what comes back from a
// provider. Afterwards one goes on where one came from.
import { get } from '../api.js';
import { action } from '../action.js';
import { send } from '../command.js';
import { el, heading } from '../dom.js';
import { t } from '../further.js';
import { links } from './card.js';
import { linkForm } from './devices.js';
import { hasPasskeys, usePasskey } from './passkey.js';
import { languageOf, zoneHere } from './words.js';

/** The page to go on with: one of ours, whatever the address says. Pure. */
export function backOf(search, otherwise = '/me') {
  const back = new URLSearchParams(search).get('back') || '';
  return /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(back) && back.length <= 200 ? back : otherwise;
}

const go = (to) => globalThis.location.assign(to);

/** Sends this browser to a provider; `who` is staff or fan. */
export async function toProvider(who, back, keep = false) {
  const { location: way } = await send('POST', '/v1/sign-in/provider', { who, back, keep_address: keep });
  go(way);
}

function byProvider(name, back) {
  const keep = el('input', { type: 'checkbox', id: 'keep-address' });
  return el('section', { class: 'stack' }, action(t`Sign in with ${name}`, () => toProvider('fan', back, keep.checked), 'secondary'),
    el('label', { class: 'check', for: 'keep-address' }, keep,
      el('span', {}, t`Keep my e-mail address from there, for messages about my orders and what I follow`)));
}

/** What is offered; `show` replaces the card's content and moves focus to its heading. */
export async function offering(back, show) {
  const ways = await get('/v1/sign-in/ways').catch(() => ({}));
  const withPasskey = ways.passkeys && hasPasskeys() ? action(t`Sign in with a passkey`, async () => {
    await usePasskey();
    go(back);
  }) : null;
  show([heading(t`How would you like to sign in?`),
    el('p', {}, t`Your orders and tickets are then in this browser too, and what is here comes along.`),
    withPasskey, ways.fans ? byProvider(ways.fans.name, back) : null,
    el('section', { class: 'stack' }, el('h3', { class: 'part-title' }, t`By e-mail`), linkForm()),
    ways.staff ? el('p', { class: 'quiet' }, t`You work here? `, action(t`Sign in with ${ways.staff.name}`,
      () => toProvider('staff', back), 'secondary')) : null,
    links()]);
}

/** What came back from a provider, read out of the address. Pure. */
export function returned(search) {
  const said = new URLSearchParams(search);
  const [code, state] = [said.get('code'), said.get('state')];
  return code && state ? { code, state, ...(said.get('iss') ? { iss: said.get('iss') } : {}) } : null;
}

/** Ends a sign in by a provider, without a press: the person pressed there. */
export async function returning(answer, show) {
  globalThis.history?.replaceState(null, '', '/sign-in');
  const failed = (title, words) => show([heading(title), el('p', {}, words),
    el('p', {}, el('a', { href: '/sign-in' }, t`Begin again`)), links()]);
  if (!answer) {
    failed(t`You are not signed in`, t`The provider did not say who you are. Nothing has changed here.`);
    return;
  }
  try {
    const { back } = await send('POST', '/v1/sign-in/provider/return',
      { ...answer, language: languageOf(), time_zone: zoneHere() });
    go(back);
  } catch (problem) {
    failed(t`You are not signed in`, problem.message);
  }
}
