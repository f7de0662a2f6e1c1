// Owns what goes between an artist and those who asked: a buyer gets news on the page, the artist
// writes to the holders by the console, the buyer reads it. Steps of walk.mjs, for a walk with the
// key of somebody who may announce.
import { readFile } from 'node:fs/promises';

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
  // The list follows the log, and may be a moment behind.
  const undo = '.news button[aria-label^="Undo"]';
  await page.waitForFunction(async ([path, name]) => {
    const answer = await fetch(path);
    return answer.ok && JSON.stringify(await answer.json()).includes(name);
  }, [`/v1/events/${walk.options.event}/follow`, '"scope":"event"'], { timeout: walk.waitMs });
  await page.reload();
  await walk.press('.news summary');
  await walk.see(undo, 'what is followed, after a reload');
  await walk.record('news-standing');
  await walk.press(undo);
  await walk.see('.news .said:not(:empty)', 'that it was undone');
  await ask();
}

/** By the console: faults are said, the preview counts, the second press sends. */
export async function announce(walk, options, subject) {
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
  for (const box of ['#ann-who-holders', '#ann-who-followers', '#ann-channels-page', '#ann-channels-email']) await page.check(box);
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
  await walk.press('.announcement summary');
  await walk.press('button[aria-label^="List the people: Sent"]');
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
