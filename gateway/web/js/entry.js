// Owns coming in: taking a place, and going straight in where nobody is ahead.
import { Problem, get } from './api.js';
import { pause } from './backoff.js';
import { send } from './command.js';
import { door } from './door.js';
import { t } from './further.js';
import { aheadOf, isSold } from './state.js';

/** A place is kept by a cookie; without, it would be lost at once. */
const cookiesOff = () => new Problem(0, { code: 'cookies_off', detail: t`Your browser does not keep cookies for this site, so it cannot keep your place. Allow cookies for this site in its settings, then press again.` });

export async function joinQueue(page, through) {
  if (navigator.cookieEnabled === false) throw cookiesOff();
  await through.join();
  page.acted = true;
  page.changed();
  await page.refresh();
  // It said yes and kept none all the same.
  if (page.me?.device === false || page.me?.place === null) throw cookiesOff();
}

/** How often, and how far apart, the line is looked at before somebody is let wait like all others. */
const LOOKS = { count: 6, ms: 500 };

/**
 * From anywhere to where one can buy, with one press: joins, and goes in at once where nobody is
 * ahead. Where somebody is, the page waits as it always does.
 */
export async function goIn(page, through) {
  await joinQueue(page, through);
  for (let looks = 0; looks < LOOKS.count; looks += 1) {
    if (page.me.pass_expires_at || !isSold(page.queue?.phase)) return;
    if (aheadOf(page.me.place, page.queue) < 0) {
      const pass = await send('POST', `${page.base}/enter`, {}).catch(() => null);
      if (pass) {
        page.setPass(pass);
        page.setDone(pass.as_of);
        page.changed();
      }
      page.acted = true;
      await page.refresh();
      return;
    }
    await pause(LOOKS.ms);
    page.queue = await get(`${page.base}/queue`, 1).catch(() => page.queue);
  }
}

export { door };
