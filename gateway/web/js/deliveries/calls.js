// Owns what came of the calls of one webhook: every try with its answer, and calling again.
import { action } from '../action.js';
import { get } from '../api.js';
import { send } from '../command.js';
import { announce, el } from '../dom.js';
import { day, plural } from '../format.js';

/** How far back “again” reaches: calls are kept that long. */
const KEPT_MS = 30 * 24 * 3600 * 1000;
export const STATES = { waiting: 'waits', underway: 'is being made', sent: 'taken', failed: 'failed' };
const exact = { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit' };

/** A try in one line: “28 Nov, 10:15:02: 503 after 12 ms – busy”. Pure. */
export function tryWords({ at, status, reason, ms, answer }) {
  const outcome = status ? `${status} after ${ms} ms` : `no answer after ${ms} ms`;
  return `${day(at, undefined, exact)}: ${[outcome, reason, answer].filter(Boolean).join(' – ')}`;
}

function pretty(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

/** { node, open }: folded, since most days nobody looks; `path` is the webhook's. */
export function callsPart(path, guard) {
  const only = el('select', { 'aria-label': 'Which calls' }, el('option', { value: '' }, 'All calls'),
    Object.entries(STATES).map(([state, words]) => el('option', { value: state }, `Those that: ${words}`)));
  const list = el('ol', { class: 'house-list' });
  const more = el('div');
  const details = el('details', { class: 'wide' }, el('summary', {}, 'Calls'), el('div', { class: 'stack' },
    el('div', { class: 'list-row' }, only, action('Look again', () => load(), ''),
      action('Call again what failed', async () => {
        const { resent } = await guard(() => send('POST', `${path}/resend`, { since: new Date(Date.now() - KEPT_MS).toISOString() }));
        announce(resent ? `${plural(resent, 'call is', 'calls are')} due again.` : 'No call has failed for good.');
        await load();
      }, '')), list, more));

  const row = (call) => el('li', {},
    el('div', { class: 'line' }, el('span', {}, call.kind), el('span', { class: `tag ${call.state}` }, STATES[call.state])),
    el('p', { class: 'quiet' }, `${call.delivery_id} · ${day(call.made_at, undefined, exact)}${call.due_at ? ` · next try ${day(call.due_at, undefined, exact)}` : ''}`),
    call.tries.length ? el('ul', {}, call.tries.map((one) => el('li', {}, tryWords(one)))) : el('p', {}, 'No try yet.'),
    el('details', {}, el('summary', {}, 'What was sent'), el('pre', { tabindex: '0' }, pretty(call.body))),
    ['sent', 'failed'].includes(call.state) ? action('Call again', async () => {
      await guard(() => send('POST', `${path}/deliveries/${encodeURIComponent(call.delivery_id)}/resend`, {}));
      announce('The call is due again.');
      await load();
    }, '') : null);

  async function load(cursor = '') {
    const query = new URLSearchParams({ ...(only.value ? { state: only.value } : {}), ...(cursor ? { cursor } : {}) });
    const { deliveries, next } = await guard(() => get(`${path}/deliveries?${query}`));
    if (!cursor) list.replaceChildren();
    list.append(...deliveries.map(row));
    more.replaceChildren(...(next ? [action('Show more', () => load(next), 'secondary')] : []));
    if (!list.children.length) more.replaceChildren(el('p', {}, 'No calls.'));
  }
  only.addEventListener('change', () => load());
  details.addEventListener('toggle', () => { if (details.open && !list.children.length) load(); });
  return { node: details, async open() {
    details.open = true;
    await load();
  } };
}
