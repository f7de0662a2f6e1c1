// Owns the page about one's addresses: which there are, in which state, how to remove one, in which
// language and on which clock messages are written, and what is followed.
import { get } from '../api.js';
import { action } from '../action.js';
import { send } from '../command.js';
import { el, say } from '../dom.js';
import { day } from '../format.js';
import { t } from '../further.js';
import { aboutAddress, addressField } from './address.js';
import { askedOnce, devicesPart, forgetPart, passkeysPart } from './devices.js';
import { inbox } from './inbox.js';
import { unsubscribe } from './push.js';
import { STATES, by, languageOf, of, zoneHere } from './words.js';

const LANGUAGES = { en: 'English', de: 'Deutsch' };
const KINDS = { email: t`E-mail`, sms: t`Text messages`, 'web_push': t`Notices` };

/** Cards made so far: each needs a name of its own. */
let cards = 0;
function card(title, ...parts) {
  cards += 1;
  const id = `me-card-${cards}`;
  return el('section', { class: 'card stack', 'aria-labelledby': id }, el('h2', { id, class: 'part-title' }, title), ...parts);
}

/** One address, and the way to remove it, which asks once. */
export function contactRow({ contact_id: id, channel, address, state, since }, again) {
  const date = day(since, undefined, { dateStyle: 'medium' });
  return el('li', {}, el('div', {}, el('strong', {}, address), el('p', { class: 'quiet' },
    [KINDS[channel] || channel, STATES[state] || state, date ? t`since ${date}` : null].filter(Boolean).join(' · '))),
  askedOnce(t`Remove`, { about: address, sure: t`Remove ${address}`, words: t`Its messages end with it, those about orders too.` }, async () => {
    await send('DELETE', `/v1/me/contacts/${encodeURIComponent(id)}`);
    if (channel === 'web_push') await unsubscribe().catch(() => {});
    await again(t`Removed: ${address}. Nothing is sent there any more.`);
  }));
}

/** What is followed of one event, each with its undo. */
export function followRow({ event_id: id, event_name: name, artist }, follows, gone) {
  const base = `/v1/events/${encodeURIComponent(id)}/follow`;
  return el('li', { class: 'event-follows' },
    el('div', {}, el('strong', {}, el('a', { href: `/events/${encodeURIComponent(id)}` }, name)),
      el('ul', { class: 'rows' }, follows.map(({ scope, channel }) => {
        const words = `${of(scope, artist)}, ${by(channel)}`;
        const undo = action(t`Undo`, async () => {
          await send('DELETE', `${base}?scope=${scope}&channel=${channel}`);
          await gone(t`Undone: ${words}.`);
        }, 'secondary');
        undo.setAttribute('aria-label', t`Undo: ${name}: ${words}`);
        return el('li', {}, el('span', {}, words), undo);
      }))));
}

function followed(all, gone) {
  const events = new Map();
  for (const one of all) events.set(one.event_id, [...(events.get(one.event_id) || []), one]);
  return [...events.values()].map((follows) => followRow(follows[0], follows, gone));
}

function select(id, label, options, value) {
  const node = el('select', { id }, Object.entries(options).map(([code, words]) =>
    el('option', { value: code, selected: code === value }, words)));
  node.value = value;
  return { node, field: el('div', { class: 'field' }, el('label', { for: id }, label), node) };
}

/** The zones this browser knows, its own among them. */
const zones = (mine) => [...new Set([mine, ...(Intl.supportedValuesOf?.('timeZone') || []), 'UTC'])].sort();

