// Owns the manager's whole job in a browser: signing in, looking at a plan and mending it, making an
// event, changing it, opening its sale, and cancelling it. Takes a picture of each step, runs axe on
// it, and fails with one clear sentence.
//
//   node manage.mjs --base http://127.0.0.1:8080 --manager-key-file FILE --out shots
//     [--viewport phone|desktop] [--chromium PATH] [--wait 60]
//
// Exit: 0 everything was done, 1 it was not, 64 wrong arguments.
import { chromium } from 'playwright-core';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { axe } from './axe.mjs';

const VIEWPORTS = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 900 } };

function readArguments() {
  const text = { type: 'string' };
  try {
    const { values } = parseArgs({ options: { base: text, out: text, 'manager-key-file': text, wait: { ...text, default: '60' },
      viewport: { ...text, default: 'desktop' }, chromium: { ...text, default: process.env.CHROMIUM || '/usr/bin/chromium' } } });
    for (const name of ['base', 'out', 'manager-key-file']) if (!values[name]) throw new Error(`--${name} is missing`);
    if (!VIEWPORTS[values.viewport]) throw new Error('--viewport is phone or desktop');
    return values;
  } catch (error) {
    console.error(`${error.message}\nusage: manage.mjs --base URL --manager-key-file FILE --out DIR [--viewport phone|desktop] [--wait SECONDS]`);
    process.exit(64);
  }
}

