// Owns the walk of somebody who has bought: the page of tickets shows them and what was given back, and opens
// without a network, codes and all. A picture and an axe run of each step.
//
//   node mine.mjs --base http://127.0.0.1:8080 --event evt_… --out shots
import { AxeBuilder } from '@axe-core/playwright';
import { chromium } from 'playwright-core';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const text = { type: 'string' };
const { values } = parseArgs({ options: { base: text, event: text, out: text, viewport: { ...text, default: 'phone' }, scheme: { ...text, default: 'light' } } });
await mkdir(values.out, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'] });
const viewport = values.viewport === 'desktop' ? { width: 1280, height: 900 } : { width: 390, height: 844 };
const context = await browser.newContext({ viewport, colorScheme: values.scheme });
const page = await context.newPage();
page.setDefaultTimeout(60_000);
const complaints = [];
const steps = [];
page.on('pageerror', (error) => complaints.push(`script error: ${error.message}`));

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

/** Whether every code on the page is drawn. */
const codesAreDrawn = () => page.waitForFunction(() => {
  const codes = [...document.querySelectorAll('.ticket img.qr')];
  return codes.length > 0 && codes.every((one) => one.complete && one.naturalWidth > 0);
});

async function walk() {
  await page.goto(`${values.base}/tickets`);
  await page.waitForSelector('text=There are no tickets in this browser');
  await record('none');
  await page.goto(`${values.base}/events/${values.event}`);
  await page.click('button:text-is("Join the queue")');
  await page.waitForSelector('button:text-is("Continue to the seats"), .best-go');
  if (!await page.locator('.best-go').count()) await page.click('button:text-is("Continue to the seats")');
  // On a phone focus brings the list before the map.
  await page.focus('.best-go');
  await page.click('.best-go');
  await page.waitForSelector('.test-card');
  await page.goto(`${values.base}/tickets`);
  await page.waitForSelector('text=Held for you');
  await record('held');
  await page.click('.mine a:text-is("Go on")');
  await page.click('.test-card >> nth=0');
  await page.waitForFunction(() => document.querySelector('#card-number')?.value);
  await page.click('.pay-form button[type="submit"]');
  await page.waitForSelector('.ticket img.qr');
  const bought = await page.locator('.ticket').count();
  await page.click('header a:text-is("My tickets")');
  await codesAreDrawn();
  await record('bought');
  if (await page.locator('.ticket').count() !== bought) complaints.push('not every ticket is there');
  const kept = () => page.evaluate(async () => (await (await caches.open('tickets-1')).keys()).filter(({ url }) => url.endsWith('qr.svg')).length);
  for (let looks = 0; await kept() < bought && looks < 600; looks += 1) await page.evaluate(() => new Promise((done) => { requestAnimationFrame(done); }));
  if (await kept() !== bought) complaints.push(`${await kept()} of ${bought} codes are kept`);
  await page.evaluate(() => navigator.serviceWorker.ready);
  await context.setOffline(true);
  // Twice: what is opened without a network must not lose what was kept.
  await page.reload();
  await codesAreDrawn();
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.reload();
  await codesAreDrawn();
  if (await page.locator('.ticket').count() !== bought) complaints.push('not every ticket is there without a network');
  await record('offline');
  await context.setOffline(false);
}

try {
  await walk();
} catch (error) {
  complaints.push(error.message.split('\n')[0]);
  await page.screenshot({ path: join(values.out, 'failed.png'), fullPage: true });
}
await browser.close();
console.log(JSON.stringify({ ok: complaints.length === 0, steps, complaints }));
process.exit(complaints.length ? 1 : 0);
