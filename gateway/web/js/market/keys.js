// Owns the card of an advertiser's further keys: made and shown once, listed, withdrawn after a second press.
import { action } from '../action.js';
import { get } from '../api.js';
import { send } from '../command.js';
import { announce, el, say } from '../dom.js';
import { day } from '../format.js';

const PATH = '/v1/buyer-keys';

/** The card: { node, load }. */
export function keyList({ lost }) {
  const list = el('ul', { class: 'order-list', id: 'buyer-keys' });
  const said = el('p', { class: 'quiet', role: 'status' }, '');
  const shown = el('p', { hidden: true }, el('code', { class: 'key-text', tabindex: '0', 'aria-label': 'The new key' }, ''));
  const label = el('input', { id: 'key-label', autocomplete: 'off', maxlength: '80' });
  const make = action('Make a key', async () => {
    if (!label.value.trim()) {
      say(said, 'Say what the key is for.');
      label.focus();
      return;
    }
    const made = await send('POST', PATH, { label: label.value.trim() });
    label.value = '';
    say(said, 'Copy the key now: it is not shown again.');
    say(shown.children[0], made.key);
    shown.hidden = false;
    await load();
  });
  const node = el('section', { class: 'card stack' }, el('h2', {}, 'Keys for programs'),
    el('p', { class: 'quiet' }, 'Each has a quota of its own and ends by itself. A program with one fetches what you bought; it makes no keys.'), list,
    el('div', { class: 'field' }, el('label', { for: 'key-label' }, 'What it is for'), label), said, shown, el('div', { class: 'form-actions' }, make));

  async function load() {
    try {
      const { keys } = await get(PATH);
      list.replaceChildren(...keys.map((one) => el('li', {}, ...row(one))));
    } catch (problem) {
      if (problem.status === 401) lost(problem);
      else say(said, problem.message);
    }
  }

  function row({ key_id: id, label: words, made_at: since }) {
    const end = action(`Withdraw “${words}”`, async () => {
      await send('DELETE', `${PATH}/${id}`);
      announce('The key is withdrawn.');
      await load();
    }, 'secondary');
    const sure = el('div', { class: 'confirm', hidden: true }, el('p', {}, 'Programs with this key get nothing any more.'),
      el('div', { class: 'form-actions' }, end, el('button', { type: 'button', class: 'button', onclick: () => { sure.hidden = true; ask.hidden = false; ask.focus(); } }, 'Keep it')));
    const ask = el('button', { type: 'button', class: 'button', 'aria-label': `Withdraw the key ${words}`, onclick: () => { sure.hidden = false; ask.hidden = true; } }, 'Withdraw…');
    return [el('div', { class: 'line' }, el('span', {}, words), el('span', { class: 'quiet' }, `since ${day(since)}`)), ask, sure];
  }

  return { node, load };
}
