// Owns what a browser makes of a poor network, with a relay in between that counts, goes silent and loses
// cookies: seven tabs of which one buys, a line that is dead without a word, cookies that are off.
//
//   node network.mjs --base http://127.0.0.1:8080 --event evt_… --out shots [--chromium /usr/bin/chromium]
//
// Exit: 0 all well, 1 something was not.
import { chromium } from 'playwright-core';
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import http from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const text = { type: 'string' };
const { values: options } = parseArgs({ options: { base: text, event: text, out: text,
  chromium: { ...text, default: process.env.CHROMIUM || '/usr/bin/chromium' } } });
const TABS = 7;
/** Only a broken page takes longer. */
const LONG = 60000;

/** An HTTP relay before the server, and what it does to those who come through. */
async function relay() {
  const state = { silent: false, losesCookies: false, streams: 0, streamsMost: 0 };
  const server = http.createServer((request, answer) => {
    const isStream = request.url.split('?')[0].endsWith('/stream');
    const { method, headers, url } = request;
    const onward = http.request(options.base + url, { method, headers }, (got) => {
      const kept = { ...got.headers };
      if (state.losesCookies) delete kept['set-cookie'];
      if (state.silent) return;
      answer.writeHead(got.statusCode, kept);
      got.on('data', (bytes) => state.silent || answer.write(bytes));
      got.on('end', () => state.silent || answer.end());
    });
    onward.on('error', () => answer.destroy());
    if (isStream) {
      state.streams += 1;
      state.streamsMost = Math.max(state.streamsMost, state.streams);
    }
    answer.on('close', () => {
      if (isStream) state.streams -= 1;
      onward.destroy();
    });
    request.pipe(onward);
  });
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  state.page = `http://127.0.0.1:${server.address().port}/events/${options.event}`;
  state.close = () => {
    server.close();
    server.closeAllConnections();
  };
  return state;
}

const at = (page, ...names) => page.waitForSelector(
  names.map((name) => `#state[data-state="${name}"]`).join(', '), { timeout: LONG });

/** Over HTTP/1.1 a browser has six connections to a host: with a stream in each tab none is left to buy. */
async function manyTabs(browser, between) {
  const context = await browser.newContext();
  const tabs = [];
  for (let number = 0; number < TABS; number += 1) {
    const tab = await context.newPage();
    await tab.goto(between.page);
    await at(tab, 'join');
    tabs.push(tab);
  }
  const [buyer, ...others] = tabs;
  await buyer.bringToFront();
  await buyer.click('#state button.primary');
  await at(buyer, 'turn');
  // Its tabs are of one device: they see the place as well.
  for (const other of others) await at(other, 'turn', 'waiting');
  await buyer.click('#state button.primary');
  await at(buyer, 'shop');
  await buyer.click('.best-go');
  await at(buyer, 'pay');
  await buyer.click('.test-card[data-card="4000000000000077"]');
  await buyer.click('.pay-form button[type="submit"]');
  await at(buyer, 'tickets');
  await buyer.waitForSelector('.ticket img.qr', { timeout: LONG });
  assert.ok(between.streamsMost >= 1 && between.streamsMost <= 2, `${between.streamsMost} streams at once`);
  await context.close();
}

/** Nobody closes the connection, and nothing comes: the page says so, and finds its way back. */
async function deadLine(browser, between) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.clock.install();
  await page.goto(between.page);
  await at(page, 'join');
  assert.equal(await page.locator('#state.stale').count(), 0);
  between.silent = true;
  await page.clock.fastForward(35000);
  await page.waitForSelector('#state.stale', { timeout: LONG });
  assert.match(await page.locator('#offline').innerText(), /Not up to date|No connection/);
  await page.screenshot({ path: join(options.out, 'stale.png') });
  between.silent = false;
  await page.waitForSelector('#state:not(.stale)', { timeout: LONG });
  await page.waitForFunction(() => !document.getElementById('offline').textContent, null, { timeout: LONG });
  await context.close();
}

async function cookiesOff(browser, between) {
  between.losesCookies = true;
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(between.page);
  await at(page, 'join');
  await page.click('#state button.primary');
  await page.waitForSelector('.problem', { timeout: LONG });
  assert.match(await page.locator('.problem').innerText(), /Allow cookies for this site/);
  await page.screenshot({ path: join(options.out, 'cookies-off.png') });
  between.losesCookies = false;
  await context.close();
}

await mkdir(options.out, { recursive: true });
const browser = await chromium.launch({ executablePath: options.chromium, args: ['--no-sandbox',
  '--disable-dev-shm-usage', '--disable-gpu', '--disable-background-networking'] });
let failed = 0;
for (const walk of [manyTabs, deadLine, cookiesOff]) {
  const between = await relay();
  try {
    await walk(browser, between);
    console.error(`${walk.name}: well`);
  } catch (error) {
    failed = 1;
    console.error(`${walk.name}: ${error.message}`);
  }
  between.close();
}
await browser.close();
process.exit(failed);
