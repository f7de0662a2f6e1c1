// Owns the look at the page of calls: every operation of the document is there, the three calls first, the search
// finds, and one press tries a call on the page. Whether the examples run is for examples.mjs.
//
//   node docs.mjs --base http://127.0.0.1:8080 --event evt_… --out shots [--viewport phone|desktop] [--scheme light|dark]
import { begin } from './common.mjs';

const { values, complaints, newPage, record, finish } = await begin();
const spec = await (await fetch(`${values.base}/openapi.json`)).json();
const calls = Object.entries(spec.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, call]) => ({ path, method, call })))
  .filter(({ call }) => call.operationId);
await finish(async () => {
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
