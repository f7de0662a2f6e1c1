// Owns the proof that the console shows what is so: who may do what, how far a sending is, what
// became of each message, and that it asks less often when nothing moves.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { LINK_BYTES, SUBJECT_BYTES, TEXT_BYTES } from '../web/js/announce/body.js';
import { begin } from '../web/js/announce/console.js';
import { announcementList, beforeWords, nextAsk, quarter } from '../web/js/announce/list.js';
import { reportPart, verdictsOf } from '../web/js/announce/report.js';
import { AUDIENCES, CHANNELS, LANGUAGES, STATES, VERDICTS, audienceWords, channelWords, progressOf, progressWords, stepsFor } from '../web/js/announce/words.js';
import { button, settled, stage } from './dom.mjs';

const BASE = '/v1/events/evt_1';
const LIST = `GET ${BASE}/announcements`;
const counts = { total: 100, sent: 40, due: 30, quiet: 10, capped: 5, suppressed: 1, no_consent: 0, no_address: 9, bounced: 3, failed: 2, stopped: 0 };
const report = (more = {}) => ({ announcement_id: 'ann_1', state: 'sending', subject: 'Doors', text: 'Earlier.', who: ['holders'], channels: ['email', 'page'],
  made_at: '2026-11-27T12:00:00Z', started_at: '2026-11-27T12:00:01Z', counts, by_channel: { email: 30, page: 10 }, as_of: '2026-11-27T12:00:02Z', ...more });
const page = (role = 'artist') => ({ base: BASE, role, event: { name: 'Evening', time_zone: 'Europe/Berlin', categories: [] } });
/** No timer of a page is to keep the test running. */
const whole = globalThis.setTimeout;
globalThis.setTimeout = (...given) => {
  const timer = whole(...given);
  timer.unref?.();
  return timer;
};

async function listed(reports, role) {
  const calls = stage({ [LIST]: [200, { announcements: reports }] });
  const list = announcementList(page(role));
  await list.load();
  return { calls, list };
}
const buttons = (node) => node.all().filter(({ tag, attributes }) => tag === 'button' && !attributes['aria-label']).map(({ textContent }) => textContent);

const source = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
/** The texts that variants of an enum have. */
const codes = (text, name) => [...text.matchAll(new RegExp(`${name}::\\w+ => "(\\w+)"`, 'g'))].map(([, code]) => code);

test('states, verdicts, channels and bounds are those of the server', () => {
  // What is over before it is sent is counted as failed.
  const verdicts = codes(source('core/people/src/messages.rs'), 'Verdict').filter((code) => code !== 'too_late');
  assert.deepEqual(Object.keys(VERDICTS).sort(), ['due', 'paused', ...verdicts].sort());
  assert.deepEqual(Object.keys(CHANNELS).sort(), codes(source('core/domain/src/consent.rs'), 'Channel').sort());
  const model = source('gateway/src/model/announcement.rs');
  for (const [names, words] of [[STATES, /\/\/\/ (awaiting_approval, .*, sent)\.\n/], [AUDIENCES, /Any of (holders, .*)\./]]) {
    assert.deepEqual(Object.keys(names), words.exec(model)[1].split(', '));
  }
  const counts = /struct MessageCounts \{([^}]*)\}/.exec(model)[1].matchAll(/pub\(crate\) (\w+): u64/g);
  assert.deepEqual([...counts].map(([, name]) => name).filter((name) => name !== 'total').sort(), Object.keys(VERDICTS).sort());
  assert.deepEqual(Object.keys(LANGUAGES), JSON.parse(/LANGUAGES: .* = (\[.*\]);/.exec(source('gateway/src/model/contact.rs'))[1]));
  const domain = source('core/domain/src/announcement.rs');
  for (const [name, value] of [['SUBJECT_BYTES_MAX', SUBJECT_BYTES], ['ANNOUNCEMENT_BYTES_MAX', TEXT_BYTES], ['LINK_BYTES_MAX', LINK_BYTES]]) {
    const [, product] = new RegExp(`${name}: usize = ([^;]*);`).exec(domain);
    assert.equal(product.split('*').reduce((all, one) => all * Number(one), 1), value, name);
  }
});

