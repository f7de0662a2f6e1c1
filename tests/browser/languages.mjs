// Owns the walk of somebody who reads another language: from the list of events to the tickets in German, Spanish and
// Arabic, with nothing left in English, numbers and money as that language writes them, and right to left where it is.
//
//   node languages.mjs --base http://127.0.0.1:8080 --event evt_… --out shots
import { readFile } from 'node:fs/promises';
import { begin } from './common.mjs';

const { values, complaints, newPage, record, finish } = await begin();
const READERS = { de: ['de-DE', 'ltr', /\d{1,3},\d{2}\s€/], es: ['es-ES', 'ltr', /\d{1,3},\d{2}\s€/], ar: ['ar-EG', 'rtl', /€/] };

async function catalogueOf(language) {
  const part = async (name) => JSON.parse(await readFile(new URL(`../../gateway/web/words/${language}/${name}.json`, import.meta.url), 'utf8'));
  return { ...await part('first'), ...await part('further') };
}

/** English sentences that are on the page although the catalogue has them. */
const leftOver = (page, catalogue) => page.evaluate((known) => {
  const found = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const { data, parentElement } = walk.currentNode;
    const text = data.trim();
    if (text in known && known[text] !== text && parentElement.checkVisibility?.() && !parentElement.closest('noscript, [lang="en"]')) found.add(text);
  }
  return [...found];
}, Object.fromEntries(Object.entries(catalogue).filter(([, said]) => typeof said === 'string').map(([key, said]) => [key.trim(), said.trim()])));

async function walkIn(language) {
  const [locale, direction, price] = READERS[language];
  const catalogue = await catalogueOf(language);
  const say = (english) => catalogue[english] ?? english;
  const page = await newPage({ locale });
  const look = async (name) => {
    const { lang, dir } = await page.evaluate(() => ({ lang: document.documentElement.lang, dir: document.documentElement.dir }));
    if (lang !== language || dir !== direction) complaints.push(`${language} ${name}: the page says ${lang}, ${dir}`);
    for (const text of await leftOver(page, catalogue)) complaints.push(`${language} ${name}: in English: ${text}`);
    await record(page, `${language}-${name}`);
  };
  await page.goto(values.base);
  await page.waitForSelector('.event-card');
  if (!price.test(await page.locator('.from').first().innerText())) complaints.push(`${language}: a price reads ${await page.locator('.from').first().innerText()}`);
  await look('events');
  await page.goto(`${values.base}/events/${values.event}`);
  await page.click(`button:text-is("${say('Join the queue')}")`);
  const enter = `button:text-is("${say('Continue to the seats')}")`;
  await page.waitForSelector(`${enter}, .best-go`);
  if (!await page.locator('.best-go').count()) {
    await look('turn');
    await page.click(enter);
  }
  await page.waitForSelector('.best-go', { state: 'attached' });
  await look('shop');
  // On a phone focus brings the list before the map.
  await page.focus('.best-go');
  await page.click('.best-go');
  await page.waitForSelector('.pay-form, .test-card');
  await look('pay');
  await page.click('.test-card >> nth=0');
  await page.waitForFunction(() => document.querySelector('#card-number')?.value);
  await page.click('.pay-form button[type="submit"]');
  await page.waitForSelector('.ticket img.qr');
  await look('tickets');
  for (const name of ['me', 'tickets', 'sign-in']) {
    await page.goto(`${values.base}/${name}`);
    await page.waitForFunction(() => !document.querySelector('main [aria-busy="true"]'));
    await look(`page-${name}`);
  }
}

/** Chosen at the end of a page, and kept. */
async function choose() {
  const page = await newPage({ locale: 'fr-FR' });
  await page.goto(values.base);
  await page.selectOption('#language', 'de');
  await page.waitForFunction(() => document.documentElement.lang === 'de');
  await page.goto(`${values.base}/events/${values.event}`);
  await page.waitForFunction(() => document.documentElement.lang === 'de');
}

await finish(async () => {
  for (const language of Object.keys(READERS)) await walkIn(language);
  await choose();
});
