// Owns what goes between an artist and those who asked: a buyer gets news on the page, the artist
// writes to the holders by the console, the buyer reads it. Steps of walk.mjs, for a walk with the
// key of somebody who may announce.
import { readFile } from 'node:fs/promises';

/** Until the server's answer has these words: it follows the log, and may be a moment behind. */
const untilSaid = ({ page, waitMs }, path, words) => page.waitForFunction(async ([at, wanted]) => {
  const answer = await fetch(at);
  return answer.ok && JSON.stringify(await answer.json()).includes(wanted);
}, [path, words], { timeout: waitMs });

/** Ticks and asks, sees it said and kept over a reload, undoes it, and asks again. */
export async function getNews(walk) {
  const { page } = walk;
  await walk.press('.news summary');
  await walk.see('.news .primary', 'the form for news');
  if (await page.isChecked('#news-event')) throw new Error('a box is ticked before anybody agreed');
  await walk.press('.news .primary');
  await walk.see('#news-wrong:not(:empty)', 'that a box is to be ticked');
  await walk.record('news');
  const ask = async () => {
    await page.check('#news-event');
    await walk.press('.news .primary');
    await walk.see('.news .said:not(:empty)', 'that news will come');
  };
  await ask();
  await walk.see('#inbox:not([hidden])', 'the messages');
  await walk.record('news-asked');
  const undo = '.news button[aria-label^="Undo"]';
  await untilSaid(walk, `/v1/events/${walk.options.event}/follow`, '"scope":"event"');
  await page.reload();
  await walk.press('.news summary');
  await walk.see(undo, 'what is followed, after a reload');
  await walk.record('news-standing');
  await walk.press(undo);
  await walk.see('.news .said:not(:empty)', 'that it was undone');
  await ask();
  // The list opens within some seconds, and an open one reads what comes: it is left before anything does.
  await walk.see('#inbox:not([hidden])', 'the messages, once more');
  await page.goto(walk.options.base);
}

/** By the console: faults are said, the preview counts, the second press sends. */
export async function announce(walk, options, subject, channels = ['page', 'email']) {
  const { page } = walk;
  await page.goto(`${options.base}/events/${options.event}/announcements`);
  await walk.see('#sign-in:not([hidden])', 'the door of the console');
  await page.fill('#key', 'FGK.nobody');
  await page.press('#key', 'Enter');
  await walk.see('#refused:not([hidden])', 'that the key is wrong');
  await walk.record('console-refused');
  await page.fill('#key', (await readFile(options['manager-key-file'], 'utf8')).trim());
  await page.press('#key', 'Enter');
  await walk.see('#compose-title', 'the console');
  await walk.press('button:text-is("Preview")');
  await walk.see('#ann-subject[aria-invalid]', 'the fields that are empty');
  await walk.record('console-faults');
  for (const who of ['holders', 'followers']) await page.check(`#ann-who-${who}`);
  for (const channel of channels) await page.check(`#ann-channels-${channel}`);
  await page.fill('#ann-subject', subject);
  await page.fill('#ann-text', 'Because of the weather, doors open at six.\n\nBring something against the rain.');
  await page.fill('#ann-link', 'https://example.org/weather');
  await walk.press('button:text-is("Preview")');
  await walk.see('.strip', 'who is reached');
  await walk.record('console-preview');
  await walk.press('.send');
  await walk.see('button:text("Yes, send it to")', 'the question before it is sent');
  await walk.record('console-confirm');
  await walk.press('button:text("Yes, send it to")');
  await walk.see(`.announcement:has(h3:text-is("${subject}")) .tag:text-is("Sent")`, 'that it was sent');
  const made = `.announcement:has(h3:text-is("${subject}"))`;
  await walk.press(`${made} summary`);
  await walk.press(`${made} button[aria-label^="List the people: Sent"]`);
  await walk.see('.people li', 'the people it was sent to');
  await walk.record('console-sent');
  await walk.press('button:text-is("Sign out")');
  await walk.see('#sign-in:not([hidden])', 'the door, after signing out');
}

/** The message is there, marked as new; opening the list reads it. */
export async function readNews(walk, subject) {
  const { page } = walk;
  await page.goto(walk.options.base);
  await walk.see('.inbox-entry .badge:not([hidden])', 'that there is a new message');
  await walk.press('.inbox-entry');
  await walk.see(`.message:has(h3:text-is("${subject}"))`, 'the message');
  await walk.record('messages');
  await page.keyboard.press('Escape');
  await page.reload();
  await walk.see('.inbox-entry:not(:has(.badge:not([hidden])))', 'that nothing is unread');
  await page.goto(`${walk.options.base}/me`);
  await walk.see('#me section', 'the page about addresses');
  await walk.record('addresses');
}

