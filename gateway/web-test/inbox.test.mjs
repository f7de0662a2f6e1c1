// Owns the proof that messages are counted, shown on the reader's clock, and marked read when seen.
import assert from 'node:assert/strict';
import test from 'node:test';
import { inbox, row, safeLink, sorted } from '../web/js/news/inbox.js';
import { settled, stage } from './dom.mjs';

const message = (id, at, more = {}) => ({ message_id: id, occasion: 'announcement', event_id: 'evt_1', event_name: 'Evening',
  subject: `About ${id}`, text: 'One\nTwo', link: '', at, is_read: false, ...more });
const two = [message('msg_1', '2026-11-26T12:00:00Z', { is_read: true }), message('msg_2', '2026-11-27T12:00:00Z')];

async function opened(answers) {
  const calls = stage(answers);
  const head = document.createElement('header');
  const main = document.createElement('main');
  const box = inbox(head, main);
  await box.loaded;
  return { calls, box, head, main };
}
/** No timer of a page is to keep the test running. */
test.beforeEach(() => {
  globalThis.setTimeout = ((whole) => (...given) => {
    const timer = whole(...given);
    timer.unref?.();
    return timer;
  })(globalThis.setTimeout);
});

test('the newest come first and unread ones are counted', () => {
  const { list, unread } = sorted(two);
  assert.deepEqual(list.map(({ message_id }) => message_id), ['msg_2', 'msg_1']);
  assert.equal(unread, 1);
});

test('only pages of the web and of this site are linked', () => {
  const at = 'https://shop.example/';
  assert.equal(safeLink('https://example.org/a', at), 'https://example.org/a');
  assert.equal(safeLink('/events/evt_1', at), 'https://shop.example/events/evt_1');
  for (const link of ['', null, 'javascript:alert(1)', 'data:text/html,x', 'http://example.org/', 'https://']) {
    assert.equal(safeLink(link, at), null, String(link));
  }
});

test('a message says when, what and where to read on', () => {
  stage();
  const text = row(message('msg_1', '2026-11-26T12:00:00Z', { link: 'https://example.org/a' })).textContent;
  assert.match(text, /New · .*2026.* · EveningAbout msg_1One\nTwoMore at example\.org/);
  assert.match(row(message('msg_1', '2026-11-26T12:00:00Z', { link: '/events/evt_1' })).textContent, /Open the page$/);
});

test('a link that stands in the text is one there, and is not repeated', () => {
  stage();
  const node = row(message('msg_1', '2026-11-26T12:00:00Z', { text: 'Read more: https://example.org/a\nBye', link: 'https://example.org/a' }));
  assert.match(node.textContent, /Read more: https:\/\/example\.org\/a\nBye$/);
  const anchors = node.all().filter(({ tag }) => tag === 'a');
  assert.deepEqual(anchors.map(({ attributes }) => attributes.href), ['https://example.org/a']);
});

test('the entry says how many are unread; opening marks them read up to the newest', async () => {
  const { calls, box } = await opened({ 'GET /v1/me/messages': [200, { messages: two }] });
  assert.equal(box.entry.hidden, false);
  assert.match(box.entry.textContent, /^Messages1, 1 unread$/);
  assert.equal(box.panel.hidden, true);
  await box.entry.press();
  assert.deepEqual(calls.at(-1), { method: 'POST', path: '/v1/me/messages/read', body: { up_to: 'msg_2' } });
  assert.equal(box.entry.attributes['aria-expanded'], 'true');
  assert.equal(box.panel.find((one) => one.attributes.id === 'inbox-title').focused, 1);
  await box.panel.hears('keydown', { key: 'Escape' });
  assert.equal(box.panel.hidden, true);
  assert.equal(box.entry.focused, 1, 'focus goes back to what opened it');
});

test('without messages there is no entry, until somebody opens it', async () => {
  const { calls, box } = await opened({ 'GET /v1/me/messages': [200, { messages: [] }] });
  assert.equal(box.entry.hidden, true);
  await box.open();
  assert.equal(box.entry.hidden, false);
  assert.match(box.panel.textContent, /no messages yet/);
  assert.deepEqual(calls.map(({ method }) => method), ['GET', 'GET'], 'nothing to mark');
});

test('a browser nobody knows is not bothered; a failure shows where somebody looks', async () => {
  const { box } = await opened({ 'GET /v1/me/messages': [401, { code: 'device_required', detail: 'No device.', retry: 'no' }] });
  assert.equal(box.entry.hidden, true);
  await box.open();
  await settled();
  assert.ok(box.panel.find((one) => one.attributes.class === 'problem' && !one.hidden));
});
