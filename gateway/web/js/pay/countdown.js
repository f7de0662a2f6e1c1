// Owns the hold's countdown: shown each second, said aloud only at 2:00, 1:00 and 0:30.
import { now } from '../api.js';
import { announce, el, say } from '../dom.js';
import { clock } from '../clock.js';
import { t } from '../further.js';

const STEPS_MS = [120000, 60000, 30000];

/** The step passed between two readings of what is left, or null. Pure. */
export const passedStep = (beforeMs, leftMs) =>
  STEPS_MS.find((step) => beforeMs > step && leftMs <= step) ?? null;

const STEP_WORDS = { 120000: t`Two minutes`, 60000: t`One minute`, 30000: t`Thirty seconds` };

/** `onEnd` runs once, shortly after the end, when the server knows it too. */
export function countdown({ label, onEnd }) {
  const value = el('strong', { class: 'count-value' });
  const words = el('span');
  const bar = el('progress', { max: 1, value: 1, 'aria-hidden': 'true' });
  const node = el('div', { class: 'count', role: 'timer', 'aria-live': 'off' },
    el('p', { class: 'count-line' }, words, value), bar);
  let until = NaN;
  let whole = 1;
  let before = Infinity;
  let isEnded = false;

  function tick() {
    if (Number.isNaN(until)) return;
    const left = until - now();
    say(value, clock(left));
    bar.value = Math.max(0, Math.min(1, left / whole));
    const step = passedStep(before, left);
    if (step) announce(t`${STEP_WORDS[step]} left. ${label}`);
    before = left;
    node.classList.toggle('short', left < 60000);
    if (left < -1500 && !isEnded) {
      isEnded = true;
      onEnd();
    }
  }
  const ticking = setInterval(tick, 500);
  return {
    node,
    set(expiresAt) {
      const next = Date.parse(expiresAt || '');
      node.hidden = Number.isNaN(next);
      if (next === until) return;
      until = next;
      whole = Math.max(until - now(), 1000);
      before = Infinity;
      isEnded = false;
      say(words, `${label} `);
      tick();
    },
    close: () => clearInterval(ticking),
  };
}
