// Owns the walk of an operator through the page of deliveries: a webhook is added, its secret shown once,
// tried out, refused, called again, turned off and removed. A picture and an axe run of each step.
//
//   node deliveries.mjs --base http://127.0.0.1:8080 --key-file operator.key --out shots
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { begin } from './common.mjs';

const { values, complaints, newPage, record, finish } = await begin('key-file');
const page = await newPage();

// A program of somebody else, which can refuse.
let status = 204;
const calls = [];
const receiver = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    calls.push(request.headers['webhook-id']);
    response.writeHead(status).end(status === 204 ? undefined : 'not today');
  });
}).listen(0, '127.0.0.1').unref();
await once(receiver, 'listening');
const hook = `http://127.0.0.1:${receiver.address().port}/hook`;

/** Our webhook among others, and a button of it with this text. */
const ours = `[data-webhook]:has-text("${hook}")`;
const press = (words) => page.click(`${ours} button:text-is("${words}")`);

async function walk() {
  await page.goto(`${values.base}/deliveries`);
  await page.waitForSelector('#sign-in:not([hidden])');
  await page.fill('#key', (await readFile(values['key-file'], 'utf8')).trim());
  await page.press('#key', 'Enter');
  await page.waitForSelector('#webhooks-title');
  await record(page, 'empty');
  await page.getByLabel('Address').fill('not an address');
  await page.click('button:text-is("Add the webhook")');
  await page.waitForSelector('.wrong:has-text("https")');
  await record(page, 'wrong');
  await page.getByLabel('Address').fill(hook);
  await page.getByLabel('Facts', { exact: true }).fill('order_confirmed, order_refunded');
  await page.getByLabel('What it is for').fill('The books');
  await page.click('button:text-is("Add the webhook")');
  const secret = await page.inputValue('input[aria-label="Secret of the webhook"]');
  if (!secret.startsWith('whsec_')) complaints.push('no secret is shown');
  await record(page, 'added');

  await press('Send a test');
  await page.waitForSelector(`${ours} details[open]`);
  await untilSeen('.tag', /taken/);
  await record(page, 'tested');
  status = 503;
  await press('Send a test');
  await untilSeen('li', /503 after/);
  await record(page, 'refused');
  status = 204;
  await press('New secret');
  await page.waitForSelector(`${ours} input.guest-link`);
  await page.locator(`${ours} button:text-is("Call again")`).last().click();
  await untilSeen('ol > li', /204 after.*204 after/s);
  await record(page, 'again');
  await press('Turn off');
  await page.waitForSelector(`${ours} button:text-is("Turn on")`);
  await press('Remove…');
  await page.waitForSelector(`${ours} .confirm:not([hidden])`);
  await record(page, 'question');
  await press('Remove it');
  await page.waitForSelector(ours, { state: 'detached' });
  await page.waitForSelector('text=No message was given up');
  if (new Set(calls).size < 2) complaints.push('the two tests have one name');
}

/** Looks again until something of our webhook says so. */
async function untilSeen(selector, words) {
  for (let looks = 0; looks < 200; looks += 1) {
    if (await page.locator(`${ours} ${selector}`, { hasText: words }).count()) return;
    const answered = page.waitForResponse((response) => response.url().includes('/deliveries?'));
    await press('Look again');
    await answered;
  }
  throw new Error(`our webhook never says ${words}`);
}

await finish(walk);
