// Owns the walk of an operator through the page of deliveries: a webhook is added, its secret shown once,
// tried out, refused, called again, turned off and removed. A picture and an axe run of each step.
//
//   node deliveries.mjs --base http://127.0.0.1:8080 --key-file operator.key --out shots
import { AxeBuilder } from '@axe-core/playwright';
import { chromium } from 'playwright-core';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const text = { type: 'string' };
const { values } = parseArgs({ options: { base: text, 'key-file': text, out: text, viewport: { ...text, default: 'phone' }, scheme: { ...text, default: 'light' } } });
await mkdir(values.out, { recursive: true });

// A program of somebody else, which can refuse.
let status = 204;
const calls = [];
const receiver = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    calls.push(request.headers['webhook-id']);
    response.writeHead(status).end(status === 204 ? undefined : 'not today');
  });
}).listen(0, '127.0.0.1');
await once(receiver, 'listening');
const hook = `http://127.0.0.1:${receiver.address().port}/hook`;

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'] });
const viewport = values.viewport === 'desktop' ? { width: 1280, height: 900 } : { width: 390, height: 844 };
const page = await (await browser.newContext({ viewport, colorScheme: values.scheme })).newPage();
page.setDefaultTimeout(60_000);
const complaints = [];
const steps = [];
page.on('pageerror', (error) => complaints.push(`script error: ${error.message}`));
page.on('console', (message) => {
  if (/Content Security Policy/i.test(message.text())) complaints.push(message.text());
});
page.on('request', (request) => {
  if (!request.url().startsWith(values.base)) complaints.push(`asks another host: ${request.url()}`);
});

/** A picture and an axe run of the present step. */
async function record(name) {
  const number = String(steps.length + 1).padStart(2, '0');
  await page.screenshot({ path: join(values.out, `${number}-${name}.png`), fullPage: true });
  const { violations } = await new AxeBuilder({ page }).analyze();
  complaints.push(...violations.map(({ id, impact, nodes }) => `${name}: axe ${id} (${impact}) at ${nodes[0].target.join(' ')}`));
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (over > 0) complaints.push(`${name}: the page is ${over} px too wide`);
  steps.push(name);
}

/** Our webhook among others, and a button of it with this text. */
const ours = `[data-webhook]:has-text("${hook}")`;
const press = (words) => page.click(`${ours} button:text-is("${words}")`);

async function walk() {
  await page.goto(`${values.base}/deliveries`);
  await page.waitForSelector('#sign-in:not([hidden])');
  await page.fill('#key', (await readFile(values['key-file'], 'utf8')).trim());
  await page.press('#key', 'Enter');
  await page.waitForSelector('#webhooks-title');
  await record('empty');
  await page.getByLabel('Address').fill('not an address');
  await page.click('button:text-is("Add the webhook")');
  await page.waitForSelector('.wrong:has-text("https")');
  await record('wrong');
  await page.getByLabel('Address').fill(hook);
  await page.getByLabel('Facts', { exact: true }).fill('order_confirmed, order_refunded');
  await page.getByLabel('What it is for').fill('The books');
  await page.click('button:text-is("Add the webhook")');
  const secret = await page.inputValue('input[aria-label="Secret of the webhook"]');
  if (!secret.startsWith('whsec_')) complaints.push('no secret is shown');
  await record('added');

  await press('Send a test');
  await page.waitForSelector(`${ours} details[open]`);
  await untilSeen('.tag', /taken/);
  await record('tested');
  status = 503;
  await press('Send a test');
  await untilSeen('li', /503 after/);
  await record('refused');
  status = 204;
  await press('New secret');
  await page.waitForSelector(`${ours} input.guest-link`);
  await page.locator(`${ours} button:text-is("Call again")`).last().click();
  await untilSeen('ol > li', /204 after.*204 after/s);
  await record('again');
  await press('Turn off');
  await page.waitForSelector(`${ours} button:text-is("Turn on")`);
  await press('Remove…');
  await page.waitForSelector(`${ours} .confirm:not([hidden])`);
  await record('question');
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

try {
  await walk();
} catch (error) {
  complaints.push(error.message.split('\n')[0]);
  await page.screenshot({ path: join(values.out, 'failed.png'), fullPage: true });
}
await browser.close();
receiver.close();
console.log(JSON.stringify({ ok: complaints.length === 0, steps, complaints }));
process.exit(complaints.length ? 1 : 0);
