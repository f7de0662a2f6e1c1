// Owns the page of one invoice: what was bought, by whom, for how much, and what became of it; made to be printed.
import { get } from '../api.js';
import { el, say } from '../dom.js';
import { day, money } from '../format.js';
import { door } from '../staff/door.js';
import { STATES, kindWords } from './words.js';

/** The number in the page's address, as the server writes it; null where there is none. */
export function numberOf(pathname) {
  const [, number] = pathname.match(/^\/market\/invoices\/(INV-\d{6,9})$/) ?? [];
  return number ?? null;
}

const date = { day: 'numeric', month: 'long', year: 'numeric' };
const onDay = (iso) => day(iso, 'UTC', date);

const inLines = (lines) => lines.flatMap((line, at) => (at ? [el('br'), line] : [line]));

/** To whom: what was said when it was issued, or the key where nobody has said. */
function issuedTo({ invoice_to: to, staff_id: staff }) {
  return to ? inLines([to.name, ...to.address, ...(to.vat_id ? [`VAT ${to.vat_id}`] : [])]) : `Advertiser ${staff}`;
}

/** Facts about an invoice, as pairs of words. */
export function about(bought, issuer) {
  return [
    ['Number', bought.invoice],
    ['Date', onDay(bought.paid_at)],
    ['Issued by', inLines(issuer)],
    ['Issued to', issuedTo(bought)],
    ['Order', `${bought.number}, of ${onDay(bought.ordered_at)}`],
    ['State', bought.ended_at ? `${STATES[bought.state] ?? bought.state}, ${onDay(bought.ended_at)}` : STATES[bought.state] ?? bought.state],
  ];
}

/** The invoice as a card; what was given back stands below what was paid. */
export function invoiceCard(bought, { name, issuer, print }) {
  const amount = money(bought.amount, bought.currency);
  const period = `${onDay(bought.paid_at)} to ${onDay(bought.delivered_until)}`;
  const isBack = bought.state === 'refunded' || bought.state === 'disputed';
  const rows = [el('tr', {}, el('td', {}, `${kindWords(bought.kind)} of ${name}`, el('br', {}), el('span', { class: 'quiet' }, `${bought.product_id}; ${period}`)),
    el('td', { class: 'sum' }, amount))];
  if (isBack) rows.push(el('tr', {}, el('td', {}, bought.state === 'refunded' ? 'Given back' : 'Taken back by the bank'), el('td', { class: 'sum' }, `−${amount}`)));
  const tax = !isBack && bought.vat_amount !== undefined
    ? [el('tr', {}, el('th', { scope: 'row' }, `VAT of ${bought.vat_basis_points / 100} % within it`), el('td', { class: 'sum' }, money(bought.vat_amount, bought.currency)))] : [];
  const total = money(isBack ? 0 : bought.amount, bought.currency);
  return el('section', { class: 'card stack', id: 'invoice' },
    el('dl', {}, about(bought, issuer).flatMap(([what, words]) => [el('dt', {}, what), el('dd', {}, ...[words].flat())])),
    el('table', {}, el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'What'), el('th', { scope: 'col', class: 'sum' }, 'Amount'))),
      el('tbody', {}, ...rows), el('tfoot', {}, el('tr', {}, el('th', { scope: 'row' }, 'Total'), el('td', { class: 'sum' }, total)), ...tax)),
    el('div', { class: 'form-actions' }, el('button', { type: 'button', class: 'button primary', onclick: print }, 'Print'),
      el('a', { class: 'button', href: '/market' }, 'Back to the market')));
}

/** What is behind the door: { nodes, load }. */
export function parts(lost, { number, issuer, print, title }) {
  const place = el('div', {});
  const words = el('p', { class: 'quiet' }, 'Loading…');
  async function load() {
    try {
      const { orders, seller } = await get('/v1/product-orders');
      const bought = orders.find((one) => one.invoice && one.invoice === number);
      if (!bought) {
        say(words, 'There is no such invoice, or it is somebody else’s.');
        return;
      }
      const name = await get(`/v1/events/${encodeURIComponent(bought.event_id)}`).then((event) => event.name, () => bought.event_id);
      say(words, '');
      title(`Invoice ${bought.invoice}`);
      place.replaceChildren(invoiceCard(bought, { name, issuer: seller.length ? seller : [issuer], print }));
    } catch (problem) {
      if (problem.status === 401) lost(problem);
      else say(words, problem.message);
    }
  }
  load();
  return { nodes: [words, place], load };
}

/** Wires the page: `at` finds its elements. */
export function begin(at, page = globalThis) {
  const title = (words) => {
    say(at('title'), words);
    page.document.title = words;
  };
  const options = { number: numberOf(page.location.pathname), issuer: page.location.host, print: () => page.print(), title };
  return door(at, { may: ['advertiser', 'manager', 'artist'], open: async (_, lost) => parts(lost, options) });
}

if (globalThis.document?.getElementById('console')) begin((name) => document.getElementById(name));
