// Owns the countdown to the opening, from the time the event itself gives.
import { instant } from './about.js';
import { now } from './api.js';
import { clock } from './clock.js';
import { el, say } from './dom.js';
import { t } from './further.js';

const DAY_MS = 86400000;

/** What is left until then, in words: less than a day is counted down, more needs no seconds. Pure. */
export function leftWords(ms) {
  if (ms > DAY_MS) return '.';
  return ms > 0 ? `, in ${clock(ms)}.` : t`: any moment now.`;
}

/** { node, update, close }; empty while nobody has said when the sale opens. */
export function opening(page) {
  const node = el('p', {});
  const left = el('span', { role: 'timer' });
  let saidFor;
  const update = () => {
    const at = page.event?.opens_at;
    if (at !== saidFor) node.replaceChildren(...(at ? [t`The sale opens `, instant(at, page.event.time_zone), left] : []));
    saidFor = at;
    node.hidden = !at;
    say(left, at ? leftWords(new Date(at) - now()) : '');
  };
  update();
  const ticking = setInterval(update, 1000);
  return { node, update, close: () => clearInterval(ticking) };
}
