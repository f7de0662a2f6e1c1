// Owns the look at the page of calls: every operation of the document is there, the three calls
// first, the search finds, nothing is too wide and axe has no complaint.
//
//   node docs.mjs --base http://127.0.0.1:8080 --out shots
import { AxeBuilder } from '@axe-core/playwright';
import { chromium } from 'playwright-core';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { base: { type: 'string' }, out: { type: 'string' } } });
await mkdir(values.out, { recursive: true });
const spec = await (await fetch(`${values.base}/openapi.json`)).json();
const wanted = Object.values(spec.paths).flatMap((path) => Object.values(path))
  .map((call) => call.operationId).filter(Boolean);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'] });
const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
const page = await context.newPage();
const complaints = [];
page.on('pageerror', (error) => complaints.push(`script error: ${error.message}`));
await page.goto(`${values.base}/docs#acquireLock`);
await page.waitForSelector('.call[open]', { timeout: 30_000 });
const shown = await page.$$eval('.call', (calls) => calls.map((call) => call.id));
const missing = wanted.filter((name) => !shown.includes(name));
if (missing.length) complaints.push(`not on the page: ${missing.join(', ')}`);
if (!['getEventStatus', 'acquireLock', 'purchaseTicket'].every((name) => shown.slice(0, 3).includes(name))) {
  complaints.push(`the three calls are not first: ${shown.slice(0, 3).join(', ')}`);
}
const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
if (over > 0) complaints.push(`the page is ${over} px too wide`);
const { violations } = await new AxeBuilder({ page }).analyze();
complaints.push(...violations.map(({ id, nodes }) => `axe ${id} at ${nodes[0].target.join(' ')}`));
await page.screenshot({ path: join(values.out, 'docs.png') });
await page.fill('#find', 'tickets');
const visible = await page.locator('.call:visible').count();
if (visible === 0 || visible === shown.length) complaints.push(`the search shows ${visible} calls`);
await browser.close();
console.log(JSON.stringify({ ok: complaints.length === 0, calls: shown.length, complaints }));
process.exit(complaints.length ? 1 : 0);
