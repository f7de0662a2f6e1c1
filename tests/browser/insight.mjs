// Owns the walk of a manager through the numbers of a sale: charts and their tables, another step, the map by
// time to sell, a link for somebody outside, which shows the same and ends when it is withdrawn. A picture and
// an axe run of each step, on a phone and a desktop, light and dark.
//
//   node insight.mjs --base http://127.0.0.1:8080 --event evt_… --key-file manager.key --out shots
import { readFile } from 'node:fs/promises';
import { begin } from './common.mjs';

const { values, complaints, newPage, record, finish } = await begin('key-file');
const address = `${values.base}/events/${values.event}/insight`;
/** What a tile says. */
const tile = (page, words) => page.locator(`.tiles div:has(dt:text-is("${words}")) dd`).innerText();

async function signedIn() {
  const page = await newPage();
  await page.goto(address);
  await page.waitForSelector('#sign-in:not([hidden])');
  await record(page, 'door');
  await page.fill('#key', (await readFile(values['key-file'], 'utf8')).trim());
  await page.press('#key', 'Enter');
  await page.waitForSelector('.tiles dd');
  await page.waitForSelector('.uplot canvas');
  return page;
}

async function walk() {
  const manager = await signedIn();
  await record(manager, 'numbers');
  const sold = await tile(manager, 'Seats sold');
  if (!/^[1-9]/.test(sold)) complaints.push(`nothing is sold: ${sold}`);
  // Every chart has its numbers as a table.
  const charts = manager.locator('section:visible:has(.uplot)');
  for (let at = 0; at < await charts.count(); at += 1) {
    await charts.nth(at).locator('summary').click();
    await charts.nth(at).locator('tbody tr').first().waitFor();
  }
  if (await charts.count() < 3) complaints.push(`only ${await charts.count()} charts`);
  await manager.selectOption('label:has-text("A point stands for") select', '600');
  await manager.click('button:text-is("Show the map")');
  await manager.waitForSelector('section[aria-label="Time to sell"] canvas');
  await record(manager, 'map');

  await manager.fill('#share-label', 'The band');
  await manager.fill('#share-days', '3');
  await manager.click('button:text-is("Make a link")');
  const link = manager.locator('section:has(#share-label) input[readonly]').last();
  await link.waitFor();
  await record(manager, 'link');
  const shared = await link.inputValue();

  const reader = await newPage();
  await reader.goto(new URL(shared, values.base).href);
  await reader.waitForSelector('.tiles dd');
  if (await tile(reader, 'Seats sold') !== sold) complaints.push(`the link shows ${await tile(reader, 'Seats sold')}, not ${sold}`);
  if (await reader.locator('#share-label').count()) complaints.push('whoever has a link may share');
  await record(reader, 'shared');
  await manager.click('section:has(#share-label) button:text-is("Withdraw")');
  await link.waitFor({ state: 'detached' });
  await reader.reload();
  await reader.waitForSelector('text=This link does not work any more');
  await record(reader, 'withdrawn');
}

await finish(walk);
