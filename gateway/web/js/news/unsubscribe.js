// Owns the page behind the link that stops messages: one button, no account, and what ended is said.
// Opening it stops nothing, because mail programs open links to check them.
import { attempt, get } from '../api.js';
import { action } from '../action.js';
import { el, heading } from '../dom.js';
import { t } from '../further.js';
import { into, links } from './card.js';

/** What the link ends, in words. Pure. */
export function endsWords({ channel, event_name: name, artist, scope }) {
  const kind = { email: t`E-mails`, sms: t`Text messages` }[channel] || t`Messages`;
  if (scope === 'artist') return t`${kind} with news from ${artist || t`the artist`}`;
  return name ? t`${kind} with news about ${name}` : kind;
}

/** `show` replaces the card's content and moves focus to its heading. */
export async function ending(token, show) {
  const path = `/v1/unsubscribe/${encodeURIComponent(token)}`;
  const unknown = () => show([heading(t`This link does not work`),
    el('p', {}, t`A part of it may be missing: copy the whole link from the message into the address bar. Your mail program’s own button “Unsubscribe” does the same.`), links()]);
  const isUnknown = ({ status }) => [400, 404, 410].includes(status);

  async function end(about) {
    try {
      await attempt('POST', path, { Accept: 'application/json' }, undefined, 6);
    } catch (problem) {
      if (!isUnknown(problem)) throw problem;
      unknown();
      return;
    }
    ended(t`Done`, about);
  }
  function ended(title, about) {
    show([heading(title),
      el('p', {}, about ? t`${endsWords(about)} are not sent to you any more.` : t`They are not sent to you any more.`),
      el('p', { class: 'quiet' }, t`A message that is on its way already may still arrive. What belongs to an order, such as tickets or a refund, is still sent.`), links()]);
  }

  if (!token) {
    unknown();
    return;
  }
  let about = null;
  try {
    about = await get(path, 2);
  } catch (problem) {
    if (isUnknown(problem)) {
      unknown();
      return;
    }
    // What it is about is not known without a network; ending works as soon as there is one.
  }
  if (about?.state === 'withdrawn') {
    ended(t`They have been stopped already`, about);
    return;
  }
  show([heading(t`Stop these messages?`),
    el('p', {}, about ? `${endsWords(about)}.` : t`We cannot show what this link is about right now. It still works: press the button.`),
    action(t`Stop them`, () => end(about))]);
}

const card = globalThis.document?.getElementById('card');
if (card) {
  const token = decodeURIComponent(location.pathname.split('/').filter(Boolean)[1] || '');
  ending(token, into(card));
}
