// Owns the proof that the market says what its server says, shows each role its own buttons, and gives
// no money back without a second press.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { accountCard, linesOf } from '../web/js/market/account.js';
import { about, invoiceCard, numberOf } from '../web/js/market/invoice.js';
import { keyList } from '../web/js/market/keys.js';
import { orderList } from '../web/js/market/orders.js';
import { catalogue } from '../web/js/market/products.js';
import { KINDS, STATES, labelRows, offerWords, orderWords } from '../web/js/market/words.js';
import { button, settled, stage } from './dom.mjs';

const source = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const label = { segmentation_criteria: 'Agreed.', precision_level: 'aggregate', refresh_cadence: 'weekly', geography: 'country', provenance: 'first party',
  inclusion_methodology: 'declared', id_types: [], segment_taxonomy: { name: 'IAB', version: '1.1', ids: [783] },
  privacy: { unit: 'a device', mechanism: 'Laplace', epsilon_per_table: 1, epsilon_per_365_days: 6 }, terms: 'Be fair.' };
const product = (more = {}) => ({ event_id: 'evt_1', kind: 'cohorts', event_name: 'Evening', artist: 'The Examples', amount: 50000, currency: 'EUR',
  approved_by_manager: true, approved_by_artist: true, on_sale: true, label, ...more });
const order = (more = {}) => ({ number: 7, event_id: 'evt_1', kind: 'cohorts', amount: 50000, currency: 'EUR', state: 'paid', invoice: 'INV-000001',
  delivered: true, delivered_until: '2027-11-28T00:00:00Z', ordered_at: '2026-11-28T00:00:00Z', ...more });
const lost = () => assert.fail('the session holds');

test('the states are those of the server', () => {
  const codes = [...source('core/people/src/market/orders.rs').matchAll(/ProductState::\w+ => "(\w+)"/g)].map(([, code]) => code);
  assert.deepEqual(Object.keys(STATES).sort(), codes.sort());
});

test('the kinds are those of the server', () => {
  const codes = [...source('core/people/src/market/mod.rs').matchAll(/ProductKind::\w+ => "(\w+)"/g)].map(([, code]) => code);
  assert.deepEqual(Object.keys(KINDS).sort(), codes.sort());
});

test('what is missing for a sale is said', () => {
  assert.equal(offerWords(product()), 'On sale');
  assert.equal(offerWords(product({ on_sale: false, approved_by_manager: false })), 'Waits for a manager');
  assert.equal(offerWords(product({ on_sale: false, approved_by_artist: false })), 'Waits for the artist');
  assert.equal(offerWords(product({ on_sale: false })), 'Has no price yet');
  assert.deepEqual(labelRows(product()).map(([what]) => what).slice(-2), ['Privacy', 'Terms']);
  assert.match(orderWords(order()), /^paid · INV-000001 · tables until /);
  assert.equal(orderWords(order({ state: 'refunded', delivered: false })), 'refunded · INV-000001');
});

test('an advertiser buys, an artist agrees or takes it back', async () => {
  stage({ 'GET /v1/products': [200, { products: [product()] }] });
  const theirs = catalogue({ role: 'advertiser', lost, changed() {} });
  await theirs.load();
  assert.ok(button(theirs.node, 'Buy') && !button(theirs.node, 'Take off sale'));
  const calls = stage({ 'GET /v1/products': [200, { products: [product()] }], 'PUT /v1/events/evt_1/product': [200, product({ on_sale: false })] });
  const artists = catalogue({ role: 'artist', lost, changed() {} });
  await artists.load();
  assert.ok(!button(artists.node, 'Buy'));
  button(artists.node, 'Take off sale').listeners.click();
  await settled();
  assert.ok(calls.some((call) => call.method === 'PUT' && call.body?.approved === false && call.body.kind === 'cohorts'), JSON.stringify(calls));
});

test('an order ends after a second press, and only a manager ends it', async () => {
  const answers = { 'GET /v1/product-orders': [200, { orders: [order()], earned: [{ amount: 50000, currency: 'EUR' }] }],
    'POST /v1/product-orders/7/end': [200, order({ state: 'refunded' })] };
  const calls = stage(answers);
  const list = orderList({ role: 'manager', lost });
  await list.load();
  assert.match(list.node.textContent, /Earned: /);
  const sent = () => calls.filter((call) => call.method === 'POST');
  button(list.node, 'End order 7…').listeners.click();
  assert.equal(sent().length, 0);
  list.node.find((one) => one.tag === 'button' && /^Give .* back$/.test(one.textContent)).listeners.click();
  await settled();
  assert.deepEqual(sent().map((call) => call.body), [{ reason: 'refund' }]);
  stage(answers);
  const own = orderList({ role: 'advertiser', lost });
  await own.load();
  assert.ok(!button(own.node, 'End order 7…'));
  assert.ok(own.node.find((one) => one.attributes?.href === '/v1/product-orders/7/tables?format=csv'));
  assert.ok(own.node.find((one) => one.attributes?.href === '/v1/product-orders/7/tables?format=parquet'));
});

