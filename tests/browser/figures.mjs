// Owns what the pages for fans cost, measured in a real browser beside their goals: bytes and time until one can
// join, bytes of the plan, frames a second of the map while a finger moves it. Prints one JSON document.
//
//   node figures.mjs --base http://127.0.0.1:8080 --event evt_… [--only pages|frames] [--check]
//     [--chromium /usr/bin/chromium] [--renderer software|gl] [--seconds 4]
//
// --check: exit 1 where bytes exceed their goal. Times and frames depend on the machine and never fail it.
// --renderer gl: with WebGL drawn by the processor, which the map has to decline.
// Exit: 0 measured, 1 a budget is exceeded, 64 wrong arguments.
import { chromium } from 'playwright-core';
import { parseArgs } from 'node:util';
import { changing } from './changing.mjs';

const text = { type: 'string' };
const { values: options } = parseArgs({ options: { base: text, event: text, only: text,
  check: { type: 'boolean', default: false }, renderer: { ...text, default: 'software' },
  seconds: { ...text, default: '4' }, chromium: { ...text, default: process.env.CHROMIUM || '/usr/bin/chromium' } } });
if (!options.base || !options.event) {
  console.error('usage: figures.mjs --base URL --event ID [--only pages|frames] [--check]');
  process.exit(64);
}

const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 3, isMobile: true, hasTouch: true,
  locale: 'en-GB' };
/** Kilobits a second and milliseconds there and back. */
const NETWORKS = { slow: { kbit: 400, ms: 400 }, crawling: { kbit: 50, ms: 400 } };
const THROTTLE = 4;
/** How wide a seat is on the screen: a little closer than everything, when seats appear, when one can be touched. */
const DISTANCES = { far: 0, middle: 4, near: 15 };
const CHANGES_A_SECOND = 2000;
const LONG = 120000;
const figures = [];

function note(figure, unit, value, goal, isLeast = false) {
  const isMet = isLeast ? value >= goal : value <= goal;
  figures.push({ figure, unit, value: Math.round(value * 10) / 10, goal: isLeast ? `>= ${goal}` : `<= ${goal}`, is_met: isMet });
  console.error(`${isMet ? 'met ' : 'MISS'} ${figure}: ${figures.at(-1).value} ${unit} (${figures.at(-1).goal})`);
}

/** Every answer a page got: its bytes on the wire with its head, and when it was there, by the page's clock. */
async function watchWire(page) {
  const wire = await page.context().newCDPSession(page);
  await wire.send('Network.enable');
  const seen = new Map();
  let shift = 0;
  wire.on('Network.requestWillBeSent', ({ requestId, request, timestamp, wallTime }) => {
    shift ||= wallTime - timestamp;
    seen.set(requestId, { path: new URL(request.url).pathname, bytes: 0, at: Infinity });
  });
  wire.on('Network.loadingFinished', ({ requestId, timestamp, encodedDataLength }) => {
    const one = seen.get(requestId);
    if (one) Object.assign(one, { bytes: encodedDataLength, at: (timestamp + shift) * 1000 });
  });
  return { wire, seen };
}

/** From an empty cache to the button that joins. */
async function untilJoin(browser, name) {
  const context = await browser.newContext(PHONE);
  const page = await context.newPage();
  await page.addInitScript(() => {
    const look = () => {
      if (!globalThis.joinableAt && document.querySelector('#state[data-state="join"] button.primary')) {
        globalThis.joinableAt = performance.timeOrigin + performance.now();
      }
    };
    new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
  });
  const { wire, seen } = await watchWire(page);
  const { kbit, ms } = NETWORKS[name];
  await wire.send('Network.emulateNetworkConditions', { offline: false, latency: ms,
    downloadThroughput: (kbit * 1000) / 8, uploadThroughput: (kbit * 1000) / 8 });
  const began = Date.now();
  await page.goto(`${options.base}/events/${options.event}`, { waitUntil: 'commit', timeout: LONG });
  await page.waitForFunction(() => globalThis.joinableAt, null, { timeout: LONG });
  const at = await page.evaluate(() => globalThis.joinableAt);
  const needed = [...seen.values()].filter((one) => one.at <= at);
  await context.close();
  return { seconds: (at - began) / 1000, bytes: needed.reduce((sum, { bytes }) => sum + bytes, 0),
    answers: needed.map(({ path, bytes }) => ({ path, bytes })) };
}

