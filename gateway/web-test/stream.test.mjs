// Streams: a server that ends is followed elsewhere without a failure; real failures lead to polling.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';

import { follow } from '../web/js/stream.js';

/** A stream whose other end is the test. */
class FakeSource {
  static opened = [];

  constructor(url) {
    this.url = url;
    this.listeners = new Map();
    this.isClosed = false;
    FakeSource.opened.push(this);
  }

  addEventListener(name, handle) { this.listeners.set(name, handle); }

  close() { this.isClosed = true; }

  say(name, data) { this.listeners.get(name)({ data, lastEventId: '' }); }
}

beforeEach(() => {
  FakeSource.opened = [];
  globalThis.EventSource = FakeSource;
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
});
afterEach(() => {
  delete globalThis.EventSource;
  mock.timers.reset();
});

const start = (poll = () => { throw new Error('nobody polls here'); }) =>
  follow({ url: '/stream', events: { queue: () => {} }, poll });

test('a server that ends is left when it says, again and again, and nobody polls', () => {
  start();
  for (let round = 1; round <= 5; round += 1) {
    const source = FakeSource.opened.at(-1);
    source.say('reconnect', '{"retry_ms":1234}');
    assert.ok(source.isClosed, 'the browser must not come back by itself as well');
    mock.timers.tick(1233);
    assert.equal(FakeSource.opened.length, round, 'not earlier than the server asked');
    mock.timers.tick(1);
    assert.equal(FakeSource.opened.length, round + 1);
  }
});

test('what the server says is believed within bounds', () => {
  for (const [said, waits] of [['{"retry_ms":700}', 700], ['{"retry_ms":90000000}', 30000],
    ['{"retry_ms":0}', 2000], ['{}', 2000], ['', 2000], ['{"retry_ms":"soon"}', 2000]]) {
    FakeSource.opened = [];
    const following = start();
    FakeSource.opened[0].say('reconnect', said);
    mock.timers.tick(waits - 1);
    assert.equal(FakeSource.opened.length, 1, said);
    mock.timers.tick(1);
    assert.equal(FakeSource.opened.length, 2, said);
    following.close();
  }
});

test('leaving while away stays away', () => {
  const following = start();
  FakeSource.opened[0].say('reconnect', '{"retry_ms":500}');
  following.close();
  mock.timers.tick(60000);
  assert.equal(FakeSource.opened.length, 1);
});

test('two failures in a row lead to polling; a goodbye between them does not count', () => {
  let polls = 0;
  start(() => { polls += 1; return 1000; });
  FakeSource.opened.at(-1).onerror();
  mock.timers.tick(15000);
  FakeSource.opened.at(-1).say('reconnect', '{"retry_ms":500}');
  mock.timers.tick(500);
  FakeSource.opened.at(-1).onerror();
  assert.equal(polls, 0, 'one failure since the server said goodbye');
  mock.timers.tick(15000);
  FakeSource.opened.at(-1).onerror();
  assert.equal(polls, 1);
});

test('a stream that goes silent is left: polling at once, and a new stream soon', async () => {
  const polls = [];
  start(() => { polls.push(Date.now()); return 60000; });
  FakeSource.opened[0].say('queue', '{}');
  for (let at = 0; at < 10; at += 1) {
    mock.timers.tick(10000);
    FakeSource.opened[0].say('alive', '{}');
  }
  assert.equal(polls.length, 0, 'it says that it is there');
  mock.timers.tick(24999);
  assert.equal(polls.length, 0);
  mock.timers.tick(1);
  assert.equal(polls.length, 1, 'nobody closed it, and nothing comes');
  assert.ok(FakeSource.opened[0].isClosed);
  await new Promise((done) => { setImmediate(done); });
  mock.timers.tick(70000);
  await new Promise((done) => { setImmediate(done); });
  assert.equal(FakeSource.opened.length, 2);
});

test('a stream that never says a word is left too', () => {
  let polls = 0;
  start(() => { polls += 1; return 1000; });
  mock.timers.tick(25000);
  assert.equal(polls, 1);
});

test('whoever shows the age of what they show hears that the stream is there', () => {
  let heard = 0;
  follow({ url: '/stream', events: { queue: () => {} }, heard: () => { heard += 1; }, poll: () => 1000 });
  const source = FakeSource.opened[0];
  source.onopen();
  source.say('alive', '{}');
  source.say('queue', '{}');
  assert.equal(heard, 3);
});

test('an old stream has no say any more', () => {
  let polls = 0;
  const following = start(() => { polls += 1; return 1000; });
  const old = FakeSource.opened[0];
  old.say('reconnect', '{"retry_ms":500}');
  mock.timers.tick(500);
  old.onerror();
  old.onerror();
  assert.equal(polls, 0);
  assert.equal(FakeSource.opened.length, 2);
  following.close();
});
