// Tabs: one stream for all of a browser, two at most of any kind, and somebody who leads when the leader goes or sleeps.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { open } from '../web/js/tabs.js';

/** Locks as the Web Locks API hands them out, for the tabs of one test. */
class FakeLocks {
  held = new Map();

  waiting = [];

  request(name, { ifAvailable, steal, signal }, work) {
    return new Promise((done, fail) => {
      const asked = { name, work, done, fail };
      if (steal) {
        this.held.get(name)?.fail(Object.assign(new Error('stolen'), { name: 'AbortError' }));
        this.held.delete(name);
        this.grant(asked);
      } else if (!this.held.has(name)) this.grant(asked);
      else if (ifAvailable) done(work(null));
      else {
        this.waiting.push(asked);
        signal.addEventListener('abort', () => {
          this.waiting = this.waiting.filter((other) => other !== asked);
          fail(Object.assign(new Error('left'), { name: 'AbortError' }));
        });
      }
    });
  }

  async grant(asked) {
    this.held.set(asked.name, asked);
    const value = await asked.work({ name: asked.name });
    if (this.held.get(asked.name) !== asked) return;
    this.held.delete(asked.name);
    asked.done(value);
    const next = this.waiting.findIndex((other) => other.name === asked.name);
    if (next >= 0) this.grant(this.waiting.splice(next, 1)[0]);
  }
}

class FakeChannel {
  static all = new Set();

  constructor(name) {
    this.name = name;
    FakeChannel.all.add(this);
  }

  postMessage(data) {
    for (const other of FakeChannel.all) {
      if (other !== this && other.name === this.name) queueMicrotask(() => other.onmessage?.({ data }));
    }
  }

  close() { FakeChannel.all.delete(this); }
}

class FakeSource {
  static opened = [];

  constructor(url) {
    Object.assign(this, { url, listeners: new Map(), isClosed: false });
    FakeSource.opened.push(this);
  }

  addEventListener(name, handle) { this.listeners.set(name, handle); }

  close() { this.isClosed = true; }

  say(name, data, id = '') { this.listeners.get(name)({ data, lastEventId: id }); }
}

const settled = async () => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((done) => { setImmediate(done); });
};
const sources = () => FakeSource.opened.filter((source) => !source.isClosed);

/** A tab that notes what it hears. */
function tab(url = '/queue/stream', steal = false) {
  const heard = [];
  const { close } = open(url, ['queue'], {
    on: (name, data, id) => heard.push(`${name} ${data} ${id}`.trim()),
    opened: () => heard.push('opened'),
    failed: (isFull) => heard.push(isFull ? 'full' : 'failed'),
  }, steal);
  return { heard, close };
}

beforeEach(() => {
  FakeSource.opened = [];
  FakeChannel.all = new Set();
  globalThis.EventSource = FakeSource;
  globalThis.BroadcastChannel = FakeChannel;
  Object.defineProperty(globalThis, 'navigator', { value: { locks: new FakeLocks() }, configurable: true });
});
afterEach(() => {
  delete globalThis.EventSource;
  delete globalThis.navigator;
});

test('seven tabs have one stream, and each hears everything', async () => {
  const tabs = Array.from({ length: 7 }, () => tab());
  await settled();
  assert.equal(FakeSource.opened.length, 1);
  FakeSource.opened[0].onopen();
  FakeSource.opened[0].say('queue', '{"frontier":1}', '7');
  await settled();
  for (const { heard } of tabs) assert.deepEqual(heard, ['opened', 'queue {"frontier":1} 7']);
});

test('a tab that comes later hears what is so, and the others hear nothing of it', async () => {
  const first = tab();
  const second = tab();
  await settled();
  FakeSource.opened[0].onopen();
  FakeSource.opened[0].say('queue', 'old');
  FakeSource.opened[0].say('queue', 'new');
  await settled();
  const late = tab();
  await settled();
  assert.deepEqual(late.heard, ['opened', 'queue new']);
  assert.deepEqual(second.heard, ['opened', 'queue old', 'queue new']);
  assert.deepEqual(first.heard, second.heard);
});

test('when the leader goes the next one leads', async () => {
  const tabs = [tab(), tab(), tab()];
  await settled();
  tabs[0].close();
  await settled();
  assert.equal(FakeSource.opened.length, 2);
  assert.equal(sources().length, 1);
  sources()[0].onopen();
  sources()[0].say('queue', 'on');
  await settled();
  assert.deepEqual(tabs[1].heard, ['opened', 'queue on']);
  assert.deepEqual(tabs[2].heard, ['opened', 'queue on']);
  assert.deepEqual(tabs[0].heard, [], 'who left hears nothing');
});

test('a failure reaches every tab', async () => {
  const tabs = [tab(), tab()];
  await settled();
  sources()[0].onerror();
  await settled();
  assert.deepEqual(tabs.map(({ heard }) => heard), [['failed'], ['failed']]);
});

test('a browser has two streams at most; the third tab polls, until one is free', async () => {
  const [first, second] = [tab('/a/stream'), tab('/b/stream')];
  await settled();
  const third = tab('/c/stream');
  await settled();
  assert.equal(sources().length, 2);
  assert.deepEqual(third.heard, ['full']);
  third.close();
  first.close();
  await settled();
  tab('/c/stream');
  await settled();
  assert.deepEqual(sources().map(({ url }) => url), ['/b/stream', '/c/stream']);
  assert.deepEqual(second.heard, []);
});

test('a leader that sleeps loses its place', async () => {
  const asleep = tab();
  const awake = tab();
  await settled();
  awake.close();
  const takes = tab('/queue/stream', true);
  await settled();
  assert.equal(sources().length, 1);
  assert.ok(FakeSource.opened[0].isClosed);
  assert.deepEqual(asleep.heard, ['failed'], 'it comes back as one of the others');
  sources()[0].say('queue', 'on');
  await settled();
  assert.deepEqual(takes.heard, ['queue on']);
});

test('without locks, or where they are forbidden, each tab has its own', async () => {
  globalThis.navigator.locks.request = () => Promise.reject(Object.assign(new Error(), { name: 'SecurityError' }));
  tab();
  await settled();
  assert.equal(sources().length, 1);
  Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  tab();
  assert.equal(sources().length, 2);
});
