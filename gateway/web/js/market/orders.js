// Owns the list of orders: what each is, its files, and for managers how it ends.
import { action } from '../action.js';
import { get } from '../api.js';
import { send } from '../command.js';
import { announce, el, say } from '../dom.js';
import { day, money } from '../format.js';
import { kindWords, orderWords } from './words.js';

/** The card: { node, load }. */
export function orderList({ role, lost }) {
  const list = el('ul', { class: 'order-list', id: 'product-orders' });
  const earned = el('p', { id: 'earned' }, '');
  const empty = el('p', { class: 'quiet' }, '');
  const node = el('section', { class: 'card stack' }, el('h2', {}, 'Orders'), earned, empty, list);

  async function load() {
    try {
      const { orders, earned: sums } = await get('/v1/product-orders');
      say(empty, orders.length ? '' : 'There are no orders yet.');
      const words = sums.map((one) => money(one.amount, one.currency)).join(' + ');
      say(earned, role !== 'advertiser' && words ? `Earned: ${words}` : '');
      list.replaceChildren(...orders.map((one) => el('li', {}, ...row(one))));
    } catch (problem) {
      if (problem.status === 401) lost(problem);
      else say(empty, problem.message);
    }
  }

  function row(bought) {
    const nodes = [el('div', { class: 'line' }, el('span', {}, `Order ${bought.number}, ${kindWords(bought.kind)}, ${money(bought.amount, bought.currency)}`),
      el('span', { class: 'tag' }, orderWords(bought))), el('p', { class: 'quiet' }, `${bought.event_id}, ${day(bought.ordered_at)}`)];
    if (bought.invoice) nodes.push(el('p', {}, el('a', { href: `/market/invoices/${bought.invoice}` }, `Invoice ${bought.invoice}`)));
    const tables = `/v1/product-orders/${bought.number}/tables`;
    if (role === 'advertiser' && bought.delivered) {
      const file = (format, words) => el('a', { class: 'button', href: format === 'json' ? tables : `${tables}?format=${format}`,
        download: `${bought.kind}-${bought.number}.${format}` }, words);
      nodes.push(el('div', { class: 'form-actions', 'aria-label': `Files of order ${bought.number}`, role: 'group' },
        file('csv', 'CSV'), file('parquet', 'Parquet'), file('json', 'JSON')));
    }
    if (role === 'advertiser' && bought.delivered) nodes.push(delivering(bought));
    if (role === 'manager' && bought.state === 'paid') nodes.push(ending(bought));
    return nodes;
  }

  /** Ends an order after a second press that says what happens. */
  function ending(bought) {
    const amount = money(bought.amount, bought.currency);
    const end = (reason, words, kind) => action(words, async () => {
      await send('POST', `/v1/product-orders/${bought.number}/end`, { reason });
      announce(`Order ${bought.number} has ended.`);
      await load();
    }, kind);
    const sure = el('div', { class: 'confirm', hidden: true },
      el('p', {}, 'Nothing more is delivered. Does the money go back, or has the buyer’s bank taken it already?'),
      el('div', { class: 'form-actions' }, end('refund', `Give ${amount} back`, 'primary'), end('dispute', 'The bank has taken it', 'secondary'),
        el('button', { type: 'button', class: 'button', onclick: () => { sure.hidden = true; ask.hidden = false; ask.focus(); } }, 'Keep the order')));
    const ask = el('button', { type: 'button', class: 'button', onclick: () => { sure.hidden = false; ask.hidden = true; } }, `End order ${bought.number}…`);
    return el('div', { class: 'stack' }, ask, sure);
  }

  return { node, load };
}

/** Where an order goes by itself: to a program of the buyer, to the topic of deliveries. */
function delivering({ number }) {
  const path = `/v1/product-orders/${number}/delivery`;
  const url = el('input', { id: `webhook-${number}`, type: 'url', inputmode: 'url', autocomplete: 'off', maxlength: '2000', placeholder: 'your.server/hook' });
  const topic = el('input', { id: `topic-${number}`, type: 'checkbox' });
  const said = el('p', { role: 'status' }, '');
  const secret = el('code', { class: 'secret' }, '');
  const save = action('Save', async () => {
    const set = await send('PUT', path, { ...(url.value.trim() ? { webhook_url: url.value.trim() } : {}), topic: topic.checked });
    say(said, set.secret ? 'Saved. The calls are signed with this secret; it is shown only now:' : 'Saved.');
    say(secret, set.secret ?? '');
  });
  const form = el('details', { class: 'stack' }, el('summary', {}, 'Delivery'),
    el('div', { class: 'field' }, el('label', { for: url.id }, 'Webhook that is called with each record'), url),
    el('p', {}, topic, ' ', el('label', { for: topic.id }, 'On the topic of deliveries, too')),
    said, secret, el('div', { class: 'form-actions' }, save));
  form.addEventListener('toggle', async () => {
    if (!form.open) return;
    try {
      const now = await get(path);
      url.value = now.webhook_url ?? '';
      topic.checked = now.topic;
    } catch (problem) {
      say(said, problem.message);
    }
  });
  return form;
}
