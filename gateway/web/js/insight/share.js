// Owns sharing: links by which others read the numbers, made, listed and withdrawn.
import { action } from '../action.js';
import { get } from '../api.js';
import { send } from '../command.js';
import { announce, el, say } from '../dom.js';
import { day } from '../format.js';

/** The part of the page for managers; operators are refused and see nothing of it. */
export function sharePart(base, lost) {
  const list = el('ul', { class: 'rows' });
  const label = el('input', { id: 'share-label', maxLength: 60, autocomplete: 'off' });
  const days = el('input', { id: 'share-days', type: 'number', min: '1', max: '90', value: '14', inputmode: 'numeric' });
  const status = el('p', { class: 'said', role: 'status' });
  const node = el('section', { class: 'card no-print', 'aria-label': 'Share', hidden: true }, el('h2', { class: 'part-title' }, 'Share'),
    el('p', { class: 'quiet' }, 'Whoever has the link sees the numbers on this page, and nothing else, until it ends or you withdraw it.'));

  const guard = async (work) => {
    try {
      return await work();
    } catch (problem) {
      if (problem.status === 401) lost();
      throw problem;
    }
  };
  const row = (one) => {
    const link = new URL(one.page, location.href).href;
    const until = `until ${day(one.until)}`;
    return el('li', { class: 'stack' }, el('p', {}, el('strong', {}, one.label || 'Without a name'), ` ${until}`),
      el('input', { readonly: true, value: link, 'aria-label': `Link: ${one.label || until}`, onfocus: ({ target }) => target.select() }),
      action('Withdraw', () => guard(async () => {
        await send('DELETE', `${base}/shares/${one.share_id}`);
        announce('Withdrawn.');
        await load();
      }), 'secondary'));
  };
  async function load() {
    const { shares } = await get(`${base}/shares`, 2);
    node.hidden = false;
    list.replaceChildren(...shares.map(row));
  }
  const make = action('Make a link', () => guard(async () => {
    await send('POST', `${base}/shares`, { label: label.value.trim(), days: Number(days.value) });
    label.value = '';
    say(status, 'Made. It is the last one in the list.');
    await load();
  }));
  node.append(el('p', { class: 'field' }, el('label', { for: 'share-label' }, 'For whom'), label),
    el('p', { class: 'field' }, el('label', { for: 'share-days' }, 'Days, 90 at most'), days), make, status, list);
  load().catch(() => {});
  return node;
}
