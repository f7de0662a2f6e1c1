// Owns the proof that joining gets through the door: at once, by work, by waiting, after a no.
import assert from 'node:assert/strict';
import test, { beforeEach } from 'node:test';
import { digest, firstFit } from '../web/js/puzzle/hash.js';

/** Just enough of a page for what the door shows. */
class Node {
  constructor() {
    this.textContent = '';
    this.hidden = false;
    this.value = 0;
    this.children = [];
  }
  append(...children) { this.children.push(...children); }
  setAttribute() {}
  addEventListener() {}
}
const kept = new Map();
globalThis.document = { createElement: () => new Node(), getElementById: () => null };
globalThis.sessionStorage = {
  getItem: (name) => kept.get(name) ?? null,
  setItem: (name, value) => kept.set(name, value),
  removeItem: (name) => kept.delete(name),
};
globalThis.Worker = class {
  postMessage({ challenge, bits, parts }) {
    setImmediate(() => {
      for (const part of parts) {
        this.onmessage({ data: { part, number: firstFit(digest(challenge), part, bits) } });
      }
    });
  }
  terminate() {}
};
const workers = globalThis.Worker;
const { door } = await import('../web/js/door.js');

let asked = [];
let answers = {};
globalThis.fetch = async (path, { method, body }) => {
  asked.push([method, path.replace('/v1/events/evt_1', ''), body && JSON.parse(body)]);
  const next = answers[`${method} ${path.replace('/v1/events/evt_1', '')}`].shift();
  const headers = new Headers({ 'content-type': 'application/json' });
  return new Response(JSON.stringify(next.body ?? {}), { status: next.status ?? 200, headers });
};
beforeEach(() => {
  asked = [];
  kept.clear();
  globalThis.Worker = workers;
});

const page = (level) => ({ base: '/v1/events/evt_1', queue: { puzzle_level: level } });
const work = (challenge) => ({ body: { required: true, level: 1,
  asks: { challenge, kind: 'work', parts: 4, bits: 4, wait_ms: 0 } } });
const wait = { body: { required: true, level: 1, asks: { challenge: 'w', kind: 'wait', wait_ms: 20 } } };
const no = (code, status = 422) => ({ status, body: { code, retry: 'new_key', detail: code } });
const joined = { status: 201, body: { place: 7 } };
const CHALLENGE = 'GET /queue/challenge';
const WAIT = 'GET /queue/challenge?wait=true';
const JOIN = 'POST /queue';

test('an open door is walked through', async () => {
  answers = { [JOIN]: [joined] };
  await door(page(0)).join();
  assert.deepEqual(asked, [['POST', '/queue', {}]]);
});

test('a puzzle is solved and shown', async () => {
  answers = { [CHALLENGE]: [work('floodgate')], [JOIN]: [joined] };
  const through = door(page(1));
  await through.join();
  const [, [, , body]] = asked;
  assert.equal(body.challenge, 'floodgate');
  assert.equal(Buffer.from(body.solution, 'base64url').length, 16);
  assert.equal(through.node.hidden, true);
});

test('an expired or foreign challenge is asked for anew, and a place that is there is taken', async () => {
  answers = {
    [CHALLENGE]: [work('one'), work('two'), { body: { required: false, level: 1 } }],
    [JOIN]: [no('puzzle_expired'), no('puzzle_wrong'), joined],
  };
  await door(page(undefined)).join();
  assert.deepEqual(asked.filter(([method]) => method === 'POST').map(([, , body]) => body.challenge),
    ['one', 'two', undefined]);
});

test('where nothing can be computed, the page waits, also when its clock runs ahead', async () => {
  delete globalThis.Worker;
  const early = { status: 409, body: { code: 'puzzle_not_ready', retry: 'later', retry_after_ms: 5 } };
  answers = { [CHALLENGE]: [work('floodgate')], [WAIT]: [wait], [JOIN]: [early, joined] };
  await door(page(1)).join();
  assert.deepEqual(asked.map(([method, path]) => `${method} ${path}`), [CHALLENGE, WAIT, JOIN, JOIN]);
  assert.deepEqual(asked.at(-1)[2], { challenge: 'w' });
});

test('any other refusal is reported, and so is a door that never opens', async () => {
  answers = { [JOIN]: [no('sale_closed', 409)] };
  await assert.rejects(door(page(0)).join(), { code: 'sale_closed' });
  answers = { [CHALLENGE]: Array.from({ length: 4 }, () => work('x')), [JOIN]: Array(4).fill(no('puzzle_wrong')) };
  await assert.rejects(door(page(1)).join(), { code: 'puzzle_wrong' });
});