/** Leaves an address, and confirms it by the link that comes; nothing is followed before. */
export async function confirmByMail(walk, mail, address) {
  const { page } = walk;
  await page.goto(`${walk.options.base}/events/${walk.options.event}`);
  await walk.press('.news summary');
  await walk.see('.news .primary', 'the form for news');
  await page.check('#news-event');
  await page.check('#news-email');
  await page.fill('#news-address', 'ann@');
  await walk.press('.news .primary');
  await walk.see('#news-address[aria-invalid]', 'that the address is none');
  await walk.record('news-address');
  await page.fill('#news-address', address);
  await walk.press('.news .primary');
  await walk.see('.news .said:text("Almost done")', 'that a link was sent');
  const link = await mail.linkTo(address, '/confirm#');
  await page.goto(walk.options.base + link);
  await walk.see('h2:text-is("Is this your address?")', 'the question');
  await walk.record('confirm');
  await walk.press('button:text-is("Yes, confirm it")');
  await walk.see('h2:text-is("Your e-mail address is confirmed")', 'that it is confirmed');
  if (page.url().includes('#')) throw new Error('the token stays in the address');
  await walk.record('confirmed');
  // As if it were opened once more: another page, and then the same.
  await page.goto(walk.options.base);
  await page.goto(walk.options.base + link);
  await walk.press('button:text-is("Yes, confirm it")');
  await walk.see('h2:text-is("This link has been used already")', 'that the link is spent');
  await walk.record('confirm-spent');
}

/** Tries an announcement out on one address, and sends it to nobody. */
export async function tryOut(walk, options, mail) {
  const { page } = walk;
  await page.goto(`${options.base}/events/${options.event}/announcements`);
  await walk.see('#sign-in:not([hidden])', 'the door of the console');
  await page.fill('#key', (await readFile(options['manager-key-file'], 'utf8')).trim());
  await page.press('#key', 'Enter');
  await walk.see('#compose-title', 'the console');
  await page.check('#ann-who-holders');
  await page.check('#ann-channels-email');
  await page.fill('#ann-subject', 'Only tried out');
  await page.fill('#ann-text', 'Nobody else gets this.');
  await walk.press('summary:text-is("Send a test to one address")');
  await page.fill('#test-address', 'crew@example.org');
  await walk.press('button:text-is("Send a test")');
  await walk.see('.said:text("A test is on its way")', 'that a test was sent');
  await walk.record('tried-out');
  await mail.comes('crew@example.org', 'Only tried out');
}

/** Stops the messages by the link in one of them, on any device. */
export async function stopByMail(walk, mail, address) {
  const link = await mail.linkTo(address, '/unsubscribe/');
  await walk.page.goto(walk.options.base + link);
  await walk.see('h2:text-is("Stop these messages?")', 'the question');
  await walk.record('stop');
  await walk.press('button:text-is("Stop them")');
  await walk.see('h2:text-is("Done")', 'that they ended');
  await walk.record('stopped');
  await untilSaid(walk, `/v1${link}`, '"withdrawn"');
  await walk.page.reload();
  await walk.see('h2:text-is("They have been stopped already")', 'that they had ended');
}

/** Signs in another device by a link, which then has the tickets; forgets the person from there. */
export async function signInByMail(walk, other, mail, address) {
  const { base, event } = walk.options;
  await walk.page.goto(`${base}/me`);
  await walk.see('#device-address', 'the form for another device');
  await walk.page.fill('#device-address', address);
  await walk.press('button:text-is("Send me a link")');
  await other.page.goto(base + await mail.linkTo(address, '/sign-in#'));
  await other.see('h2:text-is("Sign in on this device?")', 'the question');
  await other.record('sign-in');
  await other.press('button:text-is("Yes, sign in here")');
  await other.see('h2:text-is("You are signed in")', 'that one is signed in');
  await other.page.goto(`${base}/events/${event}`);
  await other.state('tickets');
  await other.record('tickets-there');
  await other.page.goto(`${base}/me`);
  await other.see('li:has-text("This one")', 'the devices');
  await other.record('devices');
  await other.press('button:text-is("Forget me")');
  await other.press('button:text-is("Yes, forget me for good")');
  await other.see('.said:text("You are forgotten")', 'that one is forgotten');
  await other.record('forgotten');
}

/** The pages behind links say what is wrong with a link that is none. */
export async function badLinks(walk) {
  const { page } = walk;
  await page.goto(`${walk.options.base}/unsubscribe/nothing`);
  await walk.see('h2:text-is("This link does not work")', 'that the link is no good');
  await walk.record('unsubscribe-unknown');
  await page.goto(`${walk.options.base}/confirm#nothing`);
  await walk.press('button:text-is("Yes, confirm it")');
  await walk.see('h2:text-is("This link does not work")', 'that the link is no good');
  await walk.record('confirm-unknown');
}
