// Owns writing an announcement: the form, its faults, the preview, a test to one address, and the
// sending, which names how many people it goes to and is pressed twice.
import { action } from '../action.js';
import { send } from '../command.js';
import { announce, el, say } from '../dom.js';
import { plural } from '../format.js';
import { addressField, aboutAddress } from '../news/address.js';
import { SUBJECT_BYTES, TEXT_BYTES, bodyOf } from './body.js';
import { codesChoice } from './codes.js';
import { audience, channelOrder, narrowing, text, when } from './fields.js';
import { previewPart } from './preview.js';
import { tourChoice } from './tour.js';
import { LANGUAGES, onBothClocks } from './words.js';

function form(page) {
  const who = audience();
  const some = narrowing(page.base, page.event.categories || []);
  const fields = {
    who, channels: channelOrder(),
    subject: text('subject', 'Subject', { most: SUBJECT_BYTES, autocomplete: 'off' }),
    text: text('text', 'Text', { most: TEXT_BYTES, rows: 8 }),
    link: text('link', 'Link (may be left out)', { type: 'url', inputmode: 'url', hint: 'Begins with https.' }),
    picture: text('picture', 'Address of a picture (may be left out)', { type: 'url', inputmode: 'url', hint: 'Begins with https. Mail programs show it above the text.' }),
    codes: codesChoice(page.base), 'also_events': tourChoice(page),
    'send_at': when(page.event.time_zone),
  };
  const narrow = () => { some.node.hidden = !who.values().includes('holders'); };
  for (const { box } of who.all) box.addEventListener('change', narrow);
  narrow();
  return {
    fields, some,
    nodes: [who.node, some.node, fields.also_events.node, fields.channels.node, fields.subject.node, fields.text.node, fields.link.node,
      fields.picture.node, fields.codes.node, fields.send_at.node],
    values: () => ({ who: who.values(), ...some.values(), channels: fields.channels.values(), subject: fields.subject.value(),
      text: fields.text.value(), link: fields.link.value(), picture: fields.picture.value(), codes: fields.codes.value(), also: fields.also_events.values(), at: fields.send_at.value() }),
    clear() {
      for (const name of ['subject', 'text', 'link', 'picture', 'codes', 'also_events', 'send_at']) fields[name].clear();
    },
  };
}

/** Says each fault at its field, and moves focus to the topmost; how many there are. */
function mark({ fields, some }, faults) {
  const names = Object.keys(faults);
  for (const [name, field] of Object.entries(fields)) field.mark(faults[name] || '');
  for (const name of ['categories', 'sections']) some.mark(name, faults[name] || '');
  const top = Object.keys(fields).find((name) => names.includes(name));
  fields[top]?.focus();
  return names.length;
}

