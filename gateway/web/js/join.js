// Owns the state of those who may take a place: what to expect, and the one button.
import { el, notice, say } from './dom.js';
import { plural, waitingRange, waitingWords } from './format.js';
import { simple } from './frame.js';
import { turnEnded } from './idle.js';
import { t } from './language.js';
import { press } from './press.js';
import { isSold } from './state.js';

/** What somebody who joins now has to expect, as far as anybody knows. Pure. */
export function estimate(queue) {
  const people = queue?.people_waiting;
  if (!Number.isFinite(people)) return t`Everybody comes in by their place in the line. All you need to do is wait.`;
  if (people === 0 && isSold(queue.phase)) return t`Nobody is waiting: if you join now, you come in at once.`;
  const range = isSold(queue.phase) && waitingWords(waitingRange(people, queue.pace_per_minute));
  const line = plural(people, 'person is waiting.', 'people are waiting.');
  return range ? t`${line} If you join now, you will wait ${range}.` : line;
}

export function join(page) {
  const paused = notice('warn', t`The sale is paused. You can take a place now; the queue continues later.`);
  const line = el('p', {});
  const last = turnEnded(page.me);
  const shown = simple(page, last?.title || t`Join the queue`, [], [
    last ? notice('warn', last.words) : null, paused, line,
    ...press(page, t`Join the queue`),
    el('p', { class: 'quiet' }, t`One place per device. Reloading or opening a second tab does not change your place.`),
  ]);
  const update = () => {
    shown.update();
    paused.hidden = page.queue?.phase !== 'paused';
    say(line, estimate(page.queue));
  };
  update();
  return { ...shown, update };
}
