// Owns the look at the page of calls: every operation of the document is there, the three calls first, the search
// finds, and the examples run: each that anybody may call is pasted into a shell as it is printed, and those of staff
// and buyers that change nothing here, with their keys. One press tries a call on the page.
//
//   node docs.mjs --base http://127.0.0.1:8080 --key-file manager.key --out shots [--viewport phone|desktop] [--scheme light|dark]
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { begin } from './common.mjs';
import { buyer, manager } from './scene.mjs';

const { values, complaints, newPage, record, finish } = await begin('key-file');
const spec = await (await fetch(`${values.base}/openapi.json`)).json();
const calls = Object.entries(spec.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, call]) => ({ path, method, call })))
  .filter(({ call }) => call.operationId);
/** With a key these may be run on any event: they read, or make something of their own. */
const WITH_KEYS = ['createEvent', 'checkVenue', 'previewVenue', 'getDials', 'getHouse', 'getPrices', 'listChanges', 'findOrders', 'getStaffMe',
  'acquireLock', 'listMyOrders', 'listDevices', 'listContacts', 'listFollows'];
const shell = promisify(execFile);

/** Runs a command as it is printed; what is wrong with what it says, or nothing. */
async function run(command, env) {
  const { stdout } = await shell('bash', ['-c', command], { env: { PATH: process.env.PATH, ...env }, maxBuffer: 1e8, encoding: 'buffer' })
    // A stream is cut off by its own time limit.
    .catch((error) => (error.code === 28 && error.stdout.length ? error : Promise.reject(error)));
  const text = stdout.toString();
  if (!text) return 'says nothing';
  const problem = text.startsWith('{') && JSON.parse(text);
  return problem && problem.status >= 400 && problem.code ? `${problem.status} ${problem.code}: ${problem.detail || ''}` : null;
}

await finish(async () => {
  const staff = await manager(values.base, values['key-file']);
  const event = await staff.event('Pages of calls');
  const { tokens } = await buyer(values.base, event);
  const page = await newPage();
  await page.goto(`${values.base}/docs#acquireLock`);
  await page.waitForSelector('.call[open]');
  const shown = await page.$$eval('.call', (all) => all.map((call) => call.id));
  const missing = calls.map(({ call }) => call.operationId).filter((name) => !shown.includes(name));
  if (missing.length) complaints.push(`not on the page: ${missing.join(', ')}`);
  if (!['getEventStatus', 'acquireLock', 'purchaseTicket'].every((name) => shown.slice(0, 3).includes(name))) {
    complaints.push(`the three calls are not first: ${shown.slice(0, 3).join(', ')}`);
  }
  await record(page, 'calls');
  const printed = Object.fromEntries(await page.$$eval('.call', (all) => all.map((call) => [call.id, call.querySelector('.example').textContent])));
  const env = { KEY: (await readFile(values['key-file'], 'utf8')).trim(), DEVICE: tokens['Floodgate-Device'], PASS: tokens['Floodgate-Pass'],
    TICKET: tokens['Floodgate-Queue-Ticket'] };
  let count = 0;
  for (const { method, call: { operationId: name, security } } of calls) {
    const isOpen = method === 'get' && !security?.length && !/\$/.test(printed[name]);
    if (!isOpen && !WITH_KEYS.includes(name)) continue;
    // The buyer is in the shop of an event of this walk.
    const command = printed[name].includes('$PASS') ? printed[name].replace(/evt_[0-9A-Z]{13}/, event) : printed[name];
    const wrong = await run(command, env).catch((error) => error.message.split('\n').slice(0, 2).join(' '));
    // Ready or not is an answer; a demo need not be ready in every role.
    if (wrong && name !== 'isReady') complaints.push(`${name}: ${wrong}`);
    count += 1;
  }
  console.error(`${count} of ${calls.length} examples were run`);
  if (count < 30) complaints.push(`only ${count} examples were run`);
  await page.fill('#find', 'getEventStatus');
  await page.click('#getEventStatus summary');
  await page.click('[aria-label="Try getEventStatus"]');
  await page.waitForSelector('#getEventStatus .try pre:has-text("\\"phase\\"")');
  await record(page, 'tried');
  await page.fill('#find', 'streamQueue');
  await page.click('#streamQueue summary');
  await page.click('[aria-label="Try streamQueue"]');
  await page.waitForSelector('#streamQueue .try pre:has-text("data:")');
  await page.fill('#find', 'tickets');
  const visible = await page.locator('.call:visible').count();
  if (visible === 0 || visible === shown.length) complaints.push(`the search shows ${visible} calls`);
});
