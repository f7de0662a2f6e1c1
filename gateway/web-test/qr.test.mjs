// Owns the proof of codes with addresses: their form, and one that readers of others have read.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { wayThere } from '../web/js/elsewhere.js';
import { qrPicture, qrRows } from '../web/js/qr.js';

test('a code is as large as its text asks for, and none is drawn beyond that', () => {
  for (const [bytes, size] of [[1, 21], [14, 21], [15, 25], [26, 25], [42, 29], [62, 33], [84, 37], [106, 41]]) {
    assert.equal(qrRows('x'.repeat(bytes)).length, size, `${bytes} bytes`);
  }
  assert.equal(qrRows('x'.repeat(107)), null);
  assert.equal(qrPicture('ä'.repeat(54)), null);
});

test('the same text is the same code, which jsQR 1.4.0 has read', () => {
  const rows = qrRows('https://tickets.example/sign-in?back=%2Fevents%2Fevt_0000000000001');
  const digest = createHash('sha256').update(rows.map((row) => row.join('')).join('\n')).digest('hex');
  assert.equal(digest.slice(0, 16), '884852dc44533eb3');
});

test('the other device signs in and then goes on', () => {
  assert.equal(wayThere('/events/evt_1?x=1', 'https://tickets.example'), 'https://tickets.example/sign-in?back=%2Fevents%2Fevt_1%3Fx%3D1');
});