test('each state has its steps by role', () => {
  assert.deepEqual(stepsFor('awaiting_approval', 'artist'), ['stop']);
  assert.deepEqual(stepsFor('awaiting_approval', 'manager'), ['approve', 'stop']);
  assert.deepEqual(stepsFor('scheduled', 'artist'), ['stop']);
  assert.deepEqual(stepsFor('sending', 'artist'), ['pause', 'stop']);
  assert.deepEqual(stepsFor('paused', 'manager'), ['resume', 'stop']);
  for (const state of ['sent', 'stopped']) assert.deepEqual(stepsFor(state, 'manager'), []);
  assert.deepEqual(stepsFor('sending', 'operator'), []);
});

test('progress counts everybody with a verdict, and is put into words', () => {
  assert.deepEqual(progressOf(counts), { done: 60, total: 100, share: 0.6 });
  assert.equal(progressOf({ total: 0, due: 0 }).share, 1);
  assert.equal(progressWords(report()), '60 of 100 people done so far. 10 wait for the morning.');
  assert.match(progressWords(report({ state: 'paused' })), /60 of 100 people done; the rest waits/);
  assert.match(progressWords(report({ state: 'stopped' })), /40 of 100 people got it before/);
  assert.equal(progressWords(report({ state: 'sent' })), 'Done: 40 messages sent.');
  assert.equal(audienceWords({ who: ['holders', 'followers'], categories: ['Balcony'] }), 'People with tickets (Balcony only) and people who asked for news');
  assert.equal(channelWords(['email', 'page']), 'E-mail, then messages on this site');
  assert.deepEqual([0, 0.24, 0.25, 0.99, 1].map(quarter), [0, 0, 1, 3, 4]);
});

