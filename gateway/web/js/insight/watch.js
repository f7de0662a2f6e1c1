// Owns what operators watch beside the dials: who changed what and why, the health of this server's parts,
// and what is refused. It reads again while the page is looked at.
import { el, notice } from '../dom.js';
import { count, day } from '../format.js';
import { bars } from './charts.js';
import { counted } from './series.js';

const EVERY_MS = 5000;
const CHANGES_MAX = 20;

const part = (title, ...nodes) => el('section', { class: 'card', 'aria-label': title }, el('h2', { class: 'part-title' }, title), ...nodes);

/** `pace_per_minute: 600` of each dial that a change has turned. */
export const turned = (dials) => Object.entries(dials || {}).filter(([, value]) => value !== null && value !== undefined)
  .map(([name, value]) => `${name.replaceAll('_', ' ')}: ${value}`).join(', ');

function trail(changes) {
  if (!changes.length) return el('p', { class: 'quiet' }, 'Nobody has changed anything yet.');
  const head = ['When', 'What', 'Why', 'By'].map((words) => el('th', { scope: 'col' }, words));
  return el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Changes' }, el('table', { class: 'parts' },
    el('thead', {}, el('tr', {}, head)), el('tbody', {}, changes.map((one) => el('tr', {}, el('td', {}, day(one.at)),
      el('td', {}, turned(one.dials) || one.change.replaceAll('_', ' ')), el('td', {}, one.reason || '–'),
      el('td', {}, [one.by, one.through].filter(Boolean).join(', ') || '–'))))));
}

/** The parts of a server, from what `/readyz` says of them. */
export const parts = ({ services = {} }) => Object.entries(services).map(([name, one]) => ({ name, state: one.health,
  why: one.reason || one.notice || '–', since: one.for_seconds === undefined ? '' : `for ${one.for_seconds} s` }));

function health(ready) {
  return el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Health' }, el('table', { class: 'parts' },
    el('thead', {}, el('tr', {}, ['Part', 'State', 'Why'].map((words) => el('th', { scope: 'col' }, words)))),
    el('tbody', {}, parts(ready).map(({ name, state, why, since }) => el('tr', {}, el('th', { scope: 'row' }, name),
      el('td', {}, `${state} ${since}`.trim()), el('td', {}, why))))));
}

/** What reads here and how far it is behind, and what could not be read. */
function log({ readers, dead_letters: aside }) {
  const head = ['Reader', 'Topic', 'Records behind', 'Most in one partition'].map((words) => el('th', { scope: 'col' }, words));
  const lost = aside.reduce((sum, { records }) => sum + records, 0);
  return [lost ? notice('warn', el('strong', {}, `${count(lost)} records could not be read. `), el('code', {}, 'floodgate dlq list'),
    ' shows them, ', el('code', {}, 'floodgate dlq replay'), ' sends them again.') : el('p', {}, 'Every record could be read.'),
  el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Readers' }, el('table', { class: 'parts' },
    el('thead', {}, el('tr', {}, head)), el('tbody', {}, readers.map((one) => el('tr', {}, el('th', { scope: 'row' }, one.reader),
      el('td', {}, one.topic), el('td', { class: 'number' }, count(one.behind)), el('td', { class: 'number' }, count(one.behind_most)))))))];
}

/** { load }: shows itself by `show(nodes)` and reads by `ask(path)`, below `base()`. */
export function watchPart({ base, show, ask }) {
  let timer = null;
  async function load() {
    clearTimeout(timer);
    const [changes, analytics, read, ready] = await Promise.all([
      ask(`${base()}/changes?limit=${CHANGES_MAX}`).catch(() => ({ changes: [] })),
      ask(`${base()}/analytics?step_seconds=3600`).catch(() => null),
      ask('/v1/log').catch(() => null),
      fetch('/readyz', { headers: { Accept: 'application/json' } }).then((answer) => answer.json()).catch(() => null),
    ]);
    const nodes = [part('What was changed', trail(changes.changes))];
    if (ready) nodes.push(part('Parts of this server', health(ready)));
    if (read) nodes.push(part('What this server reads', log(read)));
    if (analytics) {
      const { at_door: door, in_shop: shop, since } = analytics.refused;
      const list = (rows) => (rows.length ? bars(rows.map(({ code, n }) => ({ words: code.replaceAll('_', ' '), n }))) : el('p', { class: 'quiet' }, 'Nothing.'));
      nodes.push(part('Refused at the door', list(counted(door))), part('Refused in the shop', list(counted(shop)),
        el('p', { class: 'quiet' }, `By this server since ${day(since)}.`)));
    }
    show(nodes);
    const again = () => {
      if (document.hidden) timer = setTimeout(again, EVERY_MS);
      else load().catch(() => {});
    };
    timer = setTimeout(again, EVERY_MS);
  }
  return { load };
}
