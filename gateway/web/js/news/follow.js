// Owns the form by which one gets news of an event or its artist: here, by e-mail or by text message.
// Nothing is ticked beforehand, nothing is sent to an address before its owner has confirmed it, and
// what was agreed to is undone with one press.
import { get } from '../api.js';
import { action } from '../action.js';
import { send } from '../command.js';
import { el, say } from '../dom.js';
import { day } from '../format.js';
import { t } from '../further.js';
import { sheet } from '../sheet.js';
import { aboutAddress, addressField } from './address.js';
import { NoPush, hasPush, subscribe } from './push.js';
import { both, by, languageOf, of, zoneHere } from './words.js';

const WAYS = [['page', t`Here, under Messages on this site`], ['email', t`By e-mail`], ['sms', t`By text message`],
  ['web_push', t`As a notice of this browser, also when no page is open`]];
const SENT = t` Open the message we are sending there now and press its button: nothing else is sent before that. Not there in a few minutes? Look in the spam folder, or check the address and ask once more.`;

const nothing = { follows: [] };
/** A browser that nobody knows yet follows nothing. */
const orNothing = (problem) => {
  if ([401, 404].includes(problem.status)) return nothing;
  throw problem;
};

function tick(name, words) {
  const box = el('input', { type: 'checkbox', id: `news-${name}`, 'aria-describedby': 'news-wrong' });
  return { name, box, node: el('label', { class: 'check', for: `news-${name}` }, box, el('span', {}, words)) };
}

function choice([name, words], isFirst, onChange) {
  const dot = el('input', { type: 'radio', name: 'news-way', value: name, id: `news-${name}`, checked: isFirst });
  dot.addEventListener('change', () => onChange(name));
  return el('label', { class: 'check', for: `news-${name}` }, dot, el('span', {}, words));
}

/** What is followed already, each with its undo; `gone` is called after one was undone. */
function standing(page, follows, gone) {
  const rows = follows.map(({ scope, channel, since }) => {
    const words = `${of(scope, page.event.artist)}, ${by(channel)}`;
    const undo = action(t`Undo`, async () => {
      await send('DELETE', `${page.base}/follow?scope=${scope}&channel=${channel}`);
      await gone(t`Undone: no more news of this kind (${words}).`);
    }, 'secondary');
    undo.setAttribute('aria-label', t`Undo: ${words}`);
    const date = day(since, undefined, { dateStyle: 'medium' });
    return el('li', {}, el('span', {}, words, date ? el('span', { class: 'quiet' }, t` · since ${date}`) : null), undo);
  });
  return rows.length ? el('div', {}, el('h4', {}, t`You get news about`), el('ul', { class: 'rows' }, rows)) : el('div');
}

