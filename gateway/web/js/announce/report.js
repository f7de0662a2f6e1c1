// Owns the report of one announcement: each verdict in words with how many people have it, and the
// list of those people on request.
import { get } from '../api.js';
import { action } from '../action.js';
import { el } from '../dom.js';
import { count, day } from '../format.js';
import { bar } from './bar.js';
import { CHANNELS, VERDICTS } from './words.js';

const KINDS = { sent: 'good', due: 'wait', quiet: 'wait', paused: 'wait' };
const WHEN = { hour: '2-digit', minute: '2-digit', day: 'numeric', month: 'short' };

/** These have no verdict yet: they are counted, not listed. */
const OPEN = new Set(['due', 'paused']);

/** Verdicts that somebody has, in the order of reports. Pure. */
export const verdictsOf = (counts) => Object.entries(VERDICTS)
  .map(([name, words]) => ({ name, words, people: counts[name] || 0, kind: KINDS[name] || 'out' }))
  .filter(({ people }) => people > 0);

function person({ user_id: who, verdict, channel, at }) {
  const when = day(at, undefined, WHEN);
  const parts = [CHANNELS[channel] || channel, verdict === 'quiet' ? `due ${when}` : when];
  return el('li', {}, el('code', {}, who), el('span', { class: 'quiet' }, parts.filter(Boolean).join(' · ')));
}

/** The people with one verdict, a page at a time. */
export async function peopleOf(path, verdict, place) {
  const list = el('ul', { class: 'people' });
  const title = el('h4', { tabindex: '-1' }, VERDICTS[verdict] || verdict);
  const more = el('div');
  async function load(cursor) {
    const query = `verdict=${verdict}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`;
    const { people, next } = await get(`${path}/people?${query}`);
    list.append(...people.map(person));
    more.replaceChildren(...(next ? [action('Show more', () => load(next), 'secondary')] : []));
  }
  await load('');
  place.replaceChildren(title, el('p', { class: 'quiet' }, 'By pseudonym: names and addresses are not shown here.'), list, more);
  title.focus();
}

/** { node, update(report) }; the table is drawn anew only when a number has changed. */
export function reportPart(path) {
  const table = el('div');
  const people = el('div', { class: 'stack' });
  const buttons = new Map();
  let drawn = '';
  const button = ({ name, words }) => {
    if (!buttons.has(name)) {
      const show = action('List', () => peopleOf(path, name, people), 'secondary');
      show.setAttribute('aria-label', `List the people: ${words}`);
      buttons.set(name, show);
    }
    return buttons.get(name);
  };
  function update({ counts, by_channel: channels }) {
    const now = JSON.stringify([counts, channels]);
    if (now === drawn) return;
    drawn = now;
    const focused = [...buttons.values()].find((one) => one === document.activeElement);
    const sentBy = Object.entries(channels || {}).filter(([, n]) => n > 0);
    table.replaceChildren(
      bar('What became of each message', verdictsOf(counts).map((one) => ({ ...one, more: OPEN.has(one.name) ? null : button(one) })), counts.total),
      sentBy.length ? el('p', { class: 'quiet' }, `Sent by: ${sentBy.map(([name, n]) => `${CHANNELS[name] || name} ${count(n)}`).join(', ')}.`) : '');
    focused?.focus();
  }
  return { node: el('details', { class: 'fold' }, el('summary', {}, 'Report'), el('div', { class: 'stack' }, table, people)), update };
}
