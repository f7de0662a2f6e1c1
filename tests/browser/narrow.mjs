// Owns the walk where there is little room: every page and state that a fan sees, on the smallest phone (320 CSS
// pixels) and on a screen at 200 % zoom. Nothing scrolls sideways (WCAG 1.4.10), no control is outside of the page
// or under something else, what is touched is 44 pixels, axe has no complaint.
//
//   node narrow.mjs --base http://127.0.0.1:8080 --key-file manager.key --out shots [--only phone|zoom]
import { parseArgs } from 'node:util';
import { buyer, enterShop, holdBest, manager, stage } from './scene.mjs';

const text = { type: 'string' };
const { values } = parseArgs({ options: { base: text, 'key-file': text, out: text, only: text } });
const { base } = values;
const staff = await manager(base, values['key-file']);
const { person, record, state, run, complaints } = await stage(values);
const button = (words) => `button:text-is("${words}")`;

/** A desktop of 1280 × 900 at 200 % has half of each in CSS pixels, and twice the density. */
const MODES = {
  phone: { viewport: { width: 320, height: 640 }, hasTouch: true, deviceScaleFactor: 2 },
  zoom: { viewport: { width: 640, height: 450 }, deviceScaleFactor: 2, colorScheme: 'dark' },
};
const TARGET_PX = 44;

/** What is wrong with the controls of a page: outside, covered, too small for a finger. */
const faultsOf = (least) => {
  const faults = [];
  const said = (one) => `${one.localName} “${(one.textContent.trim() || one.getAttribute('aria-label') || one.id).replace(/\s+/g, ' ').slice(0, 40)}”`;
  // A link within a sentence is as tall as its line (2.5.8); what nobody sees yet is not there to be touched.
  const isInText = (one) => one.localName === 'a' && getComputedStyle(one).display === 'inline';
  // Behind the map the list is there for readers and the keyboard; focus brings it forward.
  const isBehind = (one) => one.closest('.shop-side') && getComputedStyle(one.closest('.shop-side')).clipPath !== 'none';
  const isScrolled = (one) => {
    for (let up = one.parentElement; up; up = up.parentElement) {
      if (/auto|scroll/.test(getComputedStyle(up).overflowX) && up.scrollWidth > up.clientWidth) return true;
    }
    return false;
  };
  for (const one of document.querySelectorAll('button, a[href], input, select, textarea, summary')) {
    if (!one.checkVisibility({ visibilityProperty: true, opacityProperty: true }) || one.closest('.skip, .vh, iframe') || isBehind(one) || one.type === 'hidden') continue;
    one.scrollIntoView({ block: 'center', inline: 'nearest', behavior: 'instant' });
    // A box that is ticked is as large as its label.
    const whole = ['checkbox', 'radio'].includes(one.type) ? one.closest('label') || one : one;
    const box = whole.getBoundingClientRect();
    if (box.width < 2 || box.height < 2) continue;
    if ((box.left < -0.5 || box.right > innerWidth + 0.5) && !isScrolled(one)) faults.push(`${said(one)} is outside of the page`);
    if (least && !isInText(one) && Math.min(box.width, box.height) < least - 0.5) {
      faults.push(`${said(one)} is ${Math.round(box.width)} × ${Math.round(box.height)} px`);
    }
    const first = isInText(one) ? one.getClientRects()[0] : box;
    const [x, y] = [first.left + first.width / 2, first.top + first.height / 2];
    const at = document.elementFromPoint(x, y);
    const isOurs = at && (whole.contains(at) || at.contains(whole) || at.closest('label')?.control === one);
    if (!isOurs && !isScrolled(one)) faults.push(`${said(one)} is under ${at ? at.localName + (at.className ? `.${at.className}` : '') : 'nothing'}`);
  }
  scrollTo(0, 0);
  return faults;
};

