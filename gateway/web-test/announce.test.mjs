// Owns the proof that an announcement is checked before it is sent, goes out only after a preview of
// the very same words and a second press that names how many people it is for.
import assert from 'node:assert/strict';
import test from 'node:test';
import { bodyOf, bytes } from '../web/js/announce/body.js';
import { composer, faultsOf } from '../web/js/announce/compose.js';
import { channelOrder, narrowing } from '../web/js/announce/fields.js';
import { setAside } from '../web/js/announce/frame.js';
import { partsOf, previewPart } from '../web/js/announce/preview.js';
import { onBothClocks } from '../web/js/announce/words.js';
import { button, byId, stage } from './dom.mjs';

const BASE = '/v1/events/evt_1';
const page = () => ({ base: BASE, role: 'artist', event: { name: 'Evening', time_zone: 'Europe/Berlin', categories: [{ name: 'Stalls' }, { name: 'Balcony' }] } });
const preview = { total: 1200, reached: 1000, by_channel: { email: 700, page: 300, sms: 0 }, not_reached: { no_address: 150, capped: 50, no_consent: 0 },
  readers: [{ language: 'en', channel: 'email', subject: 'Doors', text: 'Earlier.', html: '<p style="color:red">Earlier.</p>', count: 700 },
    { language: 'de', channel: 'page', subject: 'Doors', text: 'Earlier.', html: '', count: 300 }], as_of: '2026-11-27T12:00:00Z' };
const values = (more = {}) => ({ who: ['holders'], categories: [], sections: [], channels: ['email'], subject: 'Doors', text: 'Earlier.', link: '', picture: '', at: null, ...more });
const NOW = Date.parse('2026-11-27T12:00:00Z');

test('the body has what was chosen and nothing else', () => {
  assert.deepEqual(bodyOf(values(), NOW), { faults: {}, body: { who: ['holders'], channels: ['email'], subject: 'Doors', text: 'Earlier.' } });
  const all = bodyOf(values({ categories: ['Stalls'], sections: ['A'], link: ' https://example.org/a ', picture: 'https://example.org/p.png', at: '2026-12-24T18:00' }), NOW);
  assert.deepEqual(all.faults, {});
  assert.deepEqual(all.body.categories, ['Stalls']);
  assert.equal(all.body.link, 'https://example.org/a');
  assert.equal(all.body.send_at, new Date('2026-12-24T18:00').toISOString());
  // Waiters and followers have no seats.
  const none = bodyOf(values({ who: ['followers'], categories: ['Stalls'], sections: ['A'] }), NOW).body;
  assert.ok(!('categories' in none) && !('sections' in none));
});

test('each fault is found and says how to mend it', () => {
  const rows = [
    ['who', { who: [] }, /at least one group/], ['channels', { channels: [] }, /at least one way/],
    ['subject', { subject: '  ' }, /Enter a subject/], ['subject', { subject: 'é'.repeat(101) }, /Too long by 2/],
    ['text', { text: '' }, /Enter the text/], ['text', { text: 'x'.repeat(8193) }, /Too long by 1/],
    ['link', { link: 'http://example.org' }, /must begin with https/], ['link', { link: 'javascript:alert(1)' }, /must begin with https/],
    ['link', { link: `https://example.org/${'x'.repeat(500)}` }, /too long/], ['picture', { picture: 'cat.png' }, /picture must begin with https/],
    ['send_at', { at: '' }, /Choose a day/], ['send_at', { at: '2026-11-26T12:00' }, /has passed/], ['send_at', { at: '2028-01-01T00:00' }, /365 days/],
  ];
  for (const [name, more, words] of rows) {
    const { faults } = bodyOf(values(more), NOW);
    assert.deepEqual(Object.keys(faults), [name], JSON.stringify(more).slice(0, 60));
    assert.match(faults[name], words);
  }
  assert.equal(bytes('aé€😀'), 10);
  assert.deepEqual(faultsOf({ errors: [{ path: 'channels[1]', message: 'Unknown.' }, { path: 'announcement.text', message: 'Long.' }] }), { channels: 'Unknown.', text: 'Long.' });
});

test('an instant is said on the clock of the reader and of the venue', () => {
  const words = onBothClocks('2026-12-24T18:00:00Z', 'Europe/Berlin', 'America/New_York');
  assert.match(words, /^On your clock \(America\/New_York\).*1:00.*; at the venue \(Europe\/Berlin\).*7:00/);
  assert.doesNotMatch(onBothClocks('2026-12-24T18:00:00Z', 'Europe/Berlin', 'Europe/Paris'), /venue/);
  assert.equal(onBothClocks('', 'Europe/Berlin', 'UTC'), '');
});

