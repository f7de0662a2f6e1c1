// Owns the walk of one buyer through a real server: queue, seats, payment, tickets with QR.
// Takes a picture of each step, runs axe on it, and fails with one clear sentence. Waits for
// states, never for time. Start at `main`; each step is a function named after what it does.
//
//   node walk.mjs --base http://127.0.0.1:8080 --event evt_… --out shots \
//     [--viewport phone|desktop] [--card approve|decline|challenge] [--keyboard]
//     [--chromium /usr/bin/chromium] [--wait 60] [--staff-key-file FILE [--hold-line]] [--no-workers]
//     [--manager-key-file FILE [--mail-port PORT]]
//
// With a staff key the walk goes on after the purchase: a ticket is handed on, the gate lets its taker
// in, the dials are turned. With a manager's, an announcement goes to the buyer, who asked for news;
// on --mail-port the walk takes the server's mail, and follows the links in it.
// With --hold-line as well, the line is held before the buyer joins it, so
// that there is a queue to wait in, which only the first buyer of a server can see.
// Without workers the door's puzzle cannot be solved, and the walk waits at it instead.
//
// Exit: 0 arrived with tickets, 1 the walk failed, 64 wrong arguments.
import { chromium } from 'playwright-core';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { axe } from './axe.mjs';
import { mailbox } from './mailbox.mjs';
import { announce, badLinks, confirmByMail, getNews, readNews, signInByMail, stopByMail, tryOut } from './news.mjs';
import { handOn, letIn, turnDials } from './staff.mjs';

const VIEWPORTS = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };
const CARDS = {
  approve: '4000 0000 0000 0077', decline: '4000 0000 0000 0002', challenge: '4000 0000 0000 3220',
};

class WalkError extends Error {}

function readArguments() {
  const usage = 'walk.mjs --base URL --event ID --out DIR [--viewport phone|desktop] '
    + '[--card approve|decline|challenge] [--keyboard] [--chromium PATH] [--wait SECONDS] '
    + '[--no-workers] [--staff-key-file FILE [--hold-line]] [--manager-key-file FILE [--mail-port PORT]]';
  const text = { type: 'string' };
  try {
    const { values } = parseArgs({ options: {
      base: text, event: text, out: text, viewport: { ...text, default: 'phone' },
      card: { ...text, default: 'approve' }, keyboard: { type: 'boolean', default: false },
      chromium: { ...text, default: process.env.CHROMIUM || '/usr/bin/chromium' },
      wait: { ...text, default: '60' }, 'staff-key-file': text, 'manager-key-file': text, 'mail-port': text,
      'no-workers': { type: 'boolean', default: false }, 'hold-line': { type: 'boolean', default: false },
    } });
    for (const name of ['base', 'event', 'out']) {
      if (!values[name]) throw new WalkError(`--${name} is missing`);
    }
    if (!VIEWPORTS[values.viewport]) throw new WalkError('--viewport is phone or desktop');
    if (!CARDS[values.card]) throw new WalkError('--card is approve, decline or challenge');
    if (!(Number(values.wait) > 0)) throw new WalkError('--wait is a number of seconds');
    return values;
  } catch (error) {
    console.error(`${error.message}\nusage: ${usage}`);
    process.exit(64);
  }
}

/** The page with what every step needs: waiting for states, pictures, axe, keys. */
class Walker {
  /** Another person's page goes on with the steps and complaints of the walk `before`. */
  constructor(page, options, before) {
    this.page = page;
    this.options = options;
    this.waitMs = Number(options.wait) * 1000;
    this.steps = before?.steps || [];
    this.complaints = before?.complaints || [];
    page.on('pageerror', (error) => this.complaints.push(`script error: ${error.message}`));
    page.on('console', (message) => {
      if (/Content Security Policy/i.test(message.text())) this.complaints.push(message.text());
    });
  }

  async state(...names) {
    const wanted = names.map((name) => `#state[data-state="${name}"]`).join(', ');
    try {
      await this.page.waitForSelector(wanted, { timeout: this.waitMs });
    } catch {
      const text = await this.page.locator('#state').innerText().catch(() => '(no page)');
      const is = await this.page.getAttribute('#state', 'data-state').catch(() => '?');
      throw new WalkError(`waited ${this.options.wait} s for state “${names.join('” or “')}”, the page `
        + `is in “${is}” and says: ${text.slice(0, 300).replace(/\s+/g, ' ')}`);
    }
    return this.page.getAttribute('#state', 'data-state');
  }

  async see(selector, what = selector) {
    try {
      await this.page.waitForSelector(selector, { timeout: this.waitMs });
    } catch {
      const text = await this.page.locator('#state').innerText().catch(() => '');
      throw new WalkError(`waited ${this.options.wait} s for ${what}; the page says: `
        + text.slice(0, 300).replace(/\s+/g, ' '));
    }
  }

  /** A picture and an axe run of the present step. */
  async record(name) {
    const number = String(this.steps.length + 1).padStart(2, '0');
    await this.page.screenshot({ path: join(this.options.out, `${number}-${name}.png`), fullPage: true });
    this.complaints.push(...await axe(this.page, name));
    const over = await this.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (over > 0) this.complaints.push(`${name}: the page is ${over} px too wide`);
    this.steps.push(name);
    console.error(`step ${number} ${name}`);
  }

