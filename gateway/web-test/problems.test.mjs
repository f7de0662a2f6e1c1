// Owns the proof that every code a fan can meet has words: the table of codes is read from the server's sources, so that a code
// that is added fails here until it has some, or is named as one of staff alone.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { Problem } from '../web/js/api.js';
import { known, wordsFor } from '../web/js/problems.js';

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
/** Heard by staff, by advertisers and by providers, whose pages are in English. */
const STAFF = new Set(`webhook_unsigned webhook_stale key_required wrong_role role_missing codes_too_few not_on_sale not_delivered too_many_links event_exists invalid_plan invalid_prices invalid_policy invalid_dials invalid_details details_changed version_goes_back seats_in_use codes_out_of_bounds announcement_exists unknown_announcement announcement_stopped too_many_announcements invalid_announcement privacy_budget_spent release_out_of_order`.split(' '));

const own = [...read('gateway/src/problem/code.rs').matchAll(/^    \w+ = [A-Z_]+ "(\w+)"/gm)].map(([, code]) => code);
const table = read('core/domain/src/refusal.rs').split('const TABLE')[1];
const refused = [...table.matchAll(/Refusal::\w+,\s*"(\w+)"/g)].map(([, code]) => code);

test('every code a fan can meet has words', () => {
  assert.ok(own.length > 40 && refused.length > 60, `${own.length} and ${refused.length}`);
  assert.deepEqual([...own, ...refused].filter((code) => !known(code) && !STAFF.has(code)), []);
  const all = new Set([...own, ...refused]);
  assert.deepEqual([...STAFF].filter((code) => !all.has(code) || known(code)), [], 'named as staff\'s, and is not');
});

test('in English, of fields and of unknown codes the server\'s words stay', () => {
  const of = (code, to, errors = []) => wordsFor(new Problem(409, { code, detail: 'Words of the server.', errors }), to);
  assert.equal(of('device_required', 'de'), 'You are not in the queue on this device. Join it first.');
  assert.equal(of('device_required', 'en'), 'Words of the server.');
  assert.equal(of('malformed_body', 'de', [{ path: 'name', message: 'is empty' }]), 'Words of the server.');
  assert.equal(of('a_code_of_tomorrow', 'de'), 'Words of the server.');
});