test('the order of channels is changed by buttons that say what they move', async () => {
  stage();
  const order = channelOrder();
  for (const { box } of order.ranked) box.checked = true;
  assert.deepEqual(order.values(), ['email', 'page', 'sms', 'web_push']);
  const earlier = order.node.find((one) => one.attributes['aria-label'] === 'Earlier: Messages on this site');
  await earlier.press();
  assert.deepEqual(order.values(), ['page', 'email', 'sms', 'web_push']);
  assert.equal(earlier.focused, 1);
  assert.match(order.node.textContent, /Messages on this site is number 1 now/);
  await earlier.press();
  assert.deepEqual(order.values()[0], 'page', 'the first stays the first');
});

test('sections come from the plan when somebody asks for them', async () => {
  const calls = stage({ [`GET ${BASE}/plan`]: [200, { sections: [{ name: 'A' }, { name: 'B' }, { name: 'A' }] }] });
  const some = narrowing(BASE, [{ name: 'Stalls' }]);
  assert.deepEqual(calls, []);
  some.node.open = true;
  await some.node.hears('toggle');
  const boxes = some.node.all().filter(({ attributes }) => attributes.type === 'checkbox');
  boxes[0].checked = true;
  boxes[2].checked = true;
  assert.deepEqual(some.values(), { categories: ['Stalls'], sections: ['B'] });
});

test('the preview counts who is reached and why others are not, in a table', () => {
  stage();
  assert.deepEqual(partsOf(preview).map(({ people, kind }) => [people, kind]), [[700, 'good'], [300, 'good'], [0, 'good'], [150, 'out'], [50, 'out'], [0, 'out']]);
  const { node, reached } = previewPart(preview);
  assert.equal(reached, 1000);
  assert.match(node.textContent, /1,000 of 1,200 people would be reached/);
  assert.match(node.textContent, /Left out: no address.*15013 %/);
  assert.match(node.textContent, /E-mail: 700 readersE-mail in English.*Subject: Doors.*Messages on this site: 300 readersMessages on this site in German/);
  assert.equal(node.all().filter(({ tag }) => tag === 'tr').length, 5, 'what is nobody has no row');
  const frame = node.find(({ tag }) => tag === 'iframe');
  assert.equal(frame.attributes.sandbox, 'allow-same-origin', 'no scripts, no forms, no windows');
  assert.ok(frame.attributes.title);
  assert.match(previewPart({ total: 0, reached: 0 }).node.textContent, /Nobody is in this audience/);
});

test('nothing of a message acts inside of the preview', () => {
  const inert = setAside('<style>a{}</style><p style="x" onclick=\'y()\'><img src="https://t.example/p"><script>z()</script><SCRIPT>open');
  assert.doesNotMatch(inert, /<script|<style|\sstyle=|\ssrc=|\sonclick=/i);
  assert.match(inert, /<template data-sheet>a\{\}<\/template>.*data-style="x"/);
});

function fill(made, more = {}) {
  const { fields } = made;
  fields.who.all[0].box.checked = true;
  fields.channels.ranked[0].box.checked = true;
  for (const [name, value] of Object.entries({ subject: 'Doors', text: 'Earlier.', ...more })) fields[name].input.value = value;
}

test('a form with faults sends nothing and leads to the topmost', async () => {
  const calls = stage();
  const { node, made } = composer(page(), async () => {});
  await button(node, 'Preview').press();
  assert.deepEqual(calls, []);
  assert.match(byId(node, 'ann-who-wrong').textContent, /who is it for/);
  assert.match(byId(node, 'ann-subject-wrong').textContent, /Enter a subject/);
  assert.equal(made.fields.who.all[0].box.focused, 1);
});

