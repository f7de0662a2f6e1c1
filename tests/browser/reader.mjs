// Owns buying a ticket as a screen reader's user does: each phrase that is heard, from the first page to the
// ticket. What is heard is compared with the transcript in the repository, and must stay short.
//
//   node reader.mjs --base http://127.0.0.1:8080 --key-file manager.key --out shots [--update]
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { manager, stage } from './scene.mjs';

const text = { type: 'string' };
const { values } = parseArgs({ options: { base: text, 'key-file': text, out: text, update: { type: 'boolean', default: false } } });
const { base } = values;
const transcript = fileURLToPath(new URL('./transcripts/buy.txt', import.meta.url));
const script = await readFile(fileURLToPath(new URL('./node_modules/@guidepup/virtual-screen-reader/lib/esm/index.browser.js', import.meta.url)), 'utf8');
/** More would mean that somebody who hears the page is led astray. */
const PHRASES_MAX = 120;
const staff = await manager(base, values['key-file']);
const { person, state, run, complaints } = await stage(values);

/** Ids, clocks and dates differ from run to run. */
const plain = (phrase) => phrase.replace(/(evt|ord|hld|tkt)_[0-9A-Z]+(-\d+)?/g, '$1_…').replace(/\d+:\d\d(:\d\d)?/g, '0:00').replace(/^timer,.*/, 'timer');

async function reader(page) {
  const heard = [];
  const call = (name, ...given) => page.evaluate(async ([method, args]) => {
    const { virtual } = globalThis.fgReader;
    if (method === 'heading') await virtual.perform(virtual.commands.moveToNextHeading);
    else await virtual[method](...args);
    return virtual.lastSpokenPhrase();
  }, [name, given]);
  const hear = async (...how) => {
    const phrase = plain(await call(...how));
    heard.push(phrase);
    return phrase;
  };
  return {
    heard,
    /** Begins to read the page that is there, from its top or where focus is. */
    async begin() {
      await page.evaluate(async () => {
        globalThis.fgReader ??= await import('/assets/js/fg-reader.js');
        if (globalThis.fgReading) await globalThis.fgReader.virtual.stop();
        globalThis.fgReading = true;
        await globalThis.fgReader.virtual.start({ container: document.querySelector('main') });
      });
      heard.push(`— ${await page.title()}`);
    },
    /** From heading to heading, as people do who know where they want to go. */
    async heading(words, most = 8) {
      for (let phrases = 0; phrases < most; phrases += 1) if (words.test(await hear('heading'))) return;
      throw new Error(`no heading ${words}: ${heard.slice(-most).join(' | ')}`);
    },
    /** Reads on until a phrase fits. */
    async until(words, most = 40) {
      for (let phrases = 0; phrases < most; phrases += 1) if (words.test(await hear('next'))) return;
      throw new Error(`${words} is not heard within ${most} phrases: ${heard.slice(-most).join(' | ')}`);
    },
    /** Focus was moved here by the page, and that is heard. */
    async here(words) {
      const phrase = plain(await page.evaluate(() => globalThis.fgReader.virtual.lastSpokenPhrase()));
      heard.push(phrase);
      if (!words.test(phrase)) throw new Error(`${words} is expected, “${phrase}” is heard`);
    },
    press: async () => {
      heard.push('(press)');
      await call('act');
    },
  };
}

await run({
  async buy() {
    const event = await staff.event('An evening for ears');
    const page = await person();
    await page.route('**/fg-reader.js', (route) => route.fulfill({ contentType: 'text/javascript', body: script }));
    await page.goto(`${base}/events/${event}`);
    await state(page, 'join');
    const ear = await reader(page);
    await ear.begin();
    await ear.until(/^button, Join the queue/);
    await ear.press();
    await state(page, 'turn');
    await ear.begin();
    await ear.heading(/^heading, Your turn/);
    await ear.until(/^button, Continue to the seats/);
    await ear.press();
    await page.waitForSelector('.best-go');
    await ear.begin();
    await ear.heading(/^heading, Choose your seats/);
    await ear.until(/^button, Find 2 seats together/);
    await ear.press();
    await page.waitForSelector('.pay-form');
    await ear.begin();
    await ear.heading(/^heading, Pay for your seats/);
    await ear.heading(/^heading, Your order/);
    await ear.until(/^€90/);
    await ear.heading(/^heading, Pay by card/);
    await ear.until(/Approves/);
    await ear.press();
    await page.waitForFunction(() => document.querySelector('#card-number')?.value);
    await ear.here(/^button, Pay/);
    await ear.press();
    await page.waitForSelector('.ticket img.qr');
    await ear.begin();
    await ear.heading(/^heading, Your tickets/);
    await ear.until(/Entry code/);
    const is = `${ear.heard.join('\n')}\n`;
    if (values.update) await writeFile(transcript, is);
    const count = ear.heard.filter((phrase) => !/^[—(]/.test(phrase)).length;
    console.error(`${count} phrases`);
    if (count > PHRASES_MAX) complaints.push(`${count} phrases are heard, ${PHRASES_MAX} are the most`);
    const was = await readFile(transcript, 'utf8').catch(() => '');
    const at = is.split('\n').findIndex((line, number) => line !== was.split('\n')[number]);
    if (is !== was) complaints.push(`the transcript differs in line ${at + 1}: “${is.split('\n')[at]}”, not “${was.split('\n')[at]}”; run with --update if that is meant`);
  },
});
