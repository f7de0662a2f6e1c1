// Owns the proof of notices: offered only where they work, confirmed by arriving, and opened where they lead.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import vm from 'node:vm';
import { follow } from '../web/js/news/follow.js';
import { hasPush, keyBytes } from '../web/js/news/push.js';
import { button, byId, settled, stage } from './dom.mjs';

const PATH = '/v1/events/evt_1/follow';
const page = { id: 'evt_1', base: '/v1/events/evt_1', event: { name: 'Evening', artist: '' } };
const said = (node) => node.find((one) => one.attributes.class === 'said').textContent;

/** A browser that has notices, and what its owner answers. */
function browser(permission, known = null) {
  const subscription = { options: {}, toJSON: () => ({ endpoint: 'https://push.example/1', expirationTime: null, keys: { p256dh: 'p', auth: 'a' } }) };
  const asked = [];
  const pushManager = { getSubscription: async () => known, subscribe: async (options) => { asked.push(options); return subscription; } };
  const serviceWorker = { register: async (path) => { asked.push(path); return { pushManager }; }, ready: Promise.resolve() };
  Object.defineProperty(globalThis, 'navigator', { value: { serviceWorker, language: 'de-DE' }, configurable: true });
  Object.assign(globalThis, { PushManager: class {}, isSecureContext: true, Notification: { requestPermission: async () => permission } });
  return asked;
}

async function unfolded(key, permission) {
  const calls = stage({ [`GET ${PATH}`]: [200, { follows: [], wording: { number: 1, text: 'Words.' }, push_key: key }],
    'GET /v1/me/contacts': [200, { contacts: [] }], 'POST /v1/me/contacts': [201, { contact_id: 'con_1', state: 'unconfirmed' }] });
  const asked = browser(permission);
  const node = follow(page);
  node.open = true;
  await node.hears('toggle');
  return { calls, asked, node };
}
const way = (node) => node.find((one) => one.attributes.for === 'news-web_push');

test('notices are offered only where the browser has them and the installation sends them', async () => {
  assert.equal(hasPush({}), false);
  assert.equal(hasPush({ navigator: { serviceWorker: {} }, PushManager: class {}, Notification: class {}, isSecureContext: false }), false);
  assert.equal(way((await unfolded(undefined, 'granted')).node).hidden, true);
  assert.equal(way((await unfolded('AQID', 'granted')).node).hidden, false);
  assert.deepEqual([...keyBytes('AQ-_')], [1, 15, 191]);
});

test('its owner is asked, and the subscription is left like any address', async () => {
  const { calls, asked, node } = await unfolded('AQID', 'granted');
  byId(node, 'news-event').checked = true;
  await byId(node, 'news-web_push').hears('change');
  await button(node, 'Get news').press();
  assert.equal(asked[0], '/push.js');
  assert.equal(asked[1].userVisibleOnly, true);
  const { method, path, body } = calls.at(-1);
  assert.deepEqual([method, path, body.channel, body.scopes], ['POST', '/v1/me/contacts', 'web_push', ['event']]);
  assert.deepEqual(JSON.parse(body.address), { endpoint: 'https://push.example/1', keys: { p256dh: 'p', auth: 'a' } });
  assert.match(said(node), /a notice will say so/);
});

test('a no is a no, and says what to do', async () => {
  const { calls, node } = await unfolded('AQID', 'denied');
  byId(node, 'news-event').checked = true;
  await byId(node, 'news-web_push').hears('change');
  await button(node, 'Get news').press();
  assert.match(said(node), /Allow them in its settings/);
  assert.equal(calls.some(({ method }) => method === 'POST'), false);
});

/** The worker, with what it showed, opened and asked for. */
async function worker(status = 200) {
  const seen = { shown: [], opened: [], calls: [], focused: 0 };
  const heard = {};
  const self = { location: new URL('https://shop.example/push.js'), addEventListener: (name, listener) => { heard[name] = listener; },
    registration: { showNotification: async (title, options) => { seen.shown.push({ title, ...options }); } },
    clients: { matchAll: async () => [{ url: 'https://shop.example/me', focus: async () => { seen.focused += 1; } }],
      openWindow: async (url) => { seen.opened.push(url); } } };
  const fetch = async (path, options) => { seen.calls.push({ path, ...options }); return { ok: status === 200, status }; };
  vm.runInNewContext(await readFile(new URL('../web/js/push-worker.js', import.meta.url), 'utf8'), { self, fetch, URL, crypto });
  const happen = async (name, event) => {
    let work;
    heard[name]({ waitUntil: (promise) => { work = promise; }, ...event });
    await work;
    await settled();
  };
  return { seen, happen };
}
const message = (body) => ({ data: { json: () => body } });

test('a message is shown, and a press opens where it leads', async () => {
  const { seen, happen } = await worker();
  await happen('push', message({ id: 'm1', title: 'On sale', body: 'Now', link: 'https://shop.example/events/evt_1', language: 'en' }));
  assert.deepEqual([seen.shown[0].title, seen.shown[0].body, seen.shown[0].tag], ['On sale', 'Now', 'm1']);
  const press = (link) => happen('notificationclick', { notification: { close() {}, data: { link } } });
  await press(seen.shown[0].data.link);
  await press('/me');
  await press('javascript:alert(1)');
  assert.deepEqual([seen.opened, seen.focused], [['https://shop.example/events/evt_1'], 1]);
  await happen('push', { data: null });
  assert.equal(seen.shown[1].title, 'News', 'one that cannot be read is shown as well');
});

test('the message that confirms does so by arriving, and where it cannot, its link stays', async () => {
  const asking = { id: 'm2', occasion: 'confirm_address', title: 'Please confirm', link: 'https://shop.example/confirm#token' };
  const good = await worker();
  await good.happen('push', message(asking));
  assert.deepEqual([good.seen.calls[0].path, JSON.parse(good.seen.calls[0].body)], ['/v1/contacts/confirm', { token: 'token' }]);
  assert.equal(good.seen.shown[0].title, 'Notices are on');
  const bad = await worker(503);
  await bad.happen('push', message(asking));
  assert.deepEqual([bad.seen.shown[0].title, bad.seen.shown[0].data.link], ['Please confirm', asking.link]);
});
