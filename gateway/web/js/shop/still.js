// Owns being there: says to the server that somebody is, and asks whoever has done nothing for long.
import { now } from '../api.js';
import { clock } from '../clock.js';
import { send } from '../command.js';
import { action } from '../action.js';
import { announce, el, say } from '../dom.js';
import { t } from '../further.js';
import { passedStep } from '../pay/countdown.js';

/** How long before the end somebody is asked: enough to find the button, whatever they use. */
const ASKED_MS = 60000;
/** What somebody does is said at most so often. */
const SAID_MS = 20000;
const ACTS = ['pointerdown', 'keydown', 'wheel', 'touchmove'];

/**
 * The question, and the eyes on `where`: a person who points, scrolls or types is there. An open
 * page or stream alone is not.
 */
export function stillThere(page, where = document) {
  const left = el('strong', { class: 'count-value' });
  const title = document.title;
  const here = action(t`I am still here`, () => stay());
  const node = el('div', { class: 'notice warn idle', role: 'group', 'aria-label': t`Are you still there?`, hidden: true },
    el('p', {}, el('strong', {}, t`Are you still there? `), t`If nothing happens, your turn ends in `,
      el('span', { role: 'timer', 'aria-live': 'off' }, left), t` and others can come.`), here);
  let saidAt = now();
  let before = Infinity;
  let isSaying = false;

  async function stay() {
    isSaying = true;
    try {
      const { as_of } = await send('POST', `${page.base}/stay`, {});
      saidAt = now();
      page.setDone(as_of);
    } catch (problem) {
      if (problem.code === 'needs_newer_engine') return;
      if (problem.retry !== 'no') throw problem;
    } finally {
      isSaying = false;
    }
    page.changed();
    await page.refresh();
    tick();
  }
  const acted = () => {
    if (!page.me?.idle_at || isSaying || now() - saidAt < SAID_MS) return;
    // What fails now is tried at the next touch, or by the button.
    stay().catch(() => {});
  };

  function tick() {
    const ends = Date.parse(page.me?.idle_at || '');
    const leftMs = ends - now();
    const isAsked = leftMs <= ASKED_MS;
    if (node.hidden === isAsked) {
      node.hidden = !isAsked;
      document.title = isAsked ? t`● Are you still there?` : title;
      if (isAsked) announce(t`Are you still there? Your turn ends in a minute if nothing happens. Press I am still here.`);
    }
    if (!isAsked) {
      before = Infinity;
      return;
    }
    say(left, clock(leftMs));
    if (passedStep(before, leftMs) === 30000) announce(t`Thirty seconds left. Press I am still here.`);
    before = leftMs;
    if (leftMs < -1500 && !isSaying) page.refresh().catch(() => {});
  }
  ACTS.forEach((name) => where.addEventListener(name, acted, { passive: true }));
  tick();
  const ticking = setInterval(tick, 1000);
  return {
    node, tick,
    close() {
      clearInterval(ticking);
      ACTS.forEach((name) => where.removeEventListener(name, acted));
    },
  };
}
