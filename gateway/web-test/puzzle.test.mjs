// Owns the proof that the page solves what the server asks, and what happens where it cannot.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { encode } from '../web/js/puzzle/encode.js';
import { digest, firstFit } from '../web/js/puzzle/hash.js';
import { solve } from '../web/js/puzzle/solve.js';

const hex = (words) => [...words].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');

test('the digest is SHA-256, whatever the length', () => {
  for (let length = 0; length < 200; length += 1) {
    const text = 'floodgate-'.repeat(20).slice(0, length);
    assert.equal(hex(digest(text)), createHash('sha256').update(text).digest('hex'), `${length}`);
  }
});

/** The first number that fits, by the slow and certain way. */
function slowly(challenge, part, bits) {
  const seed = createHash('sha256').update(challenge).digest();
  for (let number = 0; ; number += 1) {
    const tail = Buffer.alloc(8);
    tail.writeUInt32BE(part, 0);
    tail.writeUInt32BE(number, 4);
    const head = createHash('sha256').update(seed).update(tail).digest().readUInt32BE(0);
    if (Math.clz32(head) >= bits) return number;
  }
}

test('numbers are those of any other solver', () => {
  for (const bits of [0, 1, 7, 10]) {
    for (let part = 0; part < 4; part += 1) {
      assert.equal(firstFit(digest('a challenge'), part, bits), slowly('a challenge', part, bits));
    }
  }
  // The same vector as in admission/src/puzzle_tests.rs.
  const numbers = [0, 1, 2, 3].map((part) => firstFit(digest('floodgate'), part, 8));
  assert.equal(encode(numbers), 'AAACJQAAABcAAAADAAAACA');
});

/** A worker that works right here, in the next turn. */
function fake() {
  return {
    ended: false,
    postMessage({ challenge, bits, parts }) {
      setImmediate(() => {
        for (const part of parts) {
          this.onmessage({ data: { part, number: firstFit(digest(challenge), part, bits) } });
        }
      });
    },
    terminate() { this.ended = true; },
  };
}

test('several workers share the parts, and end', async () => {
  const asks = { challenge: 'floodgate', bits: 8, parts: 4 };
  for (const count of [1, 3, 9]) {
    const workers = [];
    const steps = [];
    const make = () => workers[workers.push(fake()) - 1];
    const onPart = (solved, parts) => steps.push(`${solved}/${parts}`);
    assert.equal(await solve(asks, { make, count, onPart }), 'AAACJQAAABcAAAADAAAACA');
    assert.deepEqual(steps, ['1/4', '2/4', '3/4', '4/4']);
    assert.equal(workers.length, Math.min(count, 4));
    assert.ok(workers.every((worker) => worker.ended));
  }
});

test('where nothing can be solved, the page is notified, and waits instead', async () => {
  const asks = { challenge: 'floodgate', bits: 8, parts: 4 };
  const none = () => { throw new ReferenceError('Worker is not defined'); };
  assert.equal(await solve(asks, { make: none, count: 1 }), null);
  const broken = () => ({ postMessage() { setImmediate(() => this.onerror()); }, terminate() {} });
  assert.equal(await solve(asks, { make: broken, count: 2 }), null);
  const silent = () => ({ postMessage() {}, terminate() {} });
  const stop = new AbortController();
  const stopped = solve(asks, { make: silent, count: 1, signal: stop.signal });
  stop.abort();
  assert.equal(await stopped, null);
});
