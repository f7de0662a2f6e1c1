// Owns finding orders by seat, number or status, and refunding one: a reason that its buyer reads, a
// note that stays among staff, and a question that names the amount.
import { get } from '../api.js';
import { action, busy } from '../action.js';
import { send } from '../command.js';
import { announce, el, say } from '../dom.js';
import { money, plural } from '../format.js';
import { REASONS, placesOf, refundLabel, refundQuestion } from './words.js';

const STATUSES = ['confirmed', 'refunded', 'held', 'payment_pending', 'no_answer', 'declined', 'expired', 'released', 'cancelled'];

/** What was looked for as a query; nothing means all. Pure. */
export function queryOf({ text = '', status = '', older = '' }) {
  const wanted = text.trim();
  const name = /^(ord|hld)_/i.test(wanted) ? 'order' : 'seat';
  const all = { ...(wanted ? { [name]: wanted } : {}), ...(status ? { status } : {}), ...(older ? { older } : {}) };
  const query = new URLSearchParams(all).toString();
  return query ? `?${query}` : '';
}

/** Asks why and whether, then refunds: { node }. `done` gets the order as it is then. */
export function refundPart(page, found, { done, lost }) {
  const name = `refund-${found.order_id}`;
  const reason = el('select', { id: `${name}-reason` },
    Object.entries(REASONS).map(([value, words]) => el('option', { value }, words)));
  // Nobody bought it, and mostly nobody asked.
  reason.value = found.is_gift ? 'other' : 'requested';
  const note = el('input', { id: `${name}-note`, maxlength: '500', autocomplete: 'off' });
  const form = el('div', { class: 'confirm', hidden: true });
  const open = el('button', { type: 'button', class: 'button', 'aria-expanded': 'false' }, found.is_gift ? 'Take back…' : 'Refund…');
  const show = (isOpen) => {
    form.hidden = !isOpen;
    open.setAttribute('aria-expanded', String(isOpen));
    if (isOpen) reason.focus();
    else open.focus();
  };
  open.addEventListener('click', () => show(form.hidden));
  const go = action(refundLabel(found), async () => {
    try {
      const path = `${page.base}/orders/${encodeURIComponent(found.order_id)}/refund`;
      const after = await send('POST', path, { reason: reason.value, note: note.value.trim() });
      announce(found.is_gift ? 'The seats were taken back.' : `${money(found.amount, found.currency)} goes back.`);
      await done(after);
    } catch (problem) {
      if (problem.status !== 401) throw problem;
      lost(problem);
    }
  });
  form.append(el('p', {}, el('strong', {}, refundQuestion(found))),
    el('div', { class: 'field' }, el('label', { for: `${name}-reason` }, found.is_gift ? 'Reason, which guests read' : 'Reason, which the buyer reads'), reason),
    el('div', { class: 'field' }, el('label', { for: `${name}-note` }, 'Note for staff'), note),
    el('div', { class: 'form-actions' }, go, action('Leave it', async () => show(false), '')));
  return { node: el('div', { class: 'stack' }, open, form), open, form, reason, note, go };
}

/** The card: { node, find }. */
export function orderFinder(page, { lost, changed }) {
  const text = el('input', { id: 'find-text', autocomplete: 'off', 'aria-describedby': 'find-hint' });
  const status = el('select', { id: 'find-status' }, el('option', { value: '' }, 'Any'),
    STATUSES.map((code) => el('option', { value: code }, code.replaceAll('_', ' '))));
  const go = el('button', { type: 'submit', class: 'button primary' }, 'Find orders');
  const words = el('p', { class: 'quiet', role: 'status' });
  const list = el('ul', { class: 'order-list' });
  const more = el('p', { hidden: true });

  function shown(found) {
    const why = found.refund ? `${REASONS[found.refund.reason] ?? found.refund.reason}, ${found.refund.by}${found.refund.note ? `: “${found.refund.note}”` : ''}` : null;
    const facts = [found.is_gift ? 'given away' : money(found.amount, found.currency),
      found.handed_on ? `${plural(found.handed_on, 'ticket', 'tickets')} handed on` : null,
      found.admitted ? `${found.admitted} let in` : null, found.user_id].filter(Boolean).join(' · ');
    const part = found.status === 'confirmed' && !found.admitted
      ? refundPart(page, found, { lost, done: async () => { await changed(); await find(); } }).node : null;
    return el('li', {}, el('div', { class: 'line' }, el('span', {}, found.order_id), el('span', { class: 'tag' }, found.status.replaceAll('_', ' '))),
      el('p', {}, placesOf(found.seats)), el('p', { class: 'quiet' }, facts), why ? el('p', { class: 'quiet' }, why) : null,
      found.admitted ? el('p', { class: 'quiet' }, 'Somebody was let in with a ticket of it, so it cannot be refunded.') : null, part);
  }

  async function find(older = '') {
    try {
      const answer = await get(`${page.base}/orders${queryOf({ text: text.value, status: status.value, older })}`);
      const rows = answer.orders.map(shown);
      if (older) list.append(...rows);
      else list.replaceChildren(...rows);
      more.hidden = !answer.next;
      more.replaceChildren(action('Show older ones', () => find(answer.next), ''));
      say(words, answer.orders.length ? `${plural(list.children.length, 'order', 'orders')}${answer.next ? ', and there are more' : ''}.` : 'No order fits.');
    } catch (problem) {
      if (problem.status === 401) return lost(problem);
      if (!problem.code) throw problem;
      list.replaceChildren();
      more.hidden = true;
      say(words, [404, 400].includes(problem.status) ? `Nothing found. ${problem.message}` : problem.message);
    }
    return undefined;
  }
  const form = el('form', { class: 'stack', autocomplete: 'off' },
    el('div', { class: 'list-row' },
      el('div', { class: 'field' }, el('label', { for: 'find-text' }, 'Seat or order'), text),
      el('div', { class: 'field' }, el('label', { for: 'find-status' }, 'Status'), status)),
    el('p', { class: 'quiet', id: 'find-hint' }, 'A seat as section/row/seat, or a number that begins with ord_. Empty: the latest orders.'),
    el('p', {}, go));
  form.addEventListener('submit', (submitted) => {
    submitted.preventDefault();
    return busy(go, () => find());
  });
  const node = el('section', { class: 'card stack', 'aria-labelledby': 'house-orders' },
    el('h2', { id: 'house-orders' }, 'Orders'), form, words, list, more);
  return { node, find, form, text, status };
}
