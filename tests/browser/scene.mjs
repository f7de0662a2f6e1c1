// Owns setting the stage for walks: small events with rules of their own, made by a manager, buyers without
// a browser who take seats away, and the browser itself. Waits for states, never for time.
import jsqr from 'jsqr';
import { chromium } from 'playwright-core';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encode } from '../../gateway/web/js/puzzle/encode.js';
import { digest, firstFit } from '../../gateway/web/js/puzzle/hash.js';
import { axe } from './axe.mjs';

const VIEWPORTS = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 900 } };
/** How long a walk waits for what must come. */
const WAIT_MS = 30_000;

const PLAN = ['section,row,seat,category',
  ...['A', 'B'].flatMap((row) => [1, 2, 3, 4].map((seat) => `Stalls,${row},${seat},Stalls`))].join('\n');

/** One request; a no is thrown with its code. */
async function call(base, method, path, { body, headers = {} } = {}) {
  const answer = await fetch(base + path, { method,
    headers: { ...headers, ...(method === 'GET' ? {} : { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() }) },
    body: body === undefined ? undefined : JSON.stringify(body) });
  const text = await answer.text();
  const value = text ? JSON.parse(text) : {};
  if (!answer.ok) throw Object.assign(new Error(`${method} ${path}: ${text}`), { code: value.code });
  return value;
}

/** A manager: makes events and moves them on. */
export async function manager(base, keyFile) {
  const headers = { Authorization: `Bearer ${(await readFile(keyFile, 'utf8')).trim()}` };
  const send = (method, path, body = {}) => call(base, method, path, { body, headers });
  return {
    send,
    /** Eight seats in two rows, with these rules; opened unless `isClosed`. The door asks for no work. */
    async event(name, policy = {}, { isClosed = false, ...more } = {}) {
      const { event_id: id } = await send('POST', '/v1/events', { name, currency: 'EUR', prices: { Stalls: 4500 },
        plan: { format: 'csv', content: PLAN }, policy, ...more });
      await send('PATCH', `/v1/events/${id}/dials`, { puzzle_level: 0, pace_per_minute: 60_000 });
      if (!isClosed) await send('POST', `/v1/events/${id}/sale/open`);
      return id;
    },
    sale: (id, what) => send('POST', `/v1/events/${id}/sale/${what}`),
    cancel: (id) => send('POST', `/v1/events/${id}/cancel`),
    dials: (id, dials) => send('PATCH', `/v1/events/${id}/dials`, dials),
  };
}

export function solve({ challenge, bits, parts }) {
  const seed = digest(challenge);
  return encode(Array.from({ length: parts }, (_, part) => firstFit(seed, part, bits)));
}

/** Somebody who buys without a browser. */
export async function buyer(base, event) {
  const path = `/v1/events/${event}`;
  const headers = {};
  const post = (rest, body = {}) => call(base, 'POST', path + rest, { body, headers });
  const { required, asks } = await call(base, 'GET', `${path}/queue/challenge`);
  if (required) headers['Floodgate-Device'] = asks.device;
  const joined = await post('/queue', required ? { challenge: asks.challenge, solution: solve(asks) } : {});
  headers['Floodgate-Device'] = joined.device;
  headers['Floodgate-Queue-Ticket'] = joined.queue_ticket;
  for (;;) {
    try {
      headers['Floodgate-Pass'] = (await post('/enter')).pass;
      break;
    } catch (problem) {
      if (!['not_your_turn', 'shop_full', 'rate_limited'].includes(problem.code)) throw problem;
      await new Promise((done) => { setTimeout(done, 100); });
    }
  }
  const hold = (seats) => post('/holds', { seats });
  return {
    hold,
    /** What a program sends along as this buyer. */
    tokens: headers,
    async buy(seats) {
      const held = await hold(seats);
      const { payment_method: method } = await call(base, 'POST', '/v1/payments/pages/tokenise', { body: { card_number: '4000000000000077' } });
      return post('/orders', { hold_id: held.hold_id, payment_method: method });
    },
    release: (held) => call(base, 'DELETE', `${path}/holds/${held.hold_id}`, { headers }),
  };
}