/** Two blocks without a drawing: one row has an aisle that no file says. */
function planOf() {
  const lines = ['section,row,seat,category'];
  for (const section of ['Left', 'Right']) {
    for (const row of ['A', 'B', 'C']) {
      for (let seat = 1; seat <= 12; seat += 1) lines.push(`${section},${row},${seat},${row === 'A' ? 'Front' : 'Rear'}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

class Manager {
  constructor(page, options) {
    Object.assign(this, { page, options, step: 0, complaints: [], waitMs: Number(options.wait) * 1000 });
    page.setDefaultTimeout(this.waitMs);
    page.on('pageerror', (error) => this.complaints.push(`script error: ${error.message}`));
    page.on('console', (message) => {
      if (/Content Security Policy/i.test(message.text())) this.complaints.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(options.base) && !/^(data|blob):/.test(request.url())) this.complaints.push(`a request to ${request.url()}`);
    });
  }

  async record(name) {
    this.step += 1;
    const file = `${String(this.step).padStart(2, '0')}-${name}.png`;
    await this.page.screenshot({ path: join(this.options.out, file), fullPage: true });
    this.complaints.push(...await axe(this.page, name));
    const over = await this.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (over > 0) this.complaints.push(`${name}: the page is ${over} px too wide`);
    console.error(`step ${file}`);
  }

  press(name) {
    return this.page.getByRole('button', { name, exact: true }).first().click();
  }

  says(words) {
    return this.page.getByText(words).first().waitFor();
  }

  fill(label, value) {
    return this.page.getByLabel(label, { exact: true }).first().fill(value);
  }
}

async function signIn(manager) {
  const { page, options } = manager;
  await page.goto(`${options.base}/manage`);
  await page.fill('#key', 'not a key');
  await manager.press('Sign in');
  await page.locator('#refused:not([hidden])').waitFor();
  await manager.record('refused');
  await page.fill('#key', (await readFile(options['manager-key-file'], 'utf8')).trim());
  await page.press('#key', 'Enter');
  await manager.says('Signed in: manager');
  await page.getByRole('link', { name: 'New event' }).waitFor();
  await manager.record('events');
}

async function mendPlan(manager) {
  const { page, options } = manager;
  const file = join(options.out, 'Town hall.csv');
  await writeFile(file, planOf());
  await page.goto(`${options.base}/manage/new`);
  await page.getByLabel('File of the seating plan').setInputFiles(file);
  await manager.says('72 seats in 6 rows and 2 sections.');
  await manager.says('How the plan was read');
  await manager.record('plan-read');
  await page.getByRole('group', { name: 'Seats of the row' }).getByRole('button', { name: '6', exact: true }).click();
  await manager.press('There is an aisle after seat 6');
  await manager.says('An aisle after seat 6: Left, row A');
  const seats = page.getByRole('group', { name: 'Seats of the row' });
  await seats.getByRole('button', { name: '1', exact: true }).click();
  await seats.getByRole('button', { name: '2', exact: true }).click();
  await manager.says('Picked: seats 1 to 2.');
  await page.getByLabel('Mark', { exact: true }).selectOption('not_for_sale');
  await manager.press('Mark');
  await manager.says('not for sale: Left, row A, seats 1 to 2');
  await manager.fill('Name of the section', 'Stalls left');
  await manager.press('Rename the section');
  await manager.says('Section Left is named Stalls left');
  await manager.record('plan-mended');
}

async function makeEvent(manager) {
  const { page } = manager;
  await manager.press('Create the event');
  await manager.says('fields need your attention.');
  await manager.record('faults');
  await manager.fill('Name', 'evt_12');
  await manager.says('looks like a key of a program');
  await manager.record('named-like-a-key');
  await manager.fill('Name', 'An evening of chamber music');
  await page.getByText('looks like a key of a program').waitFor({ state: 'hidden' });
  await manager.fill('Artist', 'The Examples');
  await manager.fill('Time zone of the venue', 'Europe/Berlin');
  await manager.fill('Doors open', '2037-06-01T19:00');
  await manager.fill('Starts', '2037-06-01T20:00');
  const price = (category, label) => page.getByRole('group', { name: new RegExp(`^${category}`) }).getByLabel(label, { exact: true });
  await price('Front', 'Price').fill('39');
  await page.getByRole('group', { name: /^Front/ }).getByRole('button', { name: 'Add a later price' }).click();
  await price('Front', 'Until so many seats are taken').first().fill('10');
  await price('Front', 'Price').nth(1).fill('49.50');
  await price('Rear', 'Price').fill('25');
  await manager.record('filled');
  await manager.press('Create the event');
  await page.waitForURL('**/events/*/manage');
  await manager.says('How the sale stands');
  await manager.says('Not open yet.');
  await manager.record('made');
}

async function changeEvent(manager) {
  const { page } = manager;
  const event = (await page.evaluate(async () => (await fetch(`/v1${location.pathname.replace('/manage', '')}`)).json()));
  const at = [event.starts_at, event.capacity, event.price_from].join();
  if (at !== '2037-06-01T18:00:00.000Z,70,2500') throw new Error(`the event is not what was entered: ${at}`);
  await manager.fill('Description', 'Three quartets.\nOne interval.');
  await manager.press('Save');
  await manager.says('Saved. Pages and calendars follow at once.');
  await page.getByRole('group', { name: /^Rear/ }).getByLabel('Price', { exact: true }).fill('27');
  await manager.press('Save the prices');
  await manager.says('Saved. Seats that are held keep the price they were held at.');
  await manager.fill('Tickets one person may have', '4');
  await manager.press('Save the rules');
  await manager.says('Saved. What is held keeps the rules it was held under.');
  await manager.record('changed');
  await manager.fill('Reason, kept in the log', 'all is ready');
  await manager.press('Open the sale');
  await page.getByRole('button', { name: 'Pause the sale' }).waitFor();
  await manager.record('open');
  await page.getByText('Cancel the event', { exact: true }).click();
  await manager.press('Cancel the event for good');
  await manager.says('This is not the name of the event.');
  await manager.fill('To cancel the event, enter its name: An evening of chamber music', 'An evening of chamber music');
  await manager.press('Cancel the event for good');
  await manager.says('Cancelled.');
  await manager.record('cancelled');
  await manager.press('Sign out');
  await page.locator('#sign-in:not([hidden])').waitFor();
}

async function main() {
  const options = readArguments();
  await mkdir(options.out, { recursive: true });
  const browser = await chromium.launch({ executablePath: options.chromium, args: ['--no-sandbox'] });
  const isPhone = options.viewport === 'phone';
  const context = await browser.newContext({ viewport: VIEWPORTS[options.viewport], hasTouch: isPhone, isMobile: isPhone,
    colorScheme: isPhone ? 'dark' : 'light', timezoneId: 'America/New_York' });
  const manager = new Manager(await context.newPage(), options);
  try {
    for (const part of [signIn, mendPlan, makeEvent, changeEvent]) await part(manager);
  } catch (error) {
    manager.complaints.push(`stopped after step ${manager.step}: ${error.message}`);
    await manager.page.screenshot({ path: join(options.out, 'failed.png'), fullPage: true }).catch(() => {});
  }
  await browser.close();
  for (const complaint of manager.complaints) console.error(`FAILED ${complaint}`);
  process.exit(manager.complaints.length ? 1 : 0);
}
main();
