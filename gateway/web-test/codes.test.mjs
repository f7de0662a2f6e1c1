// Owns the proof that codes are chosen from the batches there are, that too few are said with the fix,
// and that nothing can be sent then.
import assert from 'node:assert/strict';
import test from 'node:test';
import { bodyOf } from '../web/js/announce/body.js';
import { batchWords, codesChoice, codesWords } from '../web/js/announce/codes.js';
import { composer } from '../web/js/announce/compose.js';
import { button, stage } from './dom.mjs';

const BASE = '/v1/events/evt_1';
const BATCHES = { batches: [{ batch: 1, label: 'Fan club', minted: 500, given: 20, claimed: 3, left: 480 }, { batch: 7, label: '', left: 0 }] };
const page = () => ({ base: BASE, role: 'artist', event: { name: 'Evening', time_zone: 'Europe/Berlin', categories: [] } });
const preview = (codes) => ({ total: 3, reached: 3, by_channel: { email: 3 }, not_reached: {}, codes, readers: [] });

test('a batch is named with what is left of it', () => {
  assert.deepEqual(BATCHES.batches.map(batchWords), ['Fan club (batch 1): 480 codes left', 'Batch 7: none left']);
  assert.equal(codesWords(undefined), null);
  assert.match(codesWords({ batch: 1, needed: 3, left: 480, missing: 0 }).words, /That is enough/);
  const few = codesWords({ batch: 1, needed: 3, left: 1, missing: 2 });
  assert.match(few.words, /1 code left, and 3 people need one each. Mint 2 more/);
  assert.ok(few.isShort);
});

test('batches are fetched when they are asked for, and none is chosen by itself', async () => {
  const calls = stage({ [`GET ${BASE}/codes`]: [200, BATCHES] });
  const choice = codesChoice(BASE);
  assert.deepEqual(calls, []);
  assert.equal(choice.value(), null);
  choice.node.open = true;
  await choice.node.hears('toggle');
  assert.equal(calls.length, 1);
  assert.match(choice.node.textContent, /No codesFan club \(batch 1\): 480 codes left/);
  assert.equal(choice.value(), null);
  choice.node.find(({ tag }) => tag === 'select').value = '1';
  assert.equal(choice.value(), 1);
  choice.clear();
  assert.equal(choice.value(), null);
});

test('codes go into the body, and a link beside them is a fault', () => {
  const values = { who: ['followers'], categories: [], sections: [], channels: ['email'], subject: 'A', text: 'B', link: '', picture: '', codes: 1, at: null };
  assert.deepEqual(bodyOf(values), { faults: {}, body: { who: ['followers'], channels: ['email'], subject: 'A', text: 'B', codes: 1 } });
  assert.match(bodyOf({ ...values, link: 'https://example.org' }).faults.link, /Leave the link out/);
});

test('what has too few codes cannot be sent, and the preview says what to do', async () => {
  const answers = { [`POST ${BASE}/announcements/preview`]: [200, preview({ batch: 1, needed: 3, left: 1, missing: 2 })] };
  const calls = stage(answers);
  const { node, made } = composer(page(), async () => {});
  made.fields.who.all[2].box.checked = true;
  made.fields.channels.ranked[0].box.checked = true;
  for (const [name, value] of [['subject', 'A'], ['text', 'B']]) made.fields[name].input.value = value;
  made.fields.codes.node.find(({ tag }) => tag === 'select').value = '1';
  await button(node, 'Preview').press();
  assert.equal(calls[0].body.codes, 1);
  assert.match(node.textContent, /Mint 2 more/);
  assert.equal(button(node, 'Send it…'), undefined);
  answers[`POST ${BASE}/announcements/preview`] = [200, preview({ batch: 1, needed: 3, left: 3, missing: 0 })];
  stage(answers);
  await button(node, 'Preview').press();
  assert.ok(button(node, 'Send it…'));
});
