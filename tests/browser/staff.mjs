// Owns what follows a purchase: a ticket is handed on, its taker is let in at the gate, its giver is
// not, and an operator turns the dials by their page. Steps of walk.mjs, for a walk with a staff key.
import { readFile } from 'node:fs/promises';

/** The ticket codes a page has been given, newest last. */
function codes(page) {
  const seen = [];
  page.on('response', async (answer) => {
    if (!/\/orders\/[^/]+\/tickets$/.test(new URL(answer.url()).pathname)) return;
    const body = await answer.json().catch(() => ({}));
    for (const { token } of body.tickets || []) if (!seen.includes(token)) seen.push(token);
  });
  return seen;
}

/** Gives the first ticket to somebody with their own browser; returns the new code and the old. */
export async function handOn(walk, taker) {
  const given = codes(walk.page);
  await walk.page.reload();
  await walk.state('tickets');
  const before = await walk.page.locator('.ticket').count();
  await walk.press('.ticket >> nth=0 >> button:text-is("Give away")');
  await walk.see('.hand-on input', 'the link that transfers the ticket');
  await walk.record('handing-on');
  const link = await walk.page.inputValue('.hand-on input');
  const taken = codes(taker.page);
  await taker.page.goto(link);
  await taker.see('h2:text-is("A ticket for you")', 'the offer');
  await taker.record('offered');
  await taker.press('button:text-is("Take the ticket")');
  await taker.see('.ticket img.qr', 'the ticket that was taken');
  await taker.record('taken');
  await walk.page.reload();
  await walk.page.waitForFunction((count) => document.querySelectorAll('.ticket').length < count, before,
    { timeout: walk.waitMs });
  await walk.record('handed-on');
  const [code] = taken;
  return { code, stale: given[0] };
}

/** At the gate: the taker is admitted once, the giver's code admits nobody. */
export async function letIn(walk, options, { code, stale }) {
  const { page } = walk;
  await page.goto(`${options.base}/events/${options.event}/gate`);
  await page.fill('#key', (await readFile(options['staff-key-file'], 'utf8')).trim());
  for (const [token, words, name] of [[code, 'Let in.', 'let-in'], [code, 'Stop.', 'again'], [stale, 'Stop.', 'stale']]) {
    await page.fill('#token', token);
    await page.press('#token', 'Enter');
    await page.waitForFunction((wanted) => document.querySelector('#outcome strong')?.textContent === wanted,
      words, { timeout: walk.waitMs });
    await walk.record(`gate-${name}`);
    await page.evaluate(() => document.getElementById('outcome').replaceChildren());
  }
}

/** The operators' page: bad input is reported at its field, a preview changes nothing, a change is made. */
export async function turnDials(walk, options) {
  const { page } = walk;
  await page.goto(`${options.base}/events/${options.event}/dials`);
  await page.fill('#key', (await readFile(options['staff-key-file'], 'utf8')).trim());
  await page.press('#key', 'Enter');
  await walk.see('#dial-pace_per_minute', 'the dials');
  await walk.record('dials');
  const pace = await page.inputValue('#dial-pace_per_minute');
  await page.fill('#dial-pace_per_minute', '-1');
  await walk.press('#preview');
  await walk.see('#dial-pace_per_minute[aria-invalid]', 'the field that is wrong');
  await walk.record('dials-refused');
  await page.fill('#dial-pace_per_minute', '1200');
  await page.fill('#reason', 'a walk through the pages');
  await walk.press('#preview');
  await walk.see('#outcome table', 'the preview');
  await walk.record('dials-preview');
  await walk.press('#dials button[type=submit]');
  await walk.see('#outcome strong:text-is("Applied.")', 'the change');
  await page.waitForFunction(() => document.getElementById('dial-pace_per_minute').value === '1200', null,
    { timeout: walk.waitMs });
  await page.fill('#dial-pace_per_minute', pace);
  await walk.press('#dials button[type=submit]');
  await page.waitForFunction((wanted) => document.getElementById('dial-pace_per_minute').value === wanted, pace,
    { timeout: walk.waitMs });
  await walk.record('dials-turned');
}
