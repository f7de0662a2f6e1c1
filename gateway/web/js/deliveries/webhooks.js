// Owns the list of webhooks: each with how it does, and what can be done with it; adding one, whose
// secret is shown once.
import { action } from '../action.js';
import { get } from '../api.js';
import { send } from '../command.js';
import { announce, el } from '../dom.js';
import { day, plural } from '../format.js';
import { faultsOf, field, markAll } from '../manage/fields.js';
import { callsPart } from './calls.js';

const PATH = '/v1/webhooks';

/** The facts that most programs wait for; any other can be typed. */
export const USUAL = ['order_confirmed', 'order_refunded', 'seats_held', 'hold_released', 'event_details_changed'];

/** How a webhook does: { kind, words }. Pure. */
export function stateOf(one) {
  if (!one.enabled) return { kind: 'bad', words: `Off${one.reason ? `: ${one.reason}` : ''}` };
  if (one.failures > 0) return { kind: 'warn', words: `Failing: ${plural(one.failures, 'try', 'tries')} in a row came to nothing` };
  return { kind: 'calm', words: one.taken_at ? `Works: last taken ${day(one.taken_at)}` : 'On: nothing was sent yet' };
}

/** “a, b ,,c” → ['a', 'b', 'c']. Pure. */
export const kindsOf = (text) => text.split(/[\s,]+/).filter(Boolean);

/** A secret, shown once, with how to copy it. */
function secretPart(one, what) {
  const shown = el('input', { class: 'guest-link', readonly: '', value: one.secret, 'aria-label': 'Secret of the webhook' });
  shown.value = one.secret;
  return el('div', { class: 'notice warn stack' },
    el('p', {}, el('strong', {}, what), ' Copy it now: it is not shown again.'), shown,
    action('Copy the secret', async () => {
      await navigator.clipboard.writeText(one.secret);
      announce('The secret is copied.');
    }, ''));
}

/** One webhook of the list. */
function row(one, { guard, load }) {
  const path = `${PATH}/${encodeURIComponent(one.webhook_id)}`;
  const secret = el('div', { class: 'wide' });
  const { kind, words } = stateOf(one);
  const calls = callsPart(path, guard);
  const change = (body) => guard(() => send('PATCH', path, body));
  const remove = el('div', { class: 'confirm', hidden: true },
    el('p', {}, `Remove ${one.url} with all its calls? This cannot be undone.`),
    el('div', { class: 'form-actions' },
      action('Remove it', async () => {
        await guard(() => send('DELETE', path));
        announce('The webhook is removed.');
        await load();
      }, 'danger'),
      action('Keep it', async () => { remove.hidden = true; }, '')));
  return el('li', { class: 'stack', 'data-webhook': one.webhook_id },
    el('div', { class: 'line' }, el('span', {}, one.url), el('span', { class: `tag ${kind}` }, one.enabled ? 'on' : 'off')),
    el('p', { class: 'quiet' }, [one.description, one.kinds.length ? one.kinds.join(', ') : 'every fact', one.event_id && `of ${one.event_id}`]
      .filter(Boolean).join(' · ')),
    el('p', {}, words),
    secret,
    el('div', { class: 'form-actions' },
      action('Send a test', async () => {
        await guard(() => send('POST', `${path}/test`, {}));
        announce('A test is on its way.');
        await calls.open();
      }, ''),
      one.enabled ? action('Turn off', async () => { await change({ enabled: false }); await load(); }, '')
        : action('Turn on', async () => { await change({ enabled: true }); await load(); }, ''),
      action('New secret', async () => {
        const changed = await change({ rotate_secret: true });
        secret.replaceChildren(secretPart(changed, 'The new secret. The one before signs too for another day.'));
      }, ''),
      action('Remove…', async () => { remove.hidden = false; }, '')),
    remove, calls.node);
}

/** { node, load } of the whole list and the form below it. */
export function webhooksPart(guard) {
  const list = el('ul', { class: 'house-list' });
  const made = el('div', { class: 'wide' });
  const fields = {
    url: field('Address', { type: 'url', autocomplete: 'off', hint: 'https. Facts are posted there, signed as Standard Webhooks 1.0.0 says.' }),
    kinds: field('Facts', { autocomplete: 'off', hint: `Names with commas between, such as ${USUAL.slice(0, 2).join(', ')}; empty for every fact.` }),
    'event_id': field('One event', { autocomplete: 'off', hint: 'Its id; empty for all events.' }),
    description: field('What it is for', { maxlength: '200', autocomplete: 'off' }),
    from: field('From when', { choices: [['now', 'Facts from now on'], ['beginning', 'Every fact there is']] }),
  };
  async function load() {
    const { webhooks } = await guard(() => get(PATH));
    list.replaceChildren(...webhooks.map((one) => row(one, { guard, load })));
    if (!webhooks.length) list.append(el('li', {}, 'No program is called yet.'));
  }
  const add = action('Add the webhook', async () => {
    const value = (name) => fields[name].value().trim();
    const body = { url: value('url'), kinds: kindsOf(value('kinds')), description: value('description'), from: value('from'),
      ...(value('event_id') ? { event_id: value('event_id') } : {}) };
    markAll(fields, body.url ? {} : { url: 'An https address.' });
    if (!body.url) return;
    try {
      const one = await guard(() => send('POST', PATH, body));
      made.replaceChildren(secretPart(one, 'The secret of this webhook.'));
      for (const name of ['url', 'kinds', 'event_id', 'description']) fields[name].set('');
      await load();
      announce('The webhook is added. Its secret is shown below the form.');
    } catch (problem) {
      if (!problem.code || !markAll(fields, faultsOf(problem))) throw problem;
    }
  });
  const node = el('section', { class: 'card stack', 'aria-labelledby': 'webhooks-title' },
    el('h2', { id: 'webhooks-title' }, 'Webhooks'),
    el('p', { class: 'quiet' }, 'Programs of yours that are called with every fact they ask for: at least once, ten tries over three days, nothing dropped.'),
    list,
    el('h3', {}, 'Add one'),
    el('div', { class: 'two-columns' }, Object.values(fields).map((one) => one.node)), add, made);
  return { node, load };
}
