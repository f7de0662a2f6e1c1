// Owns the proof that one can ask to be notified of one's turn, whatever the browser can do.
import assert from 'node:assert/strict';
import test from 'node:test';
import { askLeave, expectation, notifyMe, permission, turnCame } from '../web/js/notify.js';
import { stage } from './dom.mjs';

const page = (place) => ({ id: 'evt_1', base: '/v1/events/evt_1', me: { place }, event: { name: 'Evening' } });
const button = (node) => node.find((one) => one.tag === 'button');
const status = (node) => node.find((one) => one.attributes.role === 'status');

/** A browser with notices; `answer` is what the person says when asked. */
function browser(permission, answer = permission, { old = false, throws = false } = {}) {
  const shown = [];
  class Notification {
    constructor(title, options) {
      if (throws) throw new TypeError('Illegal constructor');
      shown.push({ title, ...options });
    }

    static permission = permission;

    static requestPermission(done) {
      Notification.permission = answer;
      if (old) done(answer);
      return old ? undefined : Promise.resolve(answer);
    }
  }
  return { Notification, shown, document: { hidden: true } };
}

test('leave is asked for where it can be, and never throws', async () => {
  assert.equal(permission({}), 'missing');
  assert.equal(permission({ get Notification() { throw new Error('no'); } }), 'missing');
  assert.equal(await askLeave({}), 'missing');
  assert.equal(await askLeave(browser('default', 'granted')), 'granted');
  assert.equal(await askLeave(browser('default', 'denied')), 'denied');
  assert.equal(await askLeave(browser('default', 'granted', { old: true })), 'granted');
  const broken = { Notification: { permission: 'default', requestPermission() { throw new Error('no'); } } };
  assert.equal(await askLeave(broken), 'default');
});

test('the words say what will happen', () => {
  assert.match(expectation('granted'), /shows a notice/);
  for (const leave of ['denied', 'default', 'missing']) assert.match(expectation(leave), /title of this tab/);
});

test('asking goes to the server, says what comes, and is remembered', async () => {
  const calls = stage();
  const node = notifyMe(page(5));
  assert.equal(button(node).attributes['aria-describedby'], 'notify-hint');
  await button(node).press();
  assert.deepEqual(calls, [{ method: 'POST', path: '/v1/events/evt_1/queue/notify', body: {} }]);
  assert.equal(button(node).hidden, true);
  assert.match(status(node).textContent, /title of this tab/, 'there are no notices here');
  assert.equal(status(node).focused, 1, 'focus is not lost with the button');
  const again = notifyMe(page(5));
  assert.equal(button(again).hidden, true, 'a reload remembers');
  assert.equal(button(notifyMe(page(6))).hidden, false, 'another place asks anew');
});

test('a no from the server is shown beside the button, which stays', async () => {
  stage({ 'POST /v1/events/evt_1/queue/notify': [409, { code: 'place_spent', detail: 'Join again.', retry: 'no' }] });
  const node = notifyMe(page(7));
  await button(node).press();
  assert.equal(button(node).hidden, false);
  assert.equal(button(node).after.textContent, 'Join again.');
  assert.equal(button(node).getAttribute('aria-disabled'), null);
});

test('the notice comes once, to who asked and looks elsewhere', async () => {
  stage();
  const granted = browser('granted');
  assert.equal(turnCame(page(8), granted), null, 'nobody asked');
  await button(notifyMe(page(8))).press();
  assert.equal(turnCame(page(8), { ...granted, document: { hidden: false } }), null, 'the page is seen');
  assert.equal(turnCame(page(8), browser('denied')), null);
  assert.equal(turnCame(page(8), { document: { hidden: true } }), null, 'no notices at all');
  const notice = turnCame(page(8), granted);
  assert.equal(granted.shown.length, 1);
  assert.match(granted.shown[0].body, /Evening/);
  notice.onclick();
  assert.equal(turnCame(page(8), granted), null, 'once');
  await button(notifyMe(page(9))).press();
  assert.equal(turnCame(page(9), browser('granted', 'granted', { throws: true })), null, 'a phone without');
});
