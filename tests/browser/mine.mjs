// Owns the walk of somebody who has bought: the page of tickets shows them and what was given back, and opens
// without a network, codes and all. A picture and an axe run of each step.
//
//   node mine.mjs --base http://127.0.0.1:8080 --event evt_… --out shots
import { begin } from './common.mjs';
import { scanned } from './scene.mjs';

const { values, complaints, newPage, record, finish } = await begin();
const page = await newPage();

/** Whether every code on the page is drawn. */
const codesAreDrawn = () => page.waitForFunction(() => {
  const codes = [...document.querySelectorAll('.ticket img.qr')];
  return codes.length > 0 && codes.every((one) => one.complete && one.naturalWidth > 0);
});

async function walk() {
  await page.goto(`${values.base}/tickets`);
  await page.waitForSelector('text=There are no tickets in this browser');
  await record(page, 'none');
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
  await record(page, 'held');
  await page.click('.mine a:text-is("Go on")');
  await page.click('.test-card >> nth=0');
  await page.waitForFunction(() => document.querySelector('#card-number')?.value);
  await page.click('.pay-form button[type="submit"]');
  await page.waitForSelector('.ticket img.qr');
  const bought = await page.locator('.ticket').count();
  await page.click('header a:text-is("My tickets")');
  await codesAreDrawn();
  await page.click('summary:text-is("Go on with another device")');
  await page.waitForSelector('.steps-there img.qr');
  const way = await scanned(page, '.steps-there img.qr');
  if (way !== `${values.base}/sign-in?back=%2Ftickets`) complaints.push(`the code for another device says ${way}`);
  await record(page, 'bought');
  if (await page.locator('.ticket').count() !== bought) complaints.push('not every ticket is there');
  const kept = () => page.evaluate(async () => (await (await caches.open('tickets-1')).keys()).filter(({ url }) => url.endsWith('qr.svg')).length);
  for (let looks = 0; await kept() < bought && looks < 600; looks += 1) await page.evaluate(() => new Promise((done) => { requestAnimationFrame(done); }));
  if (await kept() !== bought) complaints.push(`${await kept()} of ${bought} codes are kept`);
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.context().setOffline(true);
  // Twice: what is opened without a network must not lose what was kept.
  await page.reload();
  await codesAreDrawn();
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.reload();
  await codesAreDrawn();
  if (await page.locator('.ticket').count() !== bought) complaints.push('not every ticket is there without a network');
  await record(page, 'offline');
  await page.context().setOffline(false);
}

await finish(walk);
