// Owns the preview: how many are reached and by what, how many are not and why, and what each kind
// of reader gets.
import { el } from '../dom.js';
import { count, plural, timeOfDay } from '../format.js';
import { bar } from './bar.js';
import { codesWords } from './codes.js';
import { mailFrame } from './frame.js';
import { CHANNELS, LANGUAGES, VERDICTS } from './words.js';

/** Parts of the bar, reached ones first. Pure. */
export function partsOf({ by_channel: channels, not_reached: reasons }) {
  const reached = Object.entries(channels || {}).map(([name, people]) =>
    ({ words: `Reached: ${CHANNELS[name] || name}`, people, kind: 'good' }));
  const not = Object.entries(reasons || {}).map(([name, people]) => ({ words: VERDICTS[name] || name, people, kind: 'out' }));
  return [...reached, ...not];
}

function reader({ channel, language, subject, text, html }, isOpen) {
  const title = `${CHANNELS[channel] || channel} in ${LANGUAGES[language] || language}`;
  const place = el('div', { class: 'stack' });
  const fill = () => {
    if (place.children.length) return;
    place.append(el('p', { class: 'mail-subject' }, el('span', { class: 'quiet' }, 'Subject: '), subject));
    if (html) place.append(mailFrame(html, `${title}, as a mail program shows it`));
    const plain = el('pre', { class: 'mail-text' }, text);
    place.append(html ? el('details', {}, el('summary', {}, 'As plain text'), plain) : plain);
  };
  const node = el('details', { class: 'reader' }, el('summary', {}, title), place);
  node.addEventListener('toggle', () => node.open && fill());
  if (isOpen) {
    node.setAttribute('open', '');
    fill();
  }
  return node;
}

/** What readers get, by channel: those with readers, or all where nobody is reached. */
function samples(readers) {
  const some = readers.some(({ count: people }) => people > 0);
  const shown = readers.filter(({ count: people }) => people > 0 || !some);
  const channels = [...new Set(shown.map(({ channel }) => channel))];
  return channels.map((name) => {
    const own = shown.filter(({ channel }) => channel === name);
    return el('div', {}, el('h4', {}, `${CHANNELS[name] || name}: ${plural(own[0].count, 'reader', 'readers')}`),
      own.map((one) => reader(one, one === shown[0])));
  });
}

export function previewPart(answer) {
  const { total, reached, readers = [], as_of: at } = answer;
  const title = el('h3', { tabindex: '-1' }, total
    ? `${count(reached)} of ${plural(total, 'person', 'people')} would be reached` : 'Nobody is in this audience');
  const codes = codesWords(answer.codes);
  const node = el('section', { class: 'stack', 'aria-label': 'Preview' }, title,
    total ? bar('Who is reached, and who is not', partsOf(answer), total)
      : el('p', {}, 'Choose another group, or fewer categories and sections to leave out.'),
    (answer.also || []).map((one) => el('p', {}, `Also at ${one.event_name}: ${count(one.reached)} of ${plural(one.total, 'person', 'people')} would be reached. Whoever is counted above too gets one message.`)),
    codes ? el('p', codes.isShort ? { class: 'problem', role: 'alert' } : {}, codes.words) : null,
    at ? el('p', { class: 'quiet' }, `Counted at ${timeOfDay(at)}. It is counted anew when it is sent.`) : null,
    samples(readers),
    readers.length ? el('p', { class: 'quiet' }, 'Links and pictures work in the message itself, not in this preview.') : null);
  return { node, title, reached, isShort: Boolean(codes?.isShort) };
}