/** Adds an address, or changes the language and the clock of one that is there. */
export function addForm(known, added) {
  const field = addressField('me-address');
  // Notices have no address that could be typed; a browser is asked for them on the page of an event.
  const way = select('me-way', t`Kind`, { email: KINDS.email, sms: KINDS.sms }, 'email');
  way.node.addEventListener('change', () => field.ask(way.node.value));
  const language = select('me-language', t`Language of messages`, LANGUAGES, known.language || languageOf());
  const mine = known.time_zone || zoneHere();
  const zone = select('me-zone', t`Time zone, so that nothing comes at night`,
    Object.fromEntries(zones(mine).map((name) => [name, name.replaceAll('_', ' ')])), mine);
  const submit = action(t`Send the confirmation`, async () => {
    const address = field.check();
    if (!address) return;
    const channel = way.node.value;
    let answer;
    try {
      answer = await send('POST', '/v1/me/contacts', { channel, address, language: language.node.value, time_zone: zone.node.value });
    } catch (problem) {
      if (!aboutAddress(problem)) throw problem;
      field.refuse(aboutAddress(problem));
      return;
    }
    field.input.value = '';
    await added(answer.state === 'confirmed' ? t`${address} was confirmed before; language and time zone are kept.`
      : t`Almost done: a message is on its way to ${address}. Open it and press its button.`);
  });
  const keep = known.language ? action(t`Keep language and time zone`, async () => {
    await send('PATCH', '/v1/me', { language: language.node.value, time_zone: zone.node.value });
    await added(t`Language and time zone are kept.`);
  }, 'secondary') : null;
  return el('div', { class: 'stack' }, el('div', { class: 'pair' }, way.field, field.node),
    el('div', { class: 'pair' }, language.field, zone.field), submit, keep);
}

/** Fills the page; everything is read again after each change. */
export async function me(root) {
  const status = el('p', { class: 'said', role: 'status', tabindex: '-1' });
  async function load(words = '') {
    // A browser that nobody knows yet has no addresses, and no other devices.
    const orNone = (problem) => {
      if (problem.status === 401) return { contacts: [], devices: [], follows: [], passkeys: [] };
      throw problem;
    };
    const [known, { devices }, { follows: all }, { passkeys }, ways] = await Promise.all([
      ...['contacts', 'devices', 'follows', 'passkeys'].map((what) => get(`/v1/me/${what}`).catch(orNone)),
      get('/v1/sign-in/ways', 1).catch(() => ({}))]);
    const again = (said) => load(said);
    const follows = followed(all, again);
    const written = known.language ? t`Messages are written in ${LANGUAGES[known.language] || known.language}, and times are those of ${(known.time_zone || 'UTC').replaceAll('_', ' ')}.` : null;
    root.replaceChildren(...[status,
      card(t`Addresses`, known.contacts.length
        ? el('ul', { class: 'rows' }, known.contacts.map((contact) => contactRow(contact, again)))
        : el('p', {}, t`There are none. Messages on this site reach you without an address.`),
      written ? el('p', { class: 'quiet' }, written) : null),
      card(t`What you follow`, follows.length ? el('ul', { class: 'rows' }, follows)
        : el('p', {}, t`Nothing yet. Open an event’s page and look for “Get news”.`)),
      card(t`Messages`, el('p', {}, el('a', { href: '#messages' }, t`Show the messages on this site`))),
      card(t`Add an address`, addForm(known, again)),
      card(t`Devices`, ...devicesPart(devices, again), el('p', {}, el('a', { href: '/sign-in' }, t`Sign in on this device`))),
      ways.passkeys ? card(t`Passkeys`, ...passkeysPart(passkeys, again)) : null,
      card(t`Be forgotten`, forgetPart(again))].filter(Boolean));
    root.removeAttribute('aria-busy');
    say(status, words);
    if (words) {
      status.focus();
    }
  }
  const start = async () => {
    try {
      await load();
    } catch (problem) {
      root.replaceChildren(el('p', { class: 'problem', role: 'alert' }, problem.message), action(t`Try again`, start, 'secondary'));
      root.removeAttribute('aria-busy');
    }
  };
  await start();
}

const root = globalThis.document?.getElementById('me');
if (root) {
  inbox();
  me(root);
}
