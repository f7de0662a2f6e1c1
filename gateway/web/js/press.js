// Owns the button that takes a place. What the way through the door needs, the puzzle too, comes once the
// button is there: whoever only reads the page needs none of it.
import { action } from './action.js';
import { Problem } from './api.js';
import { el } from './dom.js';
import { t } from './language.js';

/** Long enough for the page itself to be there on a poor line. */
const AHEAD_MS = 1000;

/** The button, and below it what is shown on the way. */
export function press(page, label) {
  const shown = el('div');
  const load = () => import('./entry.js');
  let through = null;
  setTimeout(() => load().catch(() => {}), AHEAD_MS).unref?.();
  const button = action(label, async () => {
    const { door, joinQueue } = await load().catch(() => {
      throw new Problem(0, { detail: t`Part of this page did not load. Please reload it.` });
    });
    through ??= door(page);
    shown.replaceChildren(through.node);
    await joinQueue(page, through);
  });
  return [button, shown];
}