async function pages(browser) {
  const slow = await untilJoin(browser, 'slow');
  note('event page until one can join, with heads', 'bytes', slow.bytes, 14600);
  note('join button at 400 kbit/s and 400 ms', 's', slow.seconds, 2.5);
  note('join button at 50 kbit/s', 's', (await untilJoin(browser, 'crawling')).seconds, 6);
  return slow.answers;
}

/** Through the door and into the shop, as fast as it goes. */
async function enter(page, base) {
  await page.goto(`${base}/events/${options.event}`);
  const state = (name) => page.waitForSelector(`#state[data-state="${name}"]`, { timeout: LONG });
  await state('join');
  await page.click('#state button.primary');
  await page.waitForSelector('#state[data-state="turn"], #state[data-state="shop"]', { timeout: LONG });
  if (await page.getAttribute('#state', 'data-state') === 'turn') await page.click('#state button.primary');
  await state('shop');
  // On a phone the map is behind a tab of its own.
  const tab = page.locator('#tab-map');
  if (await tab.isVisible()) await tab.click();
  await page.waitForSelector('.map-stage', { timeout: LONG });
}

/** A finger draws circles on the map; what counts is when the browser asks for the next frame. */
async function pan(page, wire) {
  const box = await page.locator('.map-stage').boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + Math.min(box.height, 844 - box.y) / 2];
  await page.evaluate(() => {
    globalThis.frames = [];
    const tick = (at) => {
      globalThis.frames?.push(at);
      if (globalThis.frames) requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  const touch = (type, dx = 0, dy = 0) => wire.send('Input.dispatchTouchEvent', { type,
    touchPoints: type === 'touchEnd' ? [] : [{ x: x + dx, y: y + dy }] });
  await touch('touchStart');
  const ends = Date.now() + Number(options.seconds) * 1000;
  for (let step = 0; Date.now() < ends; step += 1) {
    await touch('touchMove', 60 * Math.sin(step / 12), 40 * Math.sin(step / 7));
  }
  await touch('touchEnd');
  const frames = await page.evaluate(() => {
    const all = globalThis.frames;
    globalThis.frames = null;
    return all;
  });
  const gaps = frames.slice(1).map((at, index) => at - frames[index]).sort((a, b) => a - b);
  return { rate: (gaps.length * 1000) / (frames.at(-1) - frames[0]),
    p95: gaps[Math.floor(gaps.length * 0.95)] ?? Infinity };
}

async function frames(browser) {
  const { capacity } = await (await fetch(`${options.base}/v1/events/${options.event}`)).json();
  const relay = await changing(options.base, CHANGES_A_SECOND, capacity);
  const context = await browser.newContext(PHONE);
  const page = await context.newPage();
  const { wire, seen } = await watchWire(page);
  await enter(page, relay.base);
  const plan = [...seen.values()].find(({ path }) => path.endsWith('/plan'));
  note('plan on the wire', 'bytes', plan.bytes, 100000);
  const renderer = await page.getAttribute('.map', 'data-renderer');
  await wire.send('Emulation.setCPUThrottlingRate', { rate: THROTTLE });
  await page.locator('.map-stage').scrollIntoViewIfNeeded();
  const closer = page.locator('.map-button').first();
  for (const [name, seatPx] of Object.entries(DISTANCES)) {
    do {
      await closer.click({ force: true });
      await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));
    } while (Number(await page.getAttribute('.map', 'data-seat-px')) < seatPx);
    const calm = await pan(page, wire);
    note(`frames a second, ${name}`, 'frames/s', calm.rate, 30, true);
    relay.start();
    const busy = await pan(page, wire);
    relay.stop();
    note(`95th frame of 100 with ${CHANGES_A_SECOND} changes a second, ${name}`, 'ms', busy.p95, 34);
  }
  await context.close();
  relay.close();
  return renderer;
}

const drawing = { software: ['--disable-gpu'],
  gl: ['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist'] };
const browser = await chromium.launch({ executablePath: options.chromium, args: ['--no-sandbox',
  '--disable-dev-shm-usage', '--disable-background-networking', ...drawing[options.renderer]] });
const answers = options.only === 'frames' ? undefined : await pages(browser);
const renderer = options.only === 'pages' ? undefined : await frames(browser);
await browser.close();
console.log(JSON.stringify({ throttle: THROTTLE, renderer, figures, answers }, null, 1));
/** What may not grow, where the goal is not met yet. */
const BUDGETS = { 'event page until one can join, with heads': 23000 };
const over = figures.filter(({ figure, unit, value, is_met: isMet }) => unit === 'bytes' && !isMet && !(value <= BUDGETS[figure]));
process.exit(options.check && over.length ? 1 : 0);
