// Owns the proof that the examples of the page of calls run as they are printed: each is read from the page and pasted
// into a shell, in an order in which the earlier ones give what the later ones need: a variable is
// filled in from an answer. Wants a demo of its own, which it uses up.
//
//   node examples.mjs --base http://127.0.0.1:8080 --event evt_… --keys DIR --mail-port PORT --out shots
//
// `ORDER` has every call once, or NOT_RUN says why it is in neither; nothing is left out silently.
// Exit: 0 all ran, 1 one did not, or is in neither list.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { begin } from './common.mjs';
import { NOT_RUN, ORDER } from './examples-order.mjs';
import { mailbox } from './mailbox.mjs';

const { values, complaints, newPage, finish } = await begin('keys', 'mail-port');
const shell = promisify(execFile);
/** How often a call is made again that says “not yet”: what it asks about follows the log, a moment later. */
const TRIES = 50;
const PAUSE_MS = 100;
const MAIL_MS = 30_000;

/** Pastes a command; what it says. */
async function paste(command, env) {
  const { stdout } = await shell('bash', ['-c', command], { env: { PATH: process.env.PATH, ...env }, maxBuffer: 1e8, encoding: 'buffer' })
    // A stream is cut off by its own time limit.
    .catch((error) => (error.code === 28 && error.stdout.length ? error : Promise.reject(error)));
  return stdout.toString();
}

const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });
/** Whether it is good later: the server says so, or the call reads what an earlier one has made a moment ago. */
const isEarly = (problem, follows) => problem && (problem.retry === 'later' || (follows && [404, 409].includes(problem.status)));

const problemOf = (text) => {
  const answer = text.startsWith('{') ? JSON.parse(text) : null;
  return answer?.status >= 400 && answer.code ? answer : null;
};
/** Another request than the one before, which the same key would make a retry. */
const anew = (command) => command.replace(/(?<=Idempotency-Key: )[\w-]+/, crypto.randomUUID());

async function printedOn(page) {
  await page.goto(`${values.base}/docs`);
  await page.waitForSelector('.call', { state: 'attached' });
  return Object.fromEntries(await page.$$eval('.call', (all) => all.map((call) => [call.id, call.querySelector('.example').textContent])));
}

await finish(async () => {
  const printed = await printedOn(await newPage());
  const listed = new Set([...ORDER.map(({ call }) => call), ...Object.keys(NOT_RUN)]);
  for (const name of Object.keys(printed)) if (!listed.has(name)) complaints.push(`${name} is in neither list`);
  for (const name of listed) if (!printed[name]) complaints.push(`${name} is listed, and not on the page`);
  const mail = await mailbox(Number(values['mail-port']), MAIL_MS);
  const keys = Object.fromEntries(await Promise.all(['manager', 'operator', 'artist', 'advertiser']
    .map(async (role) => [role, (await readFile(`${values.keys}/${role}.key`, 'utf8')).trim()])));
  const known = { EVENT: values.event };
  const ran = new Set();
  for (const { call, as = 'manager', on, env = () => ({}), edit, learn = () => ({}), follows, until } of ORDER) {
    if (!printed[call]) continue;
    let command = printed[call];
    if (on) command = command.replace(/evt_[0-9A-Z]{13}/g, known[on]);
    if (edit) command = edit(command, known);
    try {
      const given = { KEY: keys[as], ...known, ...await env({ known, keys, mail, base: values.base }) };
      const missing = [...command.matchAll(/\$([A-Z_]+)/g)].map(([, name]) => name).filter((name) => given[name] === undefined);
      if (missing.length) throw new Error(`nothing is known for ${missing.join(', ')}`);
      let text = await paste(command, given);
      for (let tries = 1; tries < TRIES && (isEarly(problemOf(text), follows) || (until && !until(JSON.parse(text)))); tries += 1) {
        await pause(PAUSE_MS);
        text = await paste(anew(command), given);
      }
      if (!text || problemOf(text)) throw new Error(`says ${text.slice(0, 300) || 'nothing'}`);
      Object.assign(known, await learn(/^[{[]/.test(text) ? JSON.parse(text) : text, known));
      ran.add(call);
    } catch (error) {
      complaints.push(`${call}: ${error.message.split('\n').slice(0, 2).join(' ')}`);
    }
  }
  mail.close();
  const edited = ORDER.filter(({ edit, on }) => edit || on).length;
  console.error(`${ran.size} of ${Object.keys(printed).length} examples ran (${edited} with another event or body than printed), ${Object.keys(NOT_RUN).length} cannot: `
    + Object.entries(NOT_RUN).map(([name, why]) => `${name} (${why})`).join(', '));
});
