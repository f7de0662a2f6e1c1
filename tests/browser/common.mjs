// Owns what every walk does alike: a browser, pages whose errors and strangers are complaints, a picture and an
// axe run of each step, and the end with what was found. Not a walk by itself.
import { chromium } from 'playwright-core';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { axe } from './axe.mjs';

const text = { type: 'string' };

/** A walk with these options beside the usual ones: base, event, out, viewport (phone or desktop), scheme (light or dark). */
export async function begin(...names) {
  const options = Object.fromEntries([...names, 'base', 'event', 'out'].map((name) => [name, text]));
  const { values } = parseArgs({ options: { ...options, viewport: { ...text, default: 'phone' }, scheme: { ...text, default: 'light' } } });
  await mkdir(values.out, { recursive: true });
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'] });
  const viewport = values.viewport === 'desktop' ? { width: 1280, height: 900 } : { width: 390, height: 844 };
  const complaints = [];
  const steps = [];

  /** A page of a visitor of its own; `more` are options of its context, such as a locale. */
  async function newPage(more = {}) {
    const page = await (await browser.newContext({ viewport, colorScheme: values.scheme, ...more })).newPage();
    page.setDefaultTimeout(60_000);
    page.on('pageerror', (error) => complaints.push(`script error: ${error.message}`));
    page.on('console', (message) => {
      if (/Content Security Policy/i.test(message.text())) complaints.push(message.text());
    });
    page.on('request', (request) => {
      const address = request.url();
      if (!address.startsWith(values.base) && !/^(data|blob):/.test(address)) complaints.push(`asks another host: ${address}`);
    });
    return page;
  }

  /** A picture and an axe run of the present step. */
  async function record(page, name) {
    const number = String(steps.length + 1).padStart(2, '0');
    await page.screenshot({ path: join(values.out, `${number}-${name}.png`), fullPage: true });
    complaints.push(...await axe(page, name));
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (over > 0) complaints.push(`${name}: the page is ${over} px too wide`);
    steps.push(name);
  }

  /** Walks, says what was found, and ends: with 1 where something is wrong. */
  async function finish(walk) {
    try {
      await walk();
    } catch (error) {
      complaints.push(error.message.split('\n')[0]);
      const pages = browser.contexts().flatMap((context) => context.pages());
      await Promise.all(pages.map((page, at) => page.screenshot({ path: join(values.out, `failed-${at}.png`), fullPage: true }).catch(() => {})));
    }
    await browser.close();
    console.log(JSON.stringify({ ok: complaints.length === 0, steps, complaints }));
    process.exit(complaints.length ? 1 : 0);
  }
  return { values, browser, complaints, newPage, record, finish };
}