function build(page, onPage) {
  const { artist } = page.event;
  const ticks = [tick('event', t`This event: changes, doors, what to bring`)];
  if (artist) ticks.push(tick('artist', t`${artist}: other events as well`));
  const wrong = el('p', { class: 'wrong', id: 'news-wrong', role: 'alert' });
  for (const { box } of ticks) box.addEventListener('change', () => say(wrong, ''));
  const status = el('p', { class: 'said', role: 'status', tabindex: '-1' });
  const ways = WAYS.map((one, at) => choice(one, at === 0, (name) => chose(name)));
  let pushKey = '';
  const known = el('div');
  /** The server's words, whose number it keeps with the consent. */
  const wording = el('p', { class: 'quiet wording' });
  const field = addressField('news-address');
  const to = el('p', { class: 'quiet' });
  let way = 'page';
  let contacts = [];

  const confirmed = () => contacts.find(({ channel, state }) => channel === way && state === 'confirmed');
  function chose(name) {
    way = name;
    const contact = confirmed();
    const isTyped = way === 'email' || way === 'sms';
    field.node.hidden = !isTyped || Boolean(contact);
    if (isTyped) field.ask(way);
    to.hidden = !contact;
    say(to, !contact ? '' : way === 'web_push' ? t`Notices are on.` : t`We write to ${contact.address}, which is confirmed.`);
  }
  async function load() {
    const [follow, mine] = await Promise.all([get(`${page.base}/follow`).catch(orNothing),
      get('/v1/me/contacts').catch(orNothing)]);
    contacts = mine.contacts || [];
    pushKey = follow.push_key || '';
    ways.at(-1).hidden = !pushKey || !hasPush();
    say(wording, follow.wording?.text || '');
    known.replaceChildren(standing(page, follow.follows, async (words) => {
      await load();
      done(words);
    }));
    chose(way);
  }
  function done(words) {
    say(status, words);
    status.focus({ preventScroll: true });
  }

  async function agree() {
    const chosen = ticks.filter(({ box }) => box.checked);
    const scopes = chosen.map(({ name }) => name);
    say(status, '');
    if (!scopes.length) {
      say(wrong, artist ? t`Tick at least one: what do you want news about?` : t`Tick the box first: nothing is ticked for you.`);
      ticks[0].box.focus();
      return;
    }
    const what = both(scopes.map((scope) => of(scope, artist)));
    if (way === 'page' || confirmed()) {
      await send('PUT', `${page.base}/follow`, { scopes, channel: way });
      await load();
      done(t`Done: news about ${what.replace(/^This event/, t`this event`)} ${way === 'page' ? t`will be under Messages, at the top of this page.`
        : t`will be sent to ${confirmed()?.address || 'you'}.`}`);
      if (way === 'page') onPage();
    } else {
      const isPush = way === 'web_push';
      let address;
      try {
        address = isPush ? await subscribe(pushKey) : field.check();
      } catch (problem) {
        if (!(problem instanceof NoPush)) throw problem;
        done(problem.message);
        return;
      }
      if (!address) return;
      let answer;
      try {
        answer = await send('POST', '/v1/me/contacts', { channel: way, address, language: languageOf(),
          time_zone: zoneHere(), event_id: page.id, scopes });
      } catch (problem) {
        if (isPush || !aboutAddress(problem)) throw problem;
        field.refuse(aboutAddress(problem));
        return;
      }
      if (isPush) {
        done(t`Almost done: a notice will say so in a moment, and from then on news about ${what.replace(/^This event/, t`this event`)} are shown as notices.`);
      } else if (answer.state === 'confirmed') {
        await load();
        done(t`Done: news about ${what.replace(/^This event/, t`this event`)} will be sent to ${address}, which you confirmed before.`);
      } else done(t`Almost done: ${address}.${SENT}`);
    }
    for (const { box } of ticks) box.checked = false;
  }
  const node = el('div', { class: 'news-body' }, known,
    el('fieldset', { class: 'checks' }, el('legend', {}, t`News about`), ticks.map((one) => one.node), wrong),
    el('fieldset', { class: 'checks' }, el('legend', {}, t`How`),
      ways, field.node, to),
    wording,
    action(t`Get news`, agree), status,
    el('p', { class: 'quiet' }, el('a', { href: '/me' }, t`My addresses`), t`: what you gave, and how to take it back.`));
  chose(way);
  return { node, load };
}

/** The card, folded; it asks the server for nothing before somebody unfolds it. */
export function follow(page, { onPage = () => {} } = {}) {
  const place = el('div');
  const node = el('details', { class: 'card news narrow' },
    el('summary', {}, el('h3', {}, t`Get news`)), place);
  let built = null;
  const show = async () => {
    try {
      await built.load();
      place.replaceChildren(built.node);
    } catch (problem) {
      place.replaceChildren(el('p', { class: 'problem', role: 'alert' }, problem.message),
        action(t`Try again`, show, 'secondary'));
    }
  };
  node.addEventListener('toggle', () => {
    if (!node.open || built) return;
    built = build(page, onPage);
    place.replaceChildren(el('p', { class: 'quiet' }, t`A moment…`));
    show();
  });
  sheet('shop');
  sheet('news');
  return node;
}