test('it is previewed, confirmed by number, sent once, and the form is empty again', async () => {
  const calls = stage({ [`POST ${BASE}/announcements/preview`]: [200, preview], [`POST ${BASE}/announcements`]: [201, { announcement_id: 'ann_1', state: 'sending' }] });
  let sent = 0;
  const { node, made } = composer(page(), async () => { sent += 1; });
  fill(made);
  assert.equal(button(node, 'Send it…'), undefined, 'nothing goes out without a preview');
  await button(node, 'Preview').press();
  await button(node, 'Send it…').press();
  assert.equal(calls.length, 1, 'the first press only asks');
  await button(node, 'Not yet').press();
  await button(node, 'Send it…').press();
  await button(node, 'Yes, send it to 1,000 people').press();
  const body = { who: ['holders'], channels: ['email'], subject: 'Doors', text: 'Earlier.' };
  assert.deepEqual(calls, [{ method: 'POST', path: `${BASE}/announcements/preview`, body }, { method: 'POST', path: `${BASE}/announcements`, body }]);
  assert.equal(sent, 1);
  assert.equal(made.fields.subject.input.value, '');
  assert.match(node.textContent, /It is being sent/);
});

test('words that changed since the preview are looked at once more', async () => {
  const calls = stage({ [`POST ${BASE}/announcements/preview`]: [200, preview] });
  const { node, made } = composer(page(), async () => {});
  fill(made);
  await button(node, 'Preview').press();
  made.fields.text.input.value = 'Later.';
  await button(node, 'Send it…').press();
  assert.match(node.textContent, /has changed since the preview/);
  assert.equal(button(node, 'Send it…'), undefined);
  assert.equal(calls.length, 1);
});

test('a time is scheduled, and the confirmation names it', async () => {
  const at = new Date(Date.now() + 86400000).toISOString().slice(0, 16);
  const calls = stage({ [`POST ${BASE}/announcements/preview`]: [200, preview], [`POST ${BASE}/announcements`]: [201, { announcement_id: 'ann_1', state: 'awaiting_approval' }] });
  const { node, made } = composer(page(), async () => {});
  fill(made);
  made.fields.send_at.later.checked = true;
  made.fields.send_at.at.value = at;
  made.fields.send_at.update();
  assert.match(byId(node, 'ann-clocks').textContent, /On your clock/);
  await button(node, 'Preview').press();
  await button(node, 'Schedule it…').press();
  assert.match(node.textContent, /Until then it can be stopped/);
  await button(node, 'Yes, schedule it for 1,000 people').press();
  assert.equal(calls[1].body.send_at, new Date(at).toISOString());
  assert.match(node.textContent, /It waits for a manager/);
});

test('faults the server finds are said at their fields; other refusals at the button', async () => {
  stage({ [`POST ${BASE}/announcements/preview`]: [400, { code: 'bad_request', detail: 'It cannot be read.', retry: 'no', errors: [{ path: 'sections[0]', message: 'No section Z.' }, { path: 'subject', message: 'One line only.' }] }] });
  const { node, made } = composer(page(), async () => {});
  fill(made);
  await button(node, 'Preview').press();
  assert.equal(byId(node, 'ann-subject-wrong').textContent, 'One line only.');
  assert.match(byId(node, 'ann-categories-wrong').textContent, /No section Z/);
  assert.equal(made.fields.subject.input.focused, 1);
  stage({ [`POST ${BASE}/announcements/preview`]: [409, { code: 'too_many_announcements', detail: 'There are 1,000 already.', retry: 'no' }] });
  await button(node, 'Preview').press();
  assert.equal(button(node, 'Preview').after.textContent, 'There are 1,000 already.');
});

test('a test goes to one address', async () => {
  const calls = stage({ [`POST ${BASE}/announcements/test`]: [200, { state: 'queued' }] });
  const { node, made } = composer(page(), async () => {});
  fill(made);
  await button(node, 'Send a test').press();
  assert.match(byId(node, 'test-address-wrong').textContent, /Enter your e-mail address/);
  byId(node, 'test-address').value = 'me@example.org';
  await button(node, 'Send a test').press();
  assert.equal(calls.length, 1);
  assert.deepEqual(calls[0].body, { announcement: { who: ['holders'], channels: ['email'], subject: 'Doors', text: 'Earlier.' }, address: 'me@example.org', language: 'en' });
  assert.match(node.textContent, /A test is on its way to me@example\.org/);
  // By text message it needs a number; on this site alone there is nowhere to send it.
  made.fields.channels.ranked[0].box.checked = false;
  made.fields.channels.ranked[2].box.checked = true;
  await button(node, 'Send a test').press();
  assert.match(byId(node, 'test-address-wrong').textContent, /Enter your phone number/);
  made.fields.channels.ranked[2].box.checked = false;
  made.fields.channels.ranked[1].box.checked = true;
  await button(node, 'Send a test').press();
  assert.match(node.textContent, /Tick e-mail or text message first/);
  assert.equal(calls.length, 1);
});