  /** Presses a control: by pointer, or by Tab and Enter alone. */
  async press(selector) {
    await this.see(selector);
    if (!this.options.keyboard) {
      await this.page.click(selector, { timeout: this.waitMs });
      return;
    }
    await this.tabTo(selector);
    await this.page.keyboard.press('Enter');
  }

  /** Tabs until the control has focus; the list must not need more stops than a page has. */
  async tabTo(selector) {
    const stopsMax = 400;
    for (let stop = 0; stop < stopsMax; stop += 1) {
      const isThere = await this.page.locator(selector).evaluateAll(
        (wanted) => wanted.includes(document.activeElement));
      if (isThere) return stop;
      await this.page.keyboard.press('Tab');
    }
    throw new WalkError(`the keyboard does not reach ${selector} in ${stopsMax} stops`);
  }

  /** Picks the first real choice of a native select, by arrow key. */
  async chooseFirst(selector) {
    await this.page.waitForFunction((wanted) => document.querySelector(wanted)?.options.length > 1,
      selector, { timeout: this.waitMs });
    await this.tabTo(selector);
    await this.page.keyboard.press('ArrowDown');
    await this.page.waitForFunction((wanted) => document.querySelector(wanted).value !== '', selector,
      { timeout: this.waitMs });
  }
}

/** As staff: how many places are called a minute. */
async function setPace(options, pace) {
  const key = (await readFile(options['staff-key-file'], 'utf8')).trim();
  const answer = await fetch(`${options.base}/v1/events/${options.event}/dials`, {
    method: 'PATCH',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() },
    body: JSON.stringify({ pace_per_minute: pace }),
  });
  if (!answer.ok) throw new WalkError(`the pace could not be set: ${await answer.text()}`);
}

async function waitInQueue(walk) {
  if (walk.options['hold-line']) await setPace(walk.options, 0);
  await walk.page.goto(`${walk.options.base}/events/${walk.options.event}`);
  let state = await walk.state('announced', 'join', 'waiting', 'turn', 'shop');
  await walk.record(state);
  if (state === 'announced' || state === 'join') {
    await walk.press('#state button.primary');
    if (walk.options['no-workers']) {
      await walk.see('#state .notice progress', 'the wait at the door');
      await walk.record('door');
    }
    state = await walk.state('waiting', 'turn', 'shop');
  }
  if (walk.options['hold-line']) {
    if (state !== 'waiting') throw new WalkError(`the line is held, but the page is in “${state}”`);
    await walk.record('waiting');
    const place = await walk.page.locator('.facts dd').first().innerText();
    await walk.press('.notify button');
    await walk.see('.notify [role="status"]:not(:empty)', 'that one will be notified');
    await walk.record('notified');
    await walk.page.reload();
    await walk.state('waiting');
    await walk.see('.notify [role="status"]:not(:empty)', 'that one will be notified, after a reload');
    const again = await walk.page.locator('.facts dd').first().innerText();
    if (again !== place) throw new WalkError(`a reload changed the place from ${place} to ${again}`);
    await setPace(walk.options, 30_000);
  }
  if (state === 'waiting') state = await walk.state('turn', 'shop');
  if (state === 'turn') {
    await walk.record('turn');
    await walk.press('#state button.primary');
    await walk.state('shop');
  }
}

async function chooseSeats(walk) {
  await walk.see('.map-stage', 'the seat map');
  await walk.record('shop');
  if (!walk.options.keyboard) {
    // On a phone the list is behind a tab.
    if (await walk.page.isVisible('#tab-list')) {
      await walk.press('#tab-list');
      await walk.record('list');
    }
    await walk.press('.best-go');
    return;
  }
  await walk.tabTo('#seat-list summary');
  const listFirst = await walk.page.evaluate(() => Boolean(document.querySelector('#seat-list')
    .compareDocumentPosition(document.querySelector('.map-stage')) & Node.DOCUMENT_POSITION_FOLLOWING));
  if (!listFirst) throw new WalkError('the list does not come before the map');
  await walk.page.keyboard.press('Enter');
  await walk.chooseFirst('#list-section');
  if (await walk.page.isVisible('#list-row')) {
    await walk.chooseFirst('#list-row');
    await walk.see('.place', 'free seats in the row');
    await walk.press('.place');
    await walk.see('.place[aria-pressed="true"]', 'the chosen seat');
    await walk.record('list');
    await walk.press('.bar .primary');
  } else {
    await walk.record('list');
    await walk.press('.places .primary');
  }
}

async function fillCard(walk, card) {
  await walk.press(`.test-card[data-card="${CARDS[card].replaceAll(' ', '')}"]`);
  await walk.page.waitForFunction((digits) => document.querySelector('#card-number')?.value === digits,
    CARDS[card], { timeout: walk.waitMs });
  await walk.press('.pay-form button[type="submit"]');
}