test('an invoice says what was paid, and what came back', () => {
  assert.equal(numberOf('/market/invoices/INV-000012'), 'INV-000012');
  assert.equal(numberOf('/market/invoices/12'), null);
  const paid = order({ paid_at: '2026-11-28T10:00:00Z', staff_id: 'stf_3', product_id: 'audience/evt_1' });
  const card = invoiceCard(paid, { name: 'Evening', issuer: ['Tickets of Kiel', 'Harbour 1', 'DE123'], print() {} });
  assert.match(card.textContent, /Audience tables of Evening/);
  assert.match(card.textContent, /Issued byTickets of KielHarbour 1DE123/);
  assert.ok(!card.textContent.includes('−'));
  const back = invoiceCard({ ...paid, state: 'refunded', ended_at: '2026-12-01T10:00:00Z' }, { name: 'Evening', issuer: ['x'], print() {} });
  assert.match(back.textContent, /Given back−/);
  assert.match(about({ ...paid, state: 'disputed', ended_at: '2026-12-01T10:00:00Z' }, ['x']).at(-1)[1], /^disputed, /);
});

test('an invoice is to whoever its buyer said, with the tax in it', () => {
  const paid = order({ paid_at: '2026-11-28T10:00:00Z', staff_id: 'stf_3', product_id: 'audience/evt_1', vat_basis_points: 1900, vat_amount: 7983,
    invoice_to: { name: 'Harbour Media', address: ['Harbour 1', 'Kiel'], vat_id: 'DE123456789' } });
  const words = { name: 'Evening', issuer: ['x'], print() {} };
  assert.match(invoiceCard(paid, words).textContent, /Issued toHarbour MediaHarbour 1KielVAT DE123456789Order/);
  assert.match(invoiceCard(paid, words).textContent, /VAT of 19 % within it.*79\.83/);
  assert.doesNotMatch(invoiceCard({ ...paid, state: 'refunded', ended_at: paid.paid_at }, words).textContent, /VAT of/);
  assert.match(invoiceCard({ ...paid, invoice_to: undefined }, words).textContent, /Issued toAdvertiser stf_3/);
});

test('to whom invoices are is kept line by line', async () => {
  assert.deepEqual(linesOf(' Harbour 1 \n\n Kiel'), ['Harbour 1', 'Kiel']);
  const calls = stage({ 'GET /v1/invoice-account': [200, {}], 'PUT /v1/invoice-account': [200, {}] });
  const card = accountCard({ lost });
  await card.load();
  const sent = () => calls.filter((call) => call.method === 'PUT');
  const input = (id) => card.node.find((one) => one.attributes?.id === id);
  input('account-name').value = 'Harbour Media';
  input('account-address').value = '';
  button(card.node, 'Keep').listeners.click();
  await settled();
  assert.equal(sent().length, 0, 'without an address nothing is kept');
  input('account-address').value = 'Harbour 1\nKiel';
  input('account-vat').value = '';
  button(card.node, 'Keep').listeners.click();
  await settled();
  assert.deepEqual(sent().map((call) => call.body), [{ name: 'Harbour Media', address: ['Harbour 1', 'Kiel'] }]);
});

test('a key is shown once, and withdrawn after a second press', async () => {
  const calls = stage({ 'GET /v1/buyer-keys': [200, { keys: [{ key_id: '00ab', label: 'Import', made_at: '2026-11-28T10:00:00Z' }] }],
    'POST /v1/buyer-keys': [201, { key_id: '00cd', label: 'New', key: 'fga_secret' }], 'DELETE /v1/buyer-keys/00ab': [200, { state: 'withdrawn' }] });
  const keys = keyList({ lost });
  await keys.load();
  const made = () => calls.filter((call) => call.method === 'POST');
  button(keys.node, 'Make a key').listeners.click();
  await settled();
  assert.equal(made().length, 0, 'without words there is no key');
  keys.node.find((one) => one.attributes?.id === 'key-label').value = 'New';
  button(keys.node, 'Make a key').listeners.click();
  await settled();
  assert.deepEqual(made().map((call) => call.body), [{ label: 'New' }]);
  assert.match(keys.node.textContent, /fga_secret/);
  button(keys.node, 'Withdraw…').listeners.click();
  assert.ok(!calls.some((call) => call.method === 'DELETE'));
  button(keys.node, 'Withdraw “Import”').listeners.click();
  await settled();
  assert.ok(calls.some((call) => call.method === 'DELETE'));
});