test('what has not begun says when it will, or that it never did', () => {
  assert.match(beforeWords({ state: 'scheduled', send_at: '2027-01-10T18:00:00Z' }, 'Europe/Berlin'), /^When it goes out: on your clock \(.*2027/);
  assert.equal(beforeWords({ state: 'stopped', send_at: '2027-01-10T18:00:00Z' }, 'UTC'), 'It never went out.');
  assert.equal(beforeWords({ state: 'awaiting_approval' }, 'UTC'), '');
});

test('it asks every two seconds while something moves, less often when nothing does', () => {
  const at = (more) => nextAsk({ moves: true, idle: 0, failures: 0, random: 1, ...more });
  assert.equal(at({}), 2000);
  assert.equal(at({ idle: 4 }), 2000);
  assert.equal(at({ idle: 6 }), 8000);
  assert.equal(at({ idle: 60 }), 30000);
  assert.equal(at({ moves: false }), 30000);
  assert.equal(at({ failures: 1 }), 4000);
  assert.equal(at({ failures: 30 }), 60000);
});

test('a sending shows its progress, is paused, and goes on', async () => {
  const { calls, list } = await listed([report()]);
  const bar = list.node.find(({ tag }) => tag === 'progress');
  assert.equal(bar.attributes['aria-label'], 'Progress of Doors');
  assert.equal(bar.value, 0.6);
  assert.deepEqual(buttons(list.node), ['Pause', 'Stop']);
  stage({ [LIST]: [200, { announcements: [report({ state: 'paused' })] }] });
  await button(list.node, 'Pause').press();
  assert.equal(calls.length, 1);
  assert.deepEqual(buttons(list.node), ['Go on', 'Stop']);
  assert.match(list.node.textContent, /Paused/);
  list.close();
});

test('stopping asks once, and can be thought better of', async () => {
  const { list } = await listed([report()]);
  await button(list.node, 'Stop').press();
  assert.match(list.node.textContent, /never sent/);
  await button(list.node, 'Do not stop it').press();
  assert.deepEqual(buttons(list.node), ['Pause', 'Stop']);
  const calls = stage({ [LIST]: [200, { announcements: [report({ state: 'stopped' })] }] });
  await button(list.node, 'Stop').press();
  await button(list.node, 'Yes, stop it for good').press();
  assert.deepEqual([calls[0].method, calls[0].path], ['POST', `${BASE}/announcements/ann_1/stop`]);
  assert.deepEqual(buttons(list.node), []);
  list.close();
});

test('only a manager sees that there is something to approve', async () => {
  const waits = report({ state: 'awaiting_approval', started_at: undefined });
  assert.deepEqual(buttons((await listed([waits])).list.node), ['Stop']);
  const { list } = await listed([waits], 'manager');
  assert.deepEqual(buttons(list.node), ['Approve and send', 'Stop']);
  assert.equal(list.node.find(({ tag }) => tag === 'progress').hidden, true, 'nothing has begun');
  list.close();
});

test('only what moves is asked about in between', async () => {
  const { calls, list } = await listed([report(), report({ announcement_id: 'ann_2', state: 'sent', subject: 'Old' })]);
  const asked = stage({ [`GET ${BASE}/announcements/ann_1`]: [200, report({ counts: { ...counts, due: 0, sent: 70 } })] });
  await list.ask();
  assert.deepEqual(asked.map(({ path }) => path), [`${BASE}/announcements/ann_1`]);
  assert.equal(calls.length, 1);
  assert.equal(list.node.find(({ tag }) => tag === 'progress').value, 0.9);
  assert.match(list.node.textContent, /Old/, 'the rest stays');
  list.close();
});

test('of two answers the later one counts', async () => {
  const { list } = await listed([report()]);
  const answers = [];
  globalThis.fetch = () => new Promise((done) => {
    answers.push((value) => done(new Response(JSON.stringify(value), { status: 200, headers: { 'content-type': 'application/json' } })));
  });
  const both = [list.load(), list.load()];
  answers[1]({ announcements: [report({ state: 'paused' })] });
  answers[0]({ announcements: [report({ state: 'sending' })] });
  await Promise.all(both);
  assert.deepEqual(buttons(list.node), ['Go on', 'Stop']);
  list.close();
});

test('a list that cannot be read says so and keeps trying; an ended session leads to the door', async () => {
  stage({ [LIST]: [503, { code: 'unavailable', detail: 'Later.', retry: 'no' }] });
  let lost = 0;
  const list = announcementList(page(), { lost: () => { lost += 1; } });
  await list.load();
  assert.match(list.node.textContent, /Not up to date\. Later\. We keep trying\./);
  stage({ [LIST]: [401, { code: 'key_required', retry: 'no' }] });
  await list.load();
  assert.equal(lost, 1);
  list.close();
  assert.match((await listed([])).list.node.textContent, /None has been made yet/);
  stage({ [LIST]: [200, { announcements: [], needs_approval: true }] });
  const strict = announcementList(page());
  await strict.load();
  assert.match(strict.node.textContent, /A manager has to approve/);
  strict.close();
});

test('the report has each verdict in words, and its people by pages', async () => {
  const calls = stage({
    [`GET ${BASE}/announcements/ann_1/people?verdict=bounced`]: [200, { people: [{ user_id: 'usr_1', verdict: 'bounced', channel: 'email', at: '2026-11-27T12:00:00Z' }], next: 'c 1' }],
    [`GET ${BASE}/announcements/ann_1/people?verdict=bounced&cursor=c%201`]: [200, { people: [{ user_id: 'usr_2', verdict: 'bounced', channel: 'email', at: '2026-11-27T12:00:00Z' }], next: null }] });
  assert.deepEqual(verdictsOf(counts).map(({ name }) => name), ['sent', 'due', 'quiet', 'capped', 'suppressed', 'no_address', 'bounced', 'failed']);
  const part = reportPart(`${BASE}/announcements/ann_1`);
  part.update(report());
  const listed = part.node.all().filter((one) => one.attributes['aria-label']?.startsWith('List the people'));
  assert.equal(listed.length, 7, 'who has no verdict yet is counted, not listed');
  assert.match(part.node.textContent, /Came back: the address does not exist or is full3/);
  assert.match(part.node.textContent, /Sent by: E-mail 30, Messages on this site 10/);
  await part.node.find((one) => one.attributes['aria-label']?.startsWith('List the people: Came back')).press();
  assert.match(part.node.textContent, /usr_1/);
  await button(part.node, 'Show more').press();
  assert.match(part.node.textContent, /usr_2/);
  assert.equal(button(part.node, 'Show more'), undefined);
  assert.equal(calls.length, 2);
});

test('a role that may not write is shown what to do', async () => {
  stage({ 'GET /v1/staff/me': [200, { staff_id: 'stf_1', role: 'operator' }] });
  const at = elements();
  await begin(BASE, at);
  await settled();
  assert.match(at('console').textContent, /an operator; this page is for an artist or a manager\. Sign out, and sign in with another key/);
});

test('what was written outlasts the session, not the signing out', async () => {
  const event = { name: 'Evening', categories: [] };
  const good = { 'GET /v1/staff/me': [200, { staff_id: 'stf_1', role: 'artist' }], 'POST /v1/staff/session': [200, { staff_id: 'stf_1', role: 'artist' }],
    [`GET ${BASE}`]: [200, event], [LIST]: [200, { announcements: [] }] };
  stage(good);
  const at = elements();
  await begin(BASE, at);
  await settled();
  const subject = () => at('console').find((one) => one.attributes.id === 'ann-subject');
  for (const [id, name] of [['ann-who-holders', 'checked'], ['ann-channels-email', 'checked']]) at('console').find((one) => one.attributes.id === id)[name] = true;
  subject().value = 'Doors';
  at('console').find((one) => one.attributes.id === 'ann-text').value = 'Earlier.';
  stage({ ...good, [`POST ${BASE}/announcements/preview`]: [401, { code: 'key_required', detail: 'Sign in.', retry: 'no' }] });
  await button(at('console'), 'Preview').press();
  assert.match(at('refused').textContent, /session has ended/);
  assert.deepEqual([at('console').hidden, at('sign-in').hidden], [true, false]);
  at('key').value = 'FGK.abc';
  await at('sign-in').hears('submit');
  assert.deepEqual([at('console').hidden, subject().value], [false, 'Doors']);
  await button(at('who'), 'Sign out').press();
  assert.equal(subject(), undefined);
});

/** The elements of the page, as its HTML has them. */
function elements() {
  const names = ['console', 'who', 'sign-in', 'refused', 'event-name', 'key', 'title', 'by-provider'];
  const all = Object.fromEntries(names.map((name) => [name, document.createElement('div')]));
  const submit = document.createElement('button');
  all['sign-in'].querySelector = () => submit;
  return (name) => all[name];
}

test('one signs in with a key that stays nowhere, and out again', async () => {
  const event = { name: 'Evening', categories: [] };
  stage({ 'GET /v1/staff/me': [401, { code: 'key_required', detail: 'Sign in.', retry: 'no' }] });
  const at = elements();
  await begin(BASE, at);
  assert.equal(at('sign-in').hidden, false);
  assert.equal(at('refused').hidden, true, 'not being signed in is no fault');
  stage({ 'POST /v1/staff/session': [401, { code: 'invalid_key', detail: 'No such key.', retry: 'no' }] });
  at('key').value = ' FGK.abc ';
  await at('sign-in').hears('submit');
  assert.equal(at('refused').textContent, 'No such key.');
  const calls = stage({ 'POST /v1/staff/session': [200, { staff_id: 'stf_1', role: 'artist' }], [`GET ${BASE}`]: [200, event], [LIST]: [200, { announcements: [] }] });
  const kept = [];
  sessionStorage.setItem = (...given) => kept.push(given);
  at('key').value = ' FGK.abc ';
  await at('sign-in').hears('submit');
  await settled();
  assert.deepEqual(calls[0].body, { key: 'FGK.abc' });
  assert.deepEqual([at('sign-in').hidden, at('key').value, kept], [true, '', []]);
  assert.match(at('console').textContent, /New announcement.*Announcements made/);
  await button(at('who'), 'Sign out').press();
  assert.deepEqual([calls.at(-1).method, calls.at(-1).path], ['DELETE', '/v1/staff/session']);
  assert.equal(at('console').textContent, '');
  assert.equal(at('sign-in').hidden, false);
});

test('whoever is signed in sees the console at once; a failure says so', async () => {
  stage({ 'GET /v1/staff/me': [200, { staff_id: 'stf_1', role: 'manager' }], [`GET ${BASE}`]: [200, { name: 'Evening', categories: [] }], [LIST]: [200, { announcements: [report()] }] });
  const at = elements();
  await begin(BASE, at);
  await settled();
  assert.equal(at('sign-in').hidden, true);
  assert.match(at('who').textContent, /Signed in: manager/);
  stage({ 'GET /v1/staff/me': [503, { code: 'unavailable', detail: 'Later.', retry: 'no' }] });
  const other = elements();
  await begin(BASE, other);
  assert.equal(other('refused').textContent, 'Later.');
});