function walk(mode) {
  const visitor = () => person(MODES[mode]);
  const name = (what) => `${mode}-${what}`;
  async function look(page, what) {
    await record(page, name(what));
    const faults = await page.evaluate(faultsOf, mode === 'phone' ? TARGET_PX : 0);
    complaints.push(...faults.slice(0, 6).map((fault) => `${name(what)}: ${fault}`));
  }
  const go = (page, path) => page.goto(base + path);
  const card = async (page, at) => {
    await page.click(`.test-card >> nth=${at}`);
    await page.waitForFunction(() => document.querySelector('#card-number')?.value);
    await page.click('.pay-form button[type="submit"]');
  };
  return {
    /** From the list to the tickets. */
    async buying() {
      const event = await staff.event('A narrow evening with a name that does not fit into one line of anything', {}, {
        artist: 'The Examples', venue_name: 'Donaudampfschifffahrtsgesellschaftshaus', venue_address: 'Square 1\nSmallville',
        time_zone: 'Europe/Berlin', starts_at: '2037-06-01T20:00:00+02:00', description: 'An evening.' });
      const page = await visitor();
      await go(page, '/');
      await page.waitForSelector('.event-card');
      await look(page, 'events');
      await go(page, `/events/${event}`);
      await state(page, 'join');
      await page.waitForSelector('#event-about .artist');
      await look(page, 'join');
      await page.click(button('Join the queue'));
      await state(page, 'turn');
      await look(page, 'turn');
      await page.click(button('Continue to the seats'));
      await page.waitForSelector('.map-stage');
      await look(page, 'map');
      if (await page.locator('#tab-list').isVisible()) await page.click('#tab-list');
      await look(page, 'list');
      await page.click('summary:text-is("Find seats by what you want")');
      await page.click(button('Show what is free'));
      await page.waitForSelector('.found li');
      await look(page, 'found');
      await page.click('#best-show');
      await page.waitForSelector('.bar-actions button');
      await look(page, 'chosen');
      await holdBest(page);
      await page.waitForSelector('.test-card');
      await look(page, 'pay');
      await card(page, 1);
      await page.waitForSelector('h2:text-is("The card was declined")');
      await look(page, 'declined');
      await card(page, 2);
      await page.click('a:text-is("Go to my bank")');
      await page.waitForSelector('#approve');
      await look(page, 'bank');
      await page.click('#approve');
      await page.waitForSelector('.ticket img.qr');
      await look(page, 'tickets');
      await page.click(`${button('Give away')} >> nth=0`);
      await page.waitForSelector('.hand-on input');
      await look(page, 'give-away');
      const link = await page.inputValue('.hand-on input');
      const other = await visitor();
      await other.goto(link);
      await other.waitForSelector(button('Take the ticket'));
      await look(other, 'take');
      await go(page, '/tickets');
      await page.waitForSelector('.ticket img.qr');
      await look(page, 'my-tickets');
      await go(page, '/me');
      await page.waitForSelector('#me:not([aria-busy])');
      await look(page, 'me');
    },

    /** Where one waits, or nothing is to be had. */
    async waiting() {
      const opens = new Date(Date.now() + 3600_000).toISOString();
      const later = await staff.event('Not yet', {}, { isClosed: true, opens_at: opens });
      const held = await staff.event('Taken', { seats_per_hold_max: 8, seats_per_buyer_max: 8 });
      const called = await staff.event('Called off');
      const closed = await staff.event('Gone by');
      const paused = await staff.event('A long line');
      const codes = await staff.event('With a code', {}, { isClosed: true });
      await (await buyer(base, held)).hold([0, 1, 2, 3, 4, 5, 6, 7]);
      await staff.cancel(called);
      await staff.sale(closed, 'close');
      await staff.sale(paused, 'pause');
      const page = await visitor();
      await go(page, `/events/${later}`);
      await state(page, 'announced');
      await look(page, 'announced');
      await staff.sale(codes, 'presale');
      await go(page, `/events/${codes}`);
      await state(page, 'presale');
      await look(page, 'presale');
      await go(page, `/events/${paused}`);
      await page.click(button('Join the queue'));
      await state(page, 'waiting');
      await page.click('summary:text-is("Look at the seats")');
      await page.waitForSelector('.map-stage');
      await page.click('summary:text-is("Go on with another device")');
      await look(page, 'waiting');
      await go(page, `/events/${held}`);
      await state(page, 'sold_out');
      await look(page, 'sold-out');
      await go(page, `/events/${closed}`);
      await state(page, 'closed');
      await look(page, 'closed');
      await go(page, `/events/${called}`);
      await state(page, 'cancelled');
      await look(page, 'cancelled');
      await go(page, '/events/evt_00000000ZZZZZ');
      await page.waitForSelector('h2:text-is("This event does not exist")');
      await look(page, 'unknown');
      await go(page, '/nowhere');
      await page.waitForSelector('h1:text-is("There is no such page")');
      await look(page, 'no-page');
    },

    /** What has an address of its own. */
    async others() {
      const page = await visitor();
      for (const path of ['/tickets', '/sign-in', '/confirm', '/unsubscribe/x', '/docs']) {
        await go(page, path);
        await page.waitForFunction(() => !document.querySelector('[aria-busy="true"], .loading'));
        await look(page, path.split('/')[1]);
      }
    },

    /** Without any script. */
    async plain() {
      const event = await staff.event('Plain paper');
      const page = await person({ ...MODES[mode], javaScriptEnabled: false });
      await go(page, `/events/${event}`);
      await page.click('a:text-is("To the queue")');
      await page.waitForSelector(button('Join the queue'));
      const { width } = MODES[mode].viewport;
      const box = await page.locator(button('Join the queue')).boundingBox();
      if (box.x < 0 || box.x + box.width > width || (mode === 'phone' && box.height < TARGET_PX)) complaints.push(`${name('plain')}: the button is ${JSON.stringify(box)}`);
      await page.screenshot({ path: `${values.out}/${name('plain')}.png`, fullPage: true });
    },
  };
}

const modes = values.only ? [values.only] : Object.keys(MODES);
await run(Object.fromEntries(modes.flatMap((mode) => Object.entries(walk(mode)).map(([part, work]) => [`${mode} ${part}`, work]))));
