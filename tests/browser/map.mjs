// Owns the walk of people who choose by the map, on a phone: nobody gets lost on it, nothing chosen is lost, and what cannot
// be had is answered with what can. A picture and an axe run of each step.
//
//   node map.mjs --base http://127.0.0.1:8080 --event evt_… --key-file manager.key --out shots [--scheme light|dark]
//
// Exit: 0 all well, 1 something was not.
import { chromium } from 'playwright-core';
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { axe } from './axe.mjs';

const text = { type: 'string' };
const { values } = parseArgs({ options: { base: text, event: text, 'key-file': text, out: text, only: text, scheme: { ...text, default: 'light' },
  chromium: { ...text, default: process.env.CHROMIUM || '/usr/bin/chromium' } } });
await mkdir(values.out, { recursive: true });
const key = (await readFile(values['key-file'], 'utf8')).trim();
const browser = await chromium.launch({ executablePath: values.chromium, args: ['--no-sandbox', '--disable-dev-shm-usage',
  '--disable-gpu', '--disable-background-networking'] });
const complaints = [];
const steps = [];
const LONG = 30000;

async function person(event = values.event, prepare = () => {}) {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true,
    colorScheme: values.scheme, locale: 'en-GB', reducedMotion: 'reduce' });
  await prepare(context);
  const page = await context.newPage();
  page.setDefaultTimeout(LONG);
  page.on('pageerror', (error) => complaints.push(`script error: ${error.message}`));
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) complaints.push(message.text());
  });
  await page.goto(`${values.base}/events/${event}`);
  await page.waitForSelector('#state[data-state="join"]');
  await page.tap('#state button.primary');
  await page.waitForSelector('#state[data-state="turn"], #state[data-state="shop"]');
  if (await page.getAttribute('#state', 'data-state') === 'turn') await page.tap('#state button.primary');
  await page.waitForSelector('#state[data-state="shop"]');
  await page.waitForSelector('.map[data-seat-px]', { state: 'attached' });
  return page;
}

async function record(page, name) {
  await page.screenshot({ path: join(values.out, `${String(steps.length + 1).padStart(2, '0')}-${name}.png`) });
  complaints.push(...await axe(page, name));
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (over > 0) complaints.push(`${name}: the page is ${over} px too wide`);
  steps.push(name);
}

const seatPx = async (page) => Number(await page.getAttribute('.map', 'data-seat-px'));

/** A tap at a part of the stage, and what came of it. */
async function tap(page, x, y) {
  const box = await page.locator('.map-stage').boundingBox();
  await page.touchscreen.tap(box.x + box.width * x, box.y + box.height * y);
}

async function closerTo(page, wanted) {
  for (let step = 0; step < 12 && await seatPx(page) < wanted; step += 1) {
    const before = await seatPx(page);
    await page.tap('[aria-label="Zoom in"]');
    await page.waitForFunction((old) => Number(document.querySelector('.map').dataset.seatPx) > old, before);
  }
}

/** The map is there without scrolling, nothing lies over it, and every tap leads somewhere. */
async function findOnesWay() {
  const page = await person();
  await record(page, 'map');
  const stage = await page.locator('.map-stage').boundingBox();
  // Only a shop that takes no money says so above the map.
  const banner = await page.locator('.test-banner:visible').boundingBox({ timeout: 1000 }).catch(() => null);
  assert.ok(stage.y - (banner ? banner.height + 16 : 0) < 400 && stage.height > 280, `the map begins at ${stage.y} and is ${stage.height} high`);
  for (const part of ['.map-button', '.map-small', '.map-where']) {
    for (const one of await page.locator(part).all()) {
      const { y, height } = await one.boundingBox();
      assert.ok(y + height <= stage.y + 1 || y >= stage.y + stage.height, `${part} lies over the seats`);
    }
  }
  const far = await seatPx(page);
  // The middle of the pitch: no block is under it.
  await tap(page, 0.5, 0.5);
  await page.waitForFunction((old) => Number(document.querySelector('.map').dataset.seatPx) > old * 3, far);
  await closerTo(page, 16);
  await page.waitForFunction(() => /^\d+ · row \d+$/.test(document.querySelector('.map-where').textContent));
  await record(page, 'near');
  await page.tap('[aria-label="Show the whole map"]');
  await page.waitForFunction((old) => Number(document.querySelector('.map').dataset.seatPx) <= old, far);
  const small = await page.locator('.map-small').boundingBox();
  await page.touchscreen.tap(small.x + small.width * 0.5, small.y + 6);
  await page.waitForFunction((old) => Number(document.querySelector('.map').dataset.seatPx) > old * 2, far);
  // Readers and the keyboard find the list where it always is: before the map.
  await page.focus('.best-go');
  await page.waitForSelector('[data-side="list"]');
  await page.context().close();
}

