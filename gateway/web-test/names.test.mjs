// Owns the proof of which names are said to look like keys of records.
import assert from 'node:assert/strict';
import test from 'node:test';
import { isIdentifier, namedFor } from '../web/js/manage/names.js';

test('keys are known from names, as where plans are read', () => {
  // The same table stands in core/seating/src/names.rs.
  for (const id of ['evt_12', 'SEC_A1', 'cat-3', 'SEC-A1', 'MAIN_FLOOR', '1002034', '0123456789abcdef',
    '6f9619ff-8b86-d011-b42d-00c04fc964ff', '6F9619FF8B86D011B42D00C04FC964FF']) assert.ok(isIdentifier(id), id);
  for (const name of ['Block-3', 'U-21', '103', '12', 'A', 'Stalls', 'Cat 3', 'AC-DC', 'Ränge_2 A', '']) assert.ok(!isIdentifier(name), name);
});

test('what is said names how people would know it', () => {
  assert.match(namedFor(' evt_12 ', 'An evening'), /such as An evening\./);
  assert.equal(namedFor('An evening', 'An evening'), '');
});