/** Faults as the server lists them, by field; `channels[0]` belongs to `channels`. Pure. */
export const faultsOf = (problem) => Object.fromEntries(
  (problem.errors || []).map(({ path, message }) => [path.replace(/^announcement\./, '').split(/[.[/]/)[0], message]));

/** The second press, which names what it does; `later` is an instant or undefined. */
function confirmation(page, reached, later, go, back) {
  const people = plural(reached, 'person', 'people');
  const title = el('h3', { tabindex: '-1' }, later ? `Send it to ${people} later?` : `Send it to ${people} now?`);
  const yes = action(later ? `Yes, schedule it for ${people}` : `Yes, send it to ${people}`, go);
  const no = action('Not yet', back, 'secondary');
  const node = el('div', { class: 'notice warn stack', role: 'group', 'aria-label': 'Confirm the sending' }, title,
    el('p', {}, later ? `It goes out by itself. ${onBothClocks(later, page.event.time_zone)} Until then it can be stopped.`
      : 'What has reached somebody cannot be taken back. While it runs it can be paused and stopped.'),
    el('div', { class: 'form-actions' }, yes, no));
  return { node, title };
}

/** What follows a preview: the button, or why there is none. */
function sending({ reached, isShort }, go) {
  if (!reached) return el('p', {}, 'There is nobody to send it to.');
  return isShort ? el('p', {}, 'Once there are codes for all of them, press Preview again.') : el('div', { class: 'form-actions' }, go);
}

/** { node }; `sent(answer)` is called after an announcement was made, `lost` when the session has ended. */
export function composer(page, sent, lost = () => {}) {
  const made = form(page);
  const status = el('p', { class: 'said', role: 'status', tabindex: '-1' });
  const shown = el('div', { class: 'stack' });
  const confirm = el('div');
  let previewed = null;

  function faulty(faults) {
    const found = mark(made, faults);
    say(status, '');
    if (found) announce(`${plural(found, 'field needs', 'fields need')} your attention.`);
    return found > 0;
  }
  /** The body, if nothing is wrong with it. */
  function ready() {
    const { body, faults } = bodyOf(made.values());
    return faulty(faults) ? null : body;
  }
  /** Faults the server found are said at their fields; whatever else goes on to the button. */
  const guarded = async (work) => {
    try {
      return await work();
    } catch (problem) {
      if (problem.status === 401) {
        lost(problem);
        return null;
      }
      const faults = faultsOf(problem);
      if (Object.keys(faults).some((name) => name in made.fields || name in made.some.values())) {
        faulty(faults);
        return null;
      }
      throw problem;
    }
  };
  const path = `${page.base}/announcements`;

  async function preview() {
    const body = ready();
    if (!body) return;
    const answer = await guarded(() => send('POST', `${path}/preview`, body));
    if (!answer) return;
    const part = previewPart(answer);
    previewed = JSON.stringify(body);
    confirm.replaceChildren();
    const go = action(body.send_at ? 'Schedule it…' : 'Send it…', async () => ask(part.reached));
    go.classList.add('send');
    shown.replaceChildren(part.node, sending(part, go), confirm);
    part.title.focus();
  }
  function ask(reached) {
    const body = ready();
    if (!body) return;
    if (JSON.stringify(body) !== previewed) {
      say(status, 'The announcement has changed since the preview: look at it once more, then send it.');
      shown.replaceChildren();
      status.focus();
      return;
    }
    const box = confirmation(page, reached, body.send_at, () => go(body), async () => {
      confirm.replaceChildren();
      globalThis.document.querySelector('.send')?.focus();
    });
    confirm.replaceChildren(box.node);
    box.title.focus();
  }
  async function go(body) {
    const answer = await guarded(() => send('POST', path, body));
    if (!answer) return;
    made.clear();
    previewed = null;
    shown.replaceChildren();
    say(status, { 'awaiting_approval': 'It waits for a manager now, who approves it under “Announcements made”.',
      scheduled: 'It is scheduled. Until then it can be stopped under “Announcements made”.' }[answer.state] || 'It is being sent. “Announcements made” shows how far it is.');
    status.focus();
    await sent(answer);
  }

  return { node: el('section', { class: 'card stack', 'aria-labelledby': 'compose-title' },
    el('h2', { id: 'compose-title', class: 'part-title' }, 'New announcement'), made.nodes, status,
    el('div', { class: 'form-actions' }, action('Preview', preview)), shown, testing(path, ready, guarded)), made };
}

/** A test of the message as it stands, to one address. */
function testing(path, ready, guarded) {
  const field = addressField('test-address', { hint: 'Yours, to see how it looks.' });
  const status = el('p', { class: 'said', role: 'status' });
  const language = el('select', { id: 'test-language' }, Object.entries(LANGUAGES).map(([code, words]) => el('option', { value: code }, words)));
  language.value = 'en';
  let way = 'email';
  const button = action('Send a test', async () => {
    say(status, '');
    const announcement = ready();
    if (!announcement) return;
    // It goes out by the first channel that has addresses.
    const to = announcement.channels.find((channel) => ['email', 'sms'].includes(channel));
    if (!to) {
      say(status, 'Tick e-mail or text message first: a test goes to an address.');
      return;
    }
    if (to !== way) field.ask(to);
    way = to;
    const address = field.check();
    if (!address) return;
    try {
      if (!await guarded(() => send('POST', `${path}/test`, { announcement, address, language: language.value }))) return;
    } catch (problem) {
      if (!aboutAddress(problem)) throw problem;
      field.refuse(aboutAddress(problem));
      return;
    }
    say(status, `A test is on its way to ${address}. It says that it is one.`);
  }, 'secondary');
  return el('details', { class: 'fold' }, el('summary', {}, 'Send a test to one address'),
    el('div', { class: 'stack' }, field.node,
      el('div', { class: 'field' }, el('label', { for: 'test-language' }, 'Language'), language), button, status));
}

