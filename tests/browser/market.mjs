// Owns the walk through the market: a manager offers the tables of an event, the artist agrees, an
// advertiser buys them with a test card and fetches them, the manager ends the order. A picture and an
// axe run of each step, on a phone and a desktop, light and dark.
//
//   node market.mjs --base http://127.0.0.1:8080 --event evt_… --keys data/keys --out shots
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { begin } from './common.mjs';

const { values, complaints, newPage, record, finish } = await begin('keys');
const keyOf = async (role) => (await readFile(join(values.keys, `${role}.key`), 'utf8')).trim();

async function as(role) {
  const page = await newPage();
  await page.goto(`${values.base}/market`);
  await page.waitForSelector('#sign-in:not([hidden])');
  if (role === 'manager') await record(page, 'door');
  await page.fill('#key', await keyOf(role));
  await page.press('#key', 'Enter');
  await page.waitForSelector('#product-orders', { state: 'attached' });
  return page;
}

async function walk() {
  const manager = await as('manager');
  await manager.waitForFunction((id) => [...document.querySelector('#offer-event').options].some((one) => one.value === id), values.event);
  await manager.selectOption('#offer-event', values.event);
  await manager.fill('#offer-amount', '500');
  await manager.click('button:text-is("Offer")');
  await manager.waitForSelector('.tag:text-is("Waits for the artist")');
  await record(manager, 'offered');

  const artist = await as('artist');
  await artist.click('button:text-is("Agree to sell")');
  await artist.waitForSelector('.tag:text-is("On sale")');
  await record(artist, 'agreed');

  const advertiser = await as('advertiser');
  await advertiser.click('summary:text-is("Label")');
  await record(advertiser, 'label');
  await advertiser.click('button:text-is("Buy")');
  await advertiser.fill('#card-number', '4000 0000 0000 0002');
  await advertiser.fill('#card-expiry', '12/39');
  await advertiser.fill('#card-name', 'Test Card');
  await record(advertiser, 'card');
  await advertiser.press('#card-name', 'Enter');
  await advertiser.waitForSelector('.notice:has-text("Nothing was charged")');
  await record(advertiser, 'declined');
  await advertiser.click('button:text-is("Buy")');
  await advertiser.fill('#card-number', '4000 0000 0000 0077');
  await advertiser.fill('#card-expiry', '12/39');
  await advertiser.fill('#card-name', 'Test Card');
  await advertiser.press('#card-name', 'Enter');
  await advertiser.waitForSelector('.said:has-text("Paid. Your invoice is INV-")');
  const [file] = await Promise.all([advertiser.waitForEvent('download'), advertiser.click('a:text-is("CSV")')]);
  const csv = await readFile(await file.path(), 'utf8');
  if (!csv.startsWith('product_id,release_id,event_id,')) complaints.push(`the file begins ${csv.slice(0, 80)}`);
  await record(advertiser, 'paid');

  await manager.reload();
  await manager.click('button:text-matches("End order")');
  await record(manager, 'question');
  await manager.click('button:text-matches("^Give .* back$")');
  await manager.waitForSelector('.tag:has-text("refunded")');
  await record(manager, 'ended');
  await advertiser.reload();
  await advertiser.waitForSelector('.tag:has-text("refunded")');
  if (await advertiser.locator('a:text-is("CSV")').count()) complaints.push('an order that has ended still has files');
  // For whoever walks here next.
  await artist.reload();
  await artist.click('button:text-is("Take off sale")');
  await artist.waitForSelector('.tag:text-is("Waits for the artist")');
}

await finish(walk);