/** What was chosen is there after a reload; what somebody else took has another in its place. */
async function keepAndLose() {
  const page = await person();
  await page.tap('#tab-list');
  await record(page, 'list');
  await page.tap('#best-show');
  await page.waitForSelector('.bar .primary:text-is("Hold 2 seats")');
  assert.equal(await page.locator('[data-side="map"]').count(), 1, 'one is shown where the seats are');
  await record(page, 'shown');
  await page.reload();
  await page.waitForSelector('.bar .primary:text-is("Hold 2 seats")');
  const kept = await page.evaluate((event) => sessionStorage.getItem(`fg-chosen ${event}`), values.event);
  const faster = await person(values.event, (context) => context.addInitScript(([event, seats]) => {
    if (!sessionStorage.getItem('fg-was')) sessionStorage.setItem(`fg-chosen ${event}`, seats);
    sessionStorage.setItem('fg-was', '1');
  }, [values.event, kept.split(' ')[0]]));
  await faster.tap('.bar .primary:text-is("Hold 1 seat")');
  await faster.waitForSelector('#state[data-state="pay"]');
  await page.waitForSelector('.bar-instead button');
  assert.match(await page.locator('.bar-status').innerText(), /just taken by somebody else/);
  await record(page, 'lost');
  await page.tap('.bar-instead button');
  await page.waitForSelector('.bar .primary:text-is("Hold 2 seats")');
  await page.tap('.bar .primary');
  await page.waitForSelector('#state[data-state="pay"]');
  await page.context().close();
  await faster.context().close();
}

/** As the manager: a house of three and two seats together, and one row of wheelchair spaces. */
async function smallHouse() {
  const call = async (path, body) => {
    const answer = await fetch(`${values.base}${path}`, { method: 'POST', body: JSON.stringify(body),
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() } });
    assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
    return answer.json();
  };
  const row = (section, label, count, category) => Array.from({ length: count }, (_, at) => `${section},${label},${at + 1},${category}`);
  const content = ['section,row,seat,category', ...row('Stalls', '1', 3, 'Front'), ...row('Stalls', '2', 2, 'Front'),
    ...row('Circle', '1', 5, 'Back')].join('\n');
  const { event_id: event } = await call('/v1/events', { name: 'A small evening', currency: 'EUR',
    plan: { format: 'csv', content: `${content}\n` }, prices: { Front: [{ amount: 5000 }], Back: [{ amount: 2000 }] } });
  await call(`/v1/events/${event}/sale/open`, {});
  return event;
}

/** Best available keeps to the filters, and says what can be had. */
async function whatCanBeHad() {
  const page = await person(await smallHouse());
  await page.tap('#tab-list');
  await page.tap('summary:text-is("Prices and filters")');
  await page.tap('label.check:has-text("Back")');
  for (let count = 2; count < 4; count += 1) await page.tap('[aria-label="One seat more"]');
  await page.waitForSelector('.best-go:text-is("Find 4 seats together")');
  await page.tap('.best-go');
  await page.waitForSelector('.offers button >> nth=2');
  const offers = await page.locator('.offers button').allInnerTexts();
  assert.match(offers[0], /^4 seats together: Circle, row 1, .* · €80$|^4 seats together: Circle, row 1, .* · €80\.00$/);
  assert.match(offers[1], /^2 seats and 2 seats: Stalls, row 2, seats 1 and 2; Stalls, row 1, /);
  assert.match(offers[2], /^3 seats together: Stalls, row 1, seats 1 to 3/);
  await record(page, 'offers');
  await page.tap('.offers button >> nth=1');
  await page.waitForSelector('#state[data-state="pay"]');
  const held = await page.locator('#state').innerText();
  assert.match(held, /Stalls, row 2/);
  await record(page, 'held');
  await page.context().close();
}

let failed = 0;
for (const walk of [findOnesWay, keepAndLose, whatCanBeHad].filter(({ name }) => !values.only || name === values.only)) {
  try {
    await walk();
    console.error(`${walk.name}: well`);
  } catch (error) {
    failed = 1;
    const open = browser.contexts().at(-1)?.pages()[0];
    await open?.screenshot({ path: join(values.out, `failed-${walk.name}.png`), fullPage: true }).catch(() => {});
    console.error(`${walk.name}: ${error.message}`);
  }
}
await browser.close();
console.log(JSON.stringify({ ok: !failed && !complaints.length, steps, complaints }));
process.exit(failed || complaints.length ? 1 : 0);
