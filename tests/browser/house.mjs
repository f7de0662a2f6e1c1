// Owns the walk of a manager through the page of seats and orders: signing in, choosing a row by
// keyboard, off sale and back, a gift whose guest takes it with their own browser, an order found and
// taken back. A picture and an axe run of each step, on a phone and a desktop, light and dark.
//
//   node house.mjs --base http://127.0.0.1:8080 --event evt_… --key-file manager.key --out shots
import { readFile } from 'node:fs/promises';
import { begin } from './common.mjs';

const { values, newPage, record, finish } = await begin('key-file');
const key = (await readFile(values['key-file'], 'utf8')).trim();

/** Tabs until the control has focus. */
async function tabTo(page, selector) {
  for (let stop = 0; stop < 400; stop += 1) {
    if (await page.locator(selector).evaluateAll((wanted) => wanted.includes(document.activeElement))) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`the keyboard does not reach ${selector}`);
}

async function signIn(page) {
  await page.goto(`${values.base}/events/${values.event}/house`);
  await page.waitForSelector('#sign-in:not([hidden])');
  await record(page, 'door');
  await page.fill('#key', key);
  await page.press('#key', 'Enter');
  await page.waitForSelector('#house-section');
  await page.waitForSelector('#house-list');
  await record(page, 'parts');
}

/** A seat on the map: whole blocks first, then seats; the row beside the map follows. */
async function chooseOnMap(page) {
  if (!await page.locator('.house-map[open]').count()) await page.click('.house-map summary');
  await page.waitForSelector('.map-stage');
  const stage = page.locator('.map-stage');
  await stage.scrollIntoViewIfNeeded();
  // The first tap is on the edge of the bowl and brings a block closer, later ones are among its seats.
  for (let taps = 0; taps < 40; taps += 1) {
    if (!(await page.textContent('#house-chosen')).startsWith('No seat')) break;
    const box = await stage.boundingBox();
    const [x, y] = taps ? [0.3 + 0.057 * (taps % 7), 0.3 + 0.083 * (taps % 5)] : [0.06, 0.5];
    await page.mouse.click(box.x + box.width * x, box.y + box.height * y);
    await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));
  }
  await page.waitForSelector('#house-chosen:has-text("Chosen: 1 seat")');
  await page.waitForSelector('.place[aria-pressed="true"]');
  await record(page, 'on-the-map');
  await page.click('button:text-is("Choose none")');
}

/** Section and row by arrow keys, then seats by Enter. */
async function chooseByKeyboard(page, seats) {
  await tabTo(page, '#house-section');
  await page.keyboard.press('ArrowDown');
  await page.waitForFunction(() => document.querySelector('#house-row').options.length > 1);
  await tabTo(page, '#house-row');
  await page.keyboard.press('ArrowDown');
  await page.waitForSelector('.place[data-seat]');
  const free = await page.$$eval('.place', (all) => all.filter((one) => one.textContent.endsWith('free')).map((one) => one.dataset.seat));
  for (const seat of free.slice(0, seats)) {
    await tabTo(page, `.place[data-seat="${seat}"]`);
    await page.keyboard.press('Enter');
  }
  await page.waitForFunction((count) => document.querySelector('#house-chosen').textContent.includes(`${count} seats`), seats);
  return free.slice(0, seats);
}

const stateIs = (page, seat, words) => page.waitForFunction(([at, wanted]) =>
  document.querySelector(`.place[data-seat="${at}"]`)?.textContent.endsWith(wanted), [seat, words]);

async function walk() {
  const page = await newPage();
  await signIn(page);
  await chooseOnMap(page);
  await page.selectOption('#house-section', '');
  const seats = await chooseByKeyboard(page, 2);
  await page.fill('#house-note', 'sound desk');
  await record(page, 'chosen');
  await page.click('button:text-is("Take off sale")');
  await page.waitForSelector('.notice:has-text("2 seats are off sale.")');
  await stateIs(page, seats[0], 'off sale');
  await page.waitForSelector('.house-list li:has-text("sound desk")');
  await record(page, 'off-sale');
  await page.click('.house-list li:has-text("sound desk") button:text-is("Put back")');
  await stateIs(page, seats[0], 'free');

  // Given away: a guest takes the first of two tickets with their own browser.
  for (const seat of seats) await page.click(`.place[data-seat="${seat}"]`);
  await page.fill('#house-note', 'press');
  await page.click('button:text-is("Give away")');
  await page.waitForSelector('.guest-link');
  await stateIs(page, seats[0], 'sold');
  await record(page, 'given');
  const link = await page.inputValue('.guest-link >> nth=0');
  const guest = await newPage();
  await guest.goto(link);
  await guest.click('button:text-is("Take the ticket")');
  await guest.waitForSelector('.ticket img.qr');
  await record(guest, 'guest');
  await page.reload();
  await page.waitForSelector('.tag:text-is("a guest has it")');

  // The order is found by its seat, and taken back after a question.
  const order = await page.locator('.house-list .quiet', { hasText: 'ord_' }).first().innerText();
  await page.fill('#find-text', order.split(' ')[0]);
  await page.click('button:text-is("Find orders")');
  await page.waitForSelector('.order-list li');
  await page.click('.order-list button:text-is("Take back…")');
  await page.waitForSelector('.order-list .confirm:not([hidden])');
  await record(page, 'question');
  await page.click('.order-list button:text-is("Take the seats back")');
  await page.waitForSelector('.order-list .tag:text-is("refunded")');
  await record(page, 'taken-back');
}

await finish(walk);