/** Agrees to be counted, sees it said, and takes it back: by keyboard, whatever the walk does. */
async function beCounted(walk) {
  await walk.see('#share-agree', 'the card about being counted');
  if (await walk.page.isChecked('#share-agree')) throw new WalkError('the box is ticked before anybody agreed');
  await walk.tabTo('#share-agree');
  await walk.page.keyboard.press('Space');
  await walk.chooseFirst('#share-age');
  await walk.tabTo('.share-form button');
  await walk.page.keyboard.press('Enter');
  await walk.see('.share [role="status"]:not(:empty)', 'what one is counted as');
  await walk.record('counted');
  await walk.page.reload();
  await walk.see('.share [role="status"]:not(:empty)', 'what one is counted as, after a reload');
  await walk.tabTo('.share > button');
  await walk.page.keyboard.press('Enter');
  await walk.see('#share-agree', 'the card as it was');
}

/** The bank's page, which leads back to the event by itself. */
async function answerBank(walk) {
  await walk.see('a.primary[href*="challenge"]', 'the way to the bank');
  await walk.record('challenge');
  await walk.press('a.primary[href*="challenge"]');
  await walk.page.waitForURL(/challenge/, { timeout: walk.waitMs });
  await walk.record('bank');
  await walk.press('#approve');
  const back = `/events/${walk.options.event}`;
  await walk.page.waitForURL((url) => url.pathname === back, { timeout: walk.waitMs })
    .catch(() => { throw new WalkError('the bank does not lead back to the event'); });
}

async function payForSeats(walk) {
  await walk.state('pay');
  await walk.see('.pay-form', 'the card form');
  await walk.record('pay');
  await walk.page.reload();
  await walk.state('pay');
  await walk.see('.pay-form', 'the card form after a reload');
  const { card } = walk.options;
  await fillCard(walk, card);
  if (card === 'decline') {
    await walk.see('h2:text-is("The card was declined")', 'the decline');
    await walk.record('declined');
    await fillCard(walk, 'approve');
  }
  if (card === 'challenge') await answerBank(walk);
}

async function showTickets(walk) {
  await walk.state('tickets');
  await walk.see('.ticket img.qr', 'a ticket with its QR code');
  await walk.page.waitForFunction(() => [...document.querySelectorAll('.qr')]
    .every((image) => image.complete && image.naturalWidth > 0), null, { timeout: walk.waitMs })
    .catch(() => { throw new WalkError('a QR code did not load'); });
  await walk.record('tickets');
  await walk.page.reload();
  await walk.state('tickets');
  await walk.see('.ticket img.qr', 'the tickets after a reload');
  await beCounted(walk);
  return walk.page.locator('.ticket').count();
}

/** Everything that begins in a mail. */
async function walkByMail(walk, person) {
  const mail = await mailbox(Number(walk.options['mail-port']), walk.waitMs);
  const address = `${crypto.randomUUID()}@example.org`;
  try {
    await confirmByMail(walk, mail, address);
    await announce(await person(walk), walk.options, 'By mail', ['email']);
    await tryOut(await person(walk), walk.options, mail);
    await stopByMail(await person(walk), mail, address);
    await signInByMail(walk, await person(walk), mail, address);
  } finally {
    mail.close();
  }
}

async function main() {
  const options = readArguments();
  await mkdir(options.out, { recursive: true });
  const browser = await chromium.launch({ executablePath: options.chromium, args: ['--no-sandbox',
    '--disable-dev-shm-usage', '--disable-gpu', '--disable-background-networking'] });
  const isPhone = options.viewport === 'phone';
  const person = async (before) => {
    const context = await browser.newContext({ viewport: VIEWPORTS[options.viewport], locale: 'en-GB',
      hasTouch: isPhone, isMobile: isPhone, reducedMotion: 'reduce' });
    if (options['no-workers']) await context.addInitScript(() => { delete globalThis.Worker; });
    return new Walker(await context.newPage(), options, before);
  };
  const walk = await person();
  const { page } = walk;
  let tickets = 0;
  try {
    await waitInQueue(walk);
    await chooseSeats(walk);
    await payForSeats(walk);
    tickets = await showTickets(walk);
    if (options['manager-key-file']) {
      const subject = `Doors at six (${options.viewport})`;
      await getNews(walk);
      await announce(await person(walk), options, subject);
      await readNews(walk, subject);
      await badLinks(walk);
      if (options['mail-port']) await walkByMail(walk, person);
      await page.goto(`${options.base}/events/${options.event}`);
    }
    if (options['staff-key-file']) {
      const taker = await person(walk);
      const handed = await handOn(walk, taker);
      const staff = await person(walk);
      await letIn(staff, options, handed);
      await turnDials(staff, options);
    }
  } catch (error) {
    await page.screenshot({ path: join(options.out, 'failed.png'), fullPage: true }).catch(() => {});
    walk.complaints.unshift(error instanceof WalkError ? error.message : error.stack);
  }
  await browser.close();
  console.log(JSON.stringify({ ok: walk.complaints.length === 0, viewport: options.viewport,
    card: options.card, keyboard: options.keyboard, steps: walk.steps, tickets, complaints: walk.complaints }));
  process.exit(walk.complaints.length ? 1 : 0);
}

await main();
