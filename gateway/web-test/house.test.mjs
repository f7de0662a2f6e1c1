// Owns the proof that the managers' page chooses seats by list, names what it changes, hands out links
// for guests, finds orders, and gives no money back without a second press that says the amount.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { chooser, tally, tallyWords } from '../web/js/house/choose.js';
import { begin } from '../web/js/house/console.js';
import { houseList, seatsOf } from '../web/js/house/given.js';
import { houseMap, mayChange, seatLine } from '../web/js/house/map.js';
import { orderFinder, queryOf, refundPart } from '../web/js/house/orders.js';
import { REASONS, TICKETS, parts as ordersOf, refundLabel, refundQuestion, runWords, seatWords, spans, wrongWords } from '../web/js/house/words.js';
import { WHY, endedWords } from '../web/js/shop/words.js';
import { SeatBook } from '../web/js/seats/book.js';
import { Seats } from '../web/js/seats/feed.js';
import { bowl, encodeDelta, encodeSnapshot } from './fixtures.mjs';
import { button, byId, settled, stage } from './dom.mjs';

const BASE = '/v1/events/evt_1';
const page = { base: BASE, role: 'manager', event: { name: 'Evening', currency: 'EUR', time_zone: 'Europe/Berlin' } };
const source = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const order = (more = {}) => ({ order_id: 'ord_1', status: 'confirmed', amount: 4550, currency: 'EUR', is_gift: false, handed_on: 0, admitted: 0,
  user_id: 'byr_1', seats: [{ section: 'Stalls', row: 'A', seat: '7' }, { section: 'Stalls', row: 'A', seat: '8' }], ...more });
const all = (node, tag) => node.all().filter((one) => one.tag === tag);

function chosen(answers = {}) {
  const calls = stage(answers);
  const book = new SeatBook(bowl());
  const seats = new Seats(book);
  const states = new Uint8Array(book.plan.seat_count);
  states[1] = 2;
  seats.setAll(encodeSnapshot(states, 1));
  let done = 0;
  const part = chooser(page, { book, seats, lost: () => { done = -1; }, done: async () => { done += 1; } });
  return { calls, book, seats, part, done: () => done };
}

test('the reasons and states are those of the server, and every reason has its words for the buyer', () => {
  const domain = source('core/domain/src/house.rs');
  const codes = [...domain.matchAll(/RefundReason::\w+ => "(\w+)"/g)].map(([, code]) => code);
  assert.deepEqual(Object.keys(REASONS).sort(), [...codes].sort());
  assert.deepEqual(Object.keys(WHY).sort(), [...codes].sort());
  const states = [...source('gateway/src/routes/house/gifts.rs').matchAll(/=> "(\w+)",/g)].map(([, code]) => code);
  assert.deepEqual(Object.keys(TICKETS).sort(), states.sort());
  const refunded = (reason) => endedWords({ status: 'refunded', refund_reason: reason, payment: { money: 'refunded' } });
  assert.match(refunded('event_changed'), /^Your order was refunded because the event changed\. The money goes back/);
  for (const reason of ['other', undefined, null, 'new']) assert.match(refunded(reason), /^Your order was refunded\. /);
});

test('seats are named in runs', () => {
  assert.deepEqual(spans([5, 3, 4, 9]), [[3, 5], [9, 9]]);
  const book = new SeatBook(bowl());
  const name = book.name(0);
  assert.equal(seatWords(book, [0]), `${name.section}, row ${name.row}, seat ${name.seat}`);
  assert.match(seatWords(book, [0, 1, 2, 4], 1), /–.* and 1 more group$/);
  assert.equal(runWords({ section: 'Stalls', row: 'A', first: '1', last: '6', count: 6 }), 'Stalls, row A, seats 1–6 (6)');
  assert.equal(runWords({ section: 'Stalls', row: 'A', first: '1', last: '1', count: 1 }), 'Stalls, row A, seat 1');
  assert.equal(runWords({ section: 'Floor', row: '', first: '', last: '', count: 70 }), 'Floor: 70 places');
  assert.deepEqual(seatsOf({ seat_id: 4, count: 3 }), [4, 5, 6]);
  assert.deepEqual(ordersOf([1, 2, 3, 4, 5], 2), [[1, 2], [3, 4], [5]]);
  assert.equal(tallyWords(tally(new Uint8Array([0, 0, 2, 3]), [0, 1, 2, 3])), '2 free, 1 sold, 1 off sale');
});

