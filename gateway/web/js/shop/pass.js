// Owns the line that says how much time is left in the shop, and when one may hold seats again.
import { now } from '../api.js';
import { clock } from '../clock.js';
import { announce, el, say } from '../dom.js';
import { t } from '../further.js';

export function passLine(page) {
  const line = el('p', { class: 'quiet' });
  const ends = Date.parse(page.me.pass_expires_at || '');
  let warned = false;
  const tick = () => {
    const left = ends - now();
    const wait = Date.parse(page.me.hold_again_at || '') - now();
    const pause = wait > 0 ? t` You gave seats back: you can hold seats again in ${clock(wait)}.` : '';
    say(line, (left > 0 ? t`Time in the shop: ${clock(left)}. Held seats have their own time.` : '') + pause);
    if (left < 120000 && left > 0 && !warned) {
      warned = true;
      announce(t`Two minutes left in the shop. Hold seats to keep them for payment.`);
    }
    if (left <= 0) page.refresh().catch(() => {});
  };
  if (Number.isNaN(ends) && !page.me.hold_again_at) return { line, close() {} };
  tick();
  const ticking = setInterval(tick, 1000);
  return { line, close: () => clearInterval(ticking) };
}
