// Owns the walk along the edges of a sale: what a fan sees when time is over, when all seats are held or
// sold, when a sale is paused, closed or cancelled, and that no reload, second tab or refusal hides seats.
//
//   node edges.mjs --base http://127.0.0.1:8080 --key-file manager.key --out shots [--only PART]
import { parseArgs } from 'node:util';
import { buyer, enterShop, holdBest, manager, scanned, stage } from './scene.mjs';

const text = { type: 'string' };
const { values } = parseArgs({ options: { base: text, 'key-file': text, out: text, viewport: text, scheme: text, only: text } });
const { base } = values;
const staff = await manager(base, values['key-file']);
const { person, tab, record, state, run, complaints } = await stage(values);
const must = (is, words) => is || complaints.push(words);
const button = (words) => `button:text-is("${words}")`;
const pay = async (page, card = 0) => {
  await page.click(`.test-card >> nth=${card}`);
  await page.waitForFunction(() => document.querySelector('#card-number')?.value);
  await page.click('.pay-form button[type="submit"]');
};
const secondsLeft = async (page) => (await page.locator('.count-value').innerText()).split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
const open = (page, event) => page.goto(`${base}/events/${event}`);

const parts = {
  /** The time in the shop is over: that is said, and one button leads in again. */
  async timeOver() {
    const event = await staff.event('A short visit', { pass: '8s' });
    const page = await person();
    await enterShop(page, base, event);
    await page.waitForSelector('h2:text-is("Your time ran out")');
    await record(page, 'time-over');
    await page.reload();
    await page.waitForSelector('h2:text-is("Your time ran out")');
    must(await page.locator('#state .primary').count() === 1, 'time over: not exactly one button');
    await page.click(button('Join the queue'));
    await state(page, 'turn', 'waiting');
    await page.click(button('Continue to the seats'));
    await state(page, 'shop');
  },

  /** Nothing that a browser does hides seats that are held. */
  async heldSeats() {
    const event = await staff.event('Seats that stay');
    const page = await person();
    await enterShop(page, base, event);
    const second = await tab(page.context());
    await open(second, event);
    await second.waitForSelector('.best-go');
    await holdBest(page);
    // The other tab looks by itself.
    await second.waitForSelector('.pay-form');
    await second.close();
    await page.reload();
    await page.waitForSelector('.pay-form');
    await page.click('.brand');
    await page.waitForSelector('.held:has-text("You hold 2 seats")');
    await record(page, 'list-with-held');
    await page.goBack();
    await page.waitForSelector('.pay-form');
    await page.goForward();
    await page.click('.held a');
    await page.waitForSelector('.pay-form');
    await page.goto(`${base}/tickets`);
    await page.click('a:text-is("Go on")');
    await page.waitForSelector('.pay-form');
  },

  /** A tab that was left behind is refused, and shows the seats that were meant. */
  async refusedAndLed() {
    const event = await staff.event('Two tabs');
    const page = await person();
    await enterShop(page, base, event);
    const second = await tab(page.context());
    // This one hears nothing from the first.
    await second.addInitScript(() => { delete globalThis.BroadcastChannel; });
    await open(second, event);
    await second.waitForSelector('.best-go');
    await holdBest(page);
    await second.bringToFront();
    const presses = async () => {
      await second.focus('.best-go', { timeout: 2000 });
      await second.click('.best-go', { timeout: 2000 });
    };
    if (await second.locator('.best-go').count()) await presses().catch(() => {});
    await second.waitForSelector('.pay-form');
    await record(second, 'held-already');
  },

  /** Back from the bank, by the browser's own button, to the order. */
  async backFromTheBank() {
    const event = await staff.event('A bank that asks');
    const page = await person();
    await enterShop(page, base, event);
    await holdBest(page);
    await pay(page, 2);
    await page.click('a:text-is("Go to my bank")');
    await page.waitForSelector('#approve');
    await page.waitForSelector('#amount:has-text("€90.00")');
    await page.waitForSelector('#shop:has-text("A bank that asks")');
    await record(page, 'bank');
    await page.goBack();
    await page.waitForSelector('a:text-is("Go to my bank")');
    await page.goForward();
    await page.click('#refuse');
    await page.waitForSelector('h2:text-is("The card was declined")');
    await record(page, 'declined');
    await pay(page);
    await page.waitForSelector('.ticket img.qr');
  },

  /** A no from the bank leaves the time that was left, and another card may be tried. */
  async declinedKeepsTheTime() {
    const event = await staff.event('A bank that says no', { retry: '10s' });
    const page = await person();
    await enterShop(page, base, event);
    await holdBest(page);
    const before = await secondsLeft(page);
    const pressed = Date.now();
    await pay(page, 1);
    await page.waitForSelector('h2:text-is("The card was declined")');
    const lost = before - await secondsLeft(page) - (Date.now() - pressed) / 1000;
    must(lost < 3, `a decline took ${Math.round(lost)} s of the time`);
  },

  /** Whoever got the money back reads that, and not that it is their turn. */
  async refunded() {
    const event = await staff.event('Money back');
    const page = await person();
    await enterShop(page, base, event);
    await holdBest(page);
    await pay(page);
    await page.waitForSelector('.ticket img.qr');
    const [order] = (await (await page.request.get(`${base}/v1/me/orders`)).json()).events[0].orders;
    await staff.send('POST', `/v1/events/${event}/orders/${order.order_id}/refund`, { reason: 'requested' });
    await page.goto(`${base}/tickets`);
    await page.waitForSelector('.mine .tag:text-is("Refunded")');
    await record(page, 'refunded-tickets');
    await open(page, event);
    await page.waitForSelector('text=Your order was refunded');
    await record(page, 'refunded');
  },

  /** Where so many leave one behind, that is said before anything is held; one press takes it along, or not. */
  async leavesOne() {
    const event = await staff.event('Odd numbers');
    const other = await buyer(base, event);
    await other.buy([3, 7]);
    const page = await person();
    await enterShop(page, base, event);
    await page.waitForSelector('#best-where option:has-text("6 free")', { state: 'attached' });
    await page.focus('.best-go');
    await page.click('.best-go');
    await page.waitForSelector('text=leaves a single seat behind');
    must((await page.request.get(`${base}/v1/events/${event}/me`).then((answer) => answer.json())).orders.length === 0, 'seats are held before anything is said');
    await record(page, 'leaves-one');
    await page.click('summary:text-is("Find seats by what you want")');
    await page.click(button('Show what is free'));
    await page.waitForSelector('.found li:has-text("alone")');
    await record(page, 'found-leaves-one');
    // Something else is asked for, and what was said of the first is gone.
    await page.click('[aria-label="One seat more"]');
    await page.waitForSelector('text=leaves a single seat behind', { state: 'hidden' });
    await page.click('[aria-label="One seat fewer"]');
    await page.click('.best-go');
    await page.click('.offers button:has-text("Take 3 seats")');
    await page.waitForSelector('.cart:has-text("Total for 3 seats")');
  },

  /** More seats after the first, with one press; and the way back. */
  async buyMore() {
    const event = await staff.event('Once more');
    const page = await person();
    await enterShop(page, base, event);
    await holdBest(page);
    await pay(page);
    await page.waitForSelector('.ticket img.qr');
    await page.click(button('Buy more seats'));
    await page.waitForSelector('.best-go');
    await page.click(`${button('Back to my tickets')}:visible`);
    await page.waitForSelector('.ticket img.qr');
    await staff.sale(event, 'pause');
    await page.waitForFunction(() => document.querySelector('.ticket'));
    await staff.sale(event, 'close');
    await page.reload();
    await page.waitForSelector('.ticket img.qr');
    // What the queue says may be a second old.
    await page.waitForSelector(button('Buy more seats'), { state: 'hidden' });
  },

  /** All held, then some back, then all sold: three things that are said apart. */
  async noneFree() {
    const event = await staff.event('A full house', { seats_per_hold_max: 8, seats_per_buyer_max: 8 });
    const other = await buyer(base, event);
    const held = await other.hold([0, 1, 2, 3, 4, 5, 6, 7]);
    const page = await person();
    await open(page, event);
    await page.waitForSelector('h2:text-is("All seats are taken right now")');
    await page.waitForSelector('text=8 seats are held');
    await record(page, 'all-held');
    await page.click(button('Join the waiting list'));
    await page.waitForSelector('text=No seat is free right now');
    await record(page, 'waiting-list');
    await other.release(held);
    await state(page, 'turn');
    const last = await buyer(base, event);
    await last.buy([0, 1, 2, 3, 4, 5, 6, 7]);
    const late = await person();
    await open(late, event);
    await late.waitForSelector('h2:text-is("Sold out")');
    await record(late, 'sold-out');
  },

  /** Before, between and after. */
  async phases() {
    const opens = new Date(Date.now() + 3600_000).toISOString();
    const event = await staff.event('Not yet', {}, { isClosed: true, opens_at: opens });
    const page = await person();
    await open(page, event);
    await state(page, 'announced');
    await page.waitForSelector('text=/in (59|1:00):/');
    await record(page, 'announced');
    await page.click(button('Take a place in the queue'));
    await state(page, 'waiting');
    await page.waitForSelector('text=/The sale opens .* in (59|1:00):/');
    await record(page, 'waiting-for-the-opening');
    await staff.sale(event, 'open');
    await state(page, 'turn');
    await staff.sale(event, 'pause');
    await page.waitForSelector('text=The sale is paused');
    await staff.sale(event, 'open');
    await state(page, 'turn');
    await staff.sale(event, 'close');
    await page.waitForSelector('h2:text-is("The sale is closed")');
    await record(page, 'closed');
    const called = await staff.event('Called off');
    const fan = await person();
    await enterShop(fan, base, called);
    await holdBest(fan);
    await pay(fan);
    await fan.waitForSelector('.ticket img.qr');
    await staff.cancel(called);
    await fan.waitForSelector('text=What you paid goes back');
    await record(fan, 'cancelled');
    await fan.click('a:text-is("Show my tickets")');
    await fan.waitForSelector('text=The event is cancelled');
  },

  /** More time is added to what is left, for one press, whenever it is asked for. */
  async moreTime() {
    const event = await staff.event('A little longer', { hold: '60s', extension: '100s', extensions_max: 1 });
    const page = await person();
    await enterShop(page, base, event);
    await holdBest(page);
    const more = 'button:text-is("Add 1:40 to your time")';
    await page.waitForSelector(more);
    await record(page, 'more-time');
    const before = await secondsLeft(page);
    await page.click(more);
    await page.waitForFunction((least) => document.querySelector('.count-value')?.textContent.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) > least, before + 90);
    await page.waitForSelector(more, { state: 'hidden' });
    await page.click(button('Release seats'));
    await page.waitForSelector('.best-go');
  },

  /** The end of a countdown is a state with a name. */
  async notPaid() {
    const event = await staff.event('Too slow', { hold: '8s', extensions_max: 0 });
    const page = await person();
    await enterShop(page, base, event);
    await holdBest(page);
    await page.waitForSelector('text=The time to pay ran out');
    await page.waitForSelector('.best-go');
    await record(page, 'not-paid-in-time');
  },

  /** What there is to do and to see while one waits. */
  async theWait() {
    const event = await staff.event('A long line');
    await staff.sale(event, 'pause');
    const page = await person();
    await open(page, event);
    await page.waitForSelector('text=/people are waiting|person is waiting/');
    await page.click(button('Join the queue'));
    await state(page, 'waiting');
    await page.click('summary:text-is("Look at the seats")');
    await page.waitForSelector('.map-stage');
    await page.click('summary:text-is("Go on with another device")');
    await page.waitForSelector('.steps-there img.qr');
    const way = await scanned(page, '.steps-there img.qr');
    must(way === `${base}/sign-in?back=${encodeURIComponent(`/events/${event}`)}`, `the code for another device says ${way}`);
    await record(page, 'waiting-and-looking');
    await page.click(button('Notify me when it is my turn'));
    await page.waitForSelector('#notify-status:not(:empty)');
    // Without a network the page says how old it is, second by second.
    await page.context().setOffline(true);
    await page.waitForFunction(() => /^([4-9]|\d\d) s ago$/.test([...document.querySelectorAll('.facts dd')].at(-1)?.textContent));
    await page.context().setOffline(false);
    await staff.sale(event, 'open');
    await state(page, 'turn');
    must((await page.title()).startsWith('● Your turn'), 'the title does not say whose turn it is');
  },

  /** The line, without any script. */
  async withoutScript() {
    const event = await staff.event('Plain paper');
    const page = await person({ javaScriptEnabled: false });
    await open(page, event);
    must((await page.title()) === 'Plain paper', 'the page does not name the event without script');
    await page.click('a:text-is("To the queue")');
    await page.click(button('Join the queue'));
    await page.screenshot({ path: `${values.out}/no-script.png`, fullPage: true });
    // Pressed too early, the door says so and keeps what was waited for.
    for (let presses = 0; presses < 200 && await page.locator(button('Take my place')).count(); presses += 1) {
      await page.click(button('Take my place'));
    }
    await page.waitForSelector('h2:text-matches("You are in the queue|It is your turn")');
    while (!await page.locator(button('Continue to the seats')).count()) await page.reload();
    await page.click(button('Continue to the seats'));
    await page.waitForSelector('h2:text-is("You are in")');
  },

  /** The list of events has the address one would guess. */
  async listOfEvents() {
    const page = await person();
    await page.goto(`${base}/events`);
    await page.waitForSelector('.event-card');
    await record(page, 'events');
  },
};
await run(values.only ? { [values.only]: parts[values.only] } : parts);