test('seats are chosen one by one, by row and by section, and taken off sale with a note', async () => {
  const { calls, book, part, done } = chosen();
  const section = byId(part.node, 'house-section');
  section.value = '0';
  await section.hears('change');
  const row = byId(part.node, 'house-row');
  assert.ok(all(row, 'option').length > 1, 'the rows of the section');
  row.value = '0';
  await row.hears('change');
  const line = book.row(0, 0);
  const seat = (at) => part.node.find((one) => one.attributes['data-seat'] === String(line[at]));
  assert.equal(seat(1).children[1].textContent, 'sold');
  await seat(0).press();
  assert.deepEqual([seat(0).attributes['aria-pressed'], [...part.chosen]], ['true', [line[0]]]);
  await seat(0).press();
  assert.equal(part.chosen.size, 0);
  await button(part.node, 'Take off sale').press();
  assert.match(part.node.textContent, /Choose seats first/);
  assert.equal(calls.length, 0, 'nothing is sent without seats');
  await button(part.node, `The whole row (${line.length})`).press();
  assert.equal(part.chosen.size, line.length);
  byId(part.node, 'house-note').value = ' sound desk ';
  await button(part.node, 'Take off sale').press();
  assert.deepEqual(calls, [{ method: 'POST', path: `${BASE}/seats/block`, body: { seats: [...line].sort((a, b) => a - b), note: 'sound desk' } }]);
  assert.deepEqual([done(), part.chosen.size], [1, 0]);
  const [first, end] = book.sectionRange(0);
  await button(part.node, `The whole section (${end - first})`).press();
  await button(part.node, 'Put back on sale').press();
  assert.deepEqual([calls[1].path, calls[1].body.seats.length], [`${BASE}/seats/unblock`, end - first]);
});

test('what stands in the way is named, and what was chosen stays chosen', async () => {
  const no = { code: 'seats_in_use', detail: 'Some are held.', errors: [{ path: 'seats', message: 'Stalls/A/2 is sold' }] };
  const { part, done } = chosen({ [`POST ${BASE}/seats/block`]: [409, no] });
  part.chosen.add(0).add(1);
  await button(part.node, 'Take off sale').press();
  assert.match(part.node.textContent, /Some are held\. Stalls\/A\/2 is sold\./);
  assert.deepEqual([part.chosen.size, done()], [2, 0]);
  assert.equal(wrongWords({ message: 'No.', errors: [] }), 'No.');
  const ended = chosen({ [`POST ${BASE}/seats/block`]: [401, { code: 'key_required' }] });
  ended.part.chosen.add(0);
  await button(ended.part.node, 'Take off sale').press();
  assert.equal(ended.done(), -1, 'whose session is over signs in again');
});

test('more than sixteen seats are given away as several orders, and those that were given are not given twice', async () => {
  let left = 1;
  const { calls, part } = chosen();
  const ask = globalThis.fetch;
  globalThis.fetch = async (...given) => {
    if (left > 0) {
      left -= 1;
      return ask(...given);
    }
    await ask(...given);
    return new Response(JSON.stringify({ code: 'seats_in_use', detail: 'Taken.', retry: 'new_key' }), { status: 409, headers: { 'content-type': 'application/json' } });
  };
  for (let seat = 0; seat < 20; seat += 1) part.chosen.add(seat);
  await button(part.node, 'Give away').press();
  assert.deepEqual(calls.map(({ body }) => body.seats.length), [16, 4]);
  assert.deepEqual([...part.chosen], [16, 17, 18, 19]);
});

test('a seat that leaves the sale is counted in its section no more', () => {
  const { seats, book } = chosen();
  const at = book.section[0];
  const before = seats.inSection(at);
  seats.change(encodeDelta([[0, 3]]), 2);
  assert.deepEqual(seats.inSection(at), { free: before.free - 1, total: before.total - 1 });
  seats.change(encodeDelta([[0, 0]]), 3);
  assert.deepEqual(seats.inSection(at), before);
});

test('the list says who, why and since when, and has a link for each guest', async () => {
  const run = { seat_id: 4, count: 2, section: 'Stalls', row: 'A', first: '5', last: '6', by: 'stf_1', note: 'sound desk', at: '2026-11-27T12:00:00Z' };
  const gift = { order_id: 'ord_9', status: 'confirmed', by: 'stf_1', note: 'press', at: '2026-11-27T12:00:00Z', tickets: [
    { section: 'Stalls', row: 'B', seat: '1', state: 'house', page: '/events/evt_1#take=FGO1.x', qr: '/v1/q.svg', until: '2026-12-11T12:00:00Z' },
    { section: 'Stalls', row: 'B', seat: '2', state: 'guest' }] };
  const calls = stage({ [`GET ${BASE}/house`]: [200, { blocked: [run, { ...run, by: undefined, note: '' }], blocked_count: 4, given: [gift], as_of: {} }] });
  let changes = 0;
  const list = houseList(page, { lost() {}, changed: async () => { changes += 1; }, refund: (one) => refundPart(page, one, { lost() {}, done() {} }) });
  await list.load();
  assert.match(list.node.textContent, /4 seats are off sale\..*Stalls, row A, seats 5–6 \(2\).*“sound desk” · stf_1.*by the plan.*“press”/s);
  const link = list.node.find((one) => one.attributes.class === 'guest-link');
  assert.equal(link.value || link.attributes.value, 'https://shop.example/events/evt_1#take=FGO1.x');
  assert.match(list.node.textContent, /not taken yet.*a guest has it/s);
  await button(list.node, 'Put back').press();
  assert.deepEqual([calls[1].path, calls[1].body, changes], [`${BASE}/seats/unblock`, { seats: [4, 5], note: '' }, 1]);
  assert.ok(button(list.node, 'Take back…'));
});