/** The browser with what a walk found. `out` gets a picture of each step. */
export async function stage({ base, out, viewport = 'phone', scheme = 'light' }) {
  await mkdir(out, { recursive: true });
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'] });
  const complaints = [];
  const steps = [];

  /** Somebody new, with a browser of their own. */
  async function person(more = {}) {
    const context = await browser.newContext({ viewport: VIEWPORTS[viewport], colorScheme: scheme, locale: 'en-GB',
      reducedMotion: 'reduce', ...more });
    return tab(context);
  }
  async function tab(context) {
    const page = await context.newPage();
    page.setDefaultTimeout(WAIT_MS);
    page.on('pageerror', (error) => complaints.push(`script error: ${error.message}`));
    page.on('console', (message) => {
      if (/Content Security Policy/i.test(message.text())) complaints.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(base) && !/^(blob|data):/.test(request.url())) complaints.push(`a request to ${request.url()}`);
    });
    return page;
  }

  async function record(page, name) {
    const number = String(steps.length + 1).padStart(2, '0');
    await page.screenshot({ path: join(out, `${number}-${name}.png`), fullPage: true });
    complaints.push(...await axe(page, name));
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (over > 0) complaints.push(`${name}: the page is ${over} px too wide`);
    steps.push(name);
    console.error(`step ${number} ${name}`);
  }

  const state = (page, ...names) => page.waitForSelector(names.map((name) => `#state[data-state="${name}"]`).join(', '));

  /** Runs the parts one after the other; one that fails does not keep the next from running. */
  async function run(parts) {
    for (const [name, part] of Object.entries(parts)) {
      try {
        await part();
      } catch (error) {
        const pages = browser.contexts().flatMap((context) => context.pages());
        const shows = await pages.at(-1)?.locator('main').innerText({ timeout: 1000 }).catch(() => '');
        complaints.push(`${name}: ${error.message.split('\n')[0]}; the page says: ${(shows || '').replace(/\s+/g, ' ').slice(0, 300)}`);
        await pages.at(-1)?.screenshot({ path: join(out, `failed-${name}.png`), fullPage: true }).catch(() => {});
      }
      for (const context of browser.contexts()) await context.close();
    }
    await browser.close();
    console.log(JSON.stringify({ ok: complaints.length === 0, steps, complaints }));
    process.exit(complaints.length ? 1 : 0);
  }
  return { person, tab, record, state, run, complaints };
}

/** From the event's page to its seats. */
export async function enterShop(page, base, event) {
  await page.goto(`${base}/events/${event}`);
  await page.click('button:text-is("Join the queue")');
  await page.waitForSelector('button:text-is("Continue to the seats"), .best-go');
  if (!await page.locator('.best-go').count()) await page.click('button:text-is("Continue to the seats")');
  await page.waitForSelector('.best-go');
}

/** From the seats to a hold. */
export async function holdBest(page) {
  // On a phone focus brings the list before the map.
  await page.focus('.best-go');
  await page.click('.best-go');
  await page.waitForSelector('.pay-form');
}

/** What a code on the page says to whoever scans it. */
export async function scanned(page, selector) {
  const SIDE = 410;
  const pixels = await page.locator(selector).first().evaluate(async (picture, side) => {
    await picture.decode();
    const paper = Object.assign(document.createElement('canvas'), { width: side, height: side }).getContext('2d');
    paper.drawImage(picture, 0, 0, side, side);
    return Array.from(paper.getImageData(0, 0, side, side).data);
  }, SIDE);
  return (jsqr.default ?? jsqr)(Uint8ClampedArray.from(pixels), SIDE, SIDE)?.data;
}