test('orders are looked for by seat, number or status', async () => {
  assert.equal(queryOf({}), '');
  assert.equal(queryOf({ text: ' Stalls/A/7 ' }), '?seat=Stalls%2FA%2F7');
  assert.equal(queryOf({ text: 'ord_0000010000000', status: 'refunded' }), '?order=ord_0000010000000&status=refunded');
  assert.equal(queryOf({ older: 'ord_1' }), '?older=ord_1');
  const refund = { reason: 'fraud', note: 'see mail', by: 'stf_1', at: '2026-11-27T12:00:00Z' };
  stage({ [`GET ${BASE}/orders`]: [200, { orders: [order(), order({ order_id: 'ord_2', status: 'refunded', refund }), order({ order_id: 'ord_3', admitted: 1 })], next: null, as_of: {} }],
    [`GET ${BASE}/orders?seat=X`]: [404, { code: 'unknown_seat', detail: 'No such seat.' }] });
  const finder = orderFinder(page, { lost() {}, changed: async () => {} });
  await finder.find();
  assert.match(finder.node.textContent, /3 orders\..*ord_1.*Stalls, row A, seat 7; Stalls, row A, seat 8.*Fraud, stf_1: “see mail”.*cannot be refunded/s);
  assert.equal(all(finder.node, 'button').filter(({ textContent }) => textContent === 'Refund…').length, 1, 'only what can be refunded');
  finder.text.value = 'X';
  await finder.find();
  assert.match(finder.node.textContent, /Nothing found\. No such seat\./);
  assert.doesNotMatch(finder.node.textContent, /ord_1/, 'no result of before');
});

test('money goes back only after a question that names it', async () => {
  const calls = stage({});
  let after = null;
  const part = refundPart(page, order(), { lost() {}, done: async (answer) => { after = answer; } });
  assert.equal(part.form.hidden, true);
  await part.open.press();
  assert.deepEqual([part.form.hidden, part.open.attributes['aria-expanded'], calls.length], [false, 'true', 0]);
  assert.match(part.form.textContent, /Refund €45\.50 and free 2 seats\? .*cannot be undone/);
  await button(part.form, 'Leave it').press();
  assert.deepEqual([part.form.hidden, calls.length], [true, 0]);
  await part.open.press();
  part.reason.value = 'event_changed';
  part.note.value = ' on the phone ';
  await button(part.form, 'Refund €45.50').press();
  assert.deepEqual(calls, [{ method: 'POST', path: `${BASE}/orders/ord_1/refund`, body: { reason: 'event_changed', note: 'on the phone' } }]);
  assert.deepEqual(after, { status: 'done' });
  assert.equal(refundPart(page, order({ is_gift: true }), {}).reason.value, 'other');
  const gift = order({ is_gift: true, amount: 0 });
  assert.match(refundQuestion(gift), /No money moves/);
  assert.equal(refundLabel(gift), 'Take the seats back');
});

test('only a manager gets behind the door', async () => {
  const found = {};
  const at = (name) => (found[name] ??= document.createElement('div'));
  stage({ 'GET /v1/staff/me': [200, { staff_id: 'stf_1', role: 'artist' }], 'GET /v1/sign-in/ways': [200, {}] });
  await begin(BASE, at);
  await settled();
  assert.match(at('console').textContent, /This key cannot be used here\..*an artist; this page is for a manager\./);
});

test('the map chooses what can be changed, and the row follows', async () => {
  const { book, seats, part } = chosen();
  const line = seatLine(book, seats.states, 1);
  assert.match(line, /seat .*: .*, sold$/);
  assert.deepEqual([0, 1, 2, 3].map(mayChange), [true, false, false, true]);
  const picked = [];
  const calls = [];
  const fake = { node: { textContent: '' }, update: (some) => calls.push(['update', some]), choose: (all) => calls.push(['choose', [...all]]), close: () => calls.push(['close']) };
  let given = null;
  const map = houseMap({ book, seats, onPick: (seat) => picked.push(seat), draw: async () => ({ seatMap: (options) => { given = options; return fake; } }) });
  map.choose([4]);
  map.node.open = true;
  await map.opened();
  await map.opened();
  assert.deepEqual(calls, [['update', undefined], ['choose', [4]]], 'drawn once, with what was chosen before');
  assert.deepEqual([given.mayPick(0), given.mayPick(1)], [true, false]);
  given.onToggle(7);
  assert.deepEqual(picked, [7]);
  map.close();
  assert.ok(part.close);
});
