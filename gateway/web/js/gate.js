// Owns the states before the shop that are not waiting: announced, join, your turn. One function a state;
// each returns { node, update, close }. What ends a sale is in ends.js.
import { instant } from './about.js';
import { send } from './command.js';
import { action } from './action.js';
import { el, heading, notice, say } from './dom.js';
import { door } from './door.js';
import { joinQueue, simple } from './entry.js';
import { plural, waitingRange, waitingWords } from './format.js';
import { t } from './further.js';
import { turnCame } from './notify.js';
import { turnEnded } from './idle.js';
import { opening } from './opening.js';
import { isSold } from './state.js';
import { words } from './wait.js';

const prepare = () => {
  import('./shop/shop.js').catch(() => {});
};

export function announced(page) {
  const through = door(page);
  const opens = opening(page);
  const begins = el('p', {});
  const code = el('div');
  let codes = null;
  const shown = simple(page, t`The sale is not open yet`, [
    t`Take your place now, or stay on this page: it moves on when the sale opens.`,
  ], [begins, code, opens.node, action(t`Take a place in the queue`, () => joinQueue(page, through)), through.node]);
  let saidPresale;
  // Who has a code may claim it before the presale begins.
  function followCode() {
    const at = page.event?.presale_at;
    if (at !== saidPresale) begins.replaceChildren(...(at ? [t`The presale begins `, instant(at, page.event.time_zone), '.'] : []));
    if (at && !saidPresale) import('./presale.js').then(({ codePart }) => {
      codes ??= codePart(page);
      code.replaceChildren(codes.node);
    }).catch(() => {});
    saidPresale = at;
    codes?.update();
  }
  const update = () => {
    shown.update();
    opens.update();
    followCode();
  };
  update();
  return { ...shown, update, close: opens.close };
}

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
  const through = door(page);
  const last = turnEnded(page.me);
  const shown = simple(page, last?.title || t`Join the queue`, [], [
    last ? notice('warn', last.words) : null, paused, line,
    action(t`Join the queue`, () => joinQueue(page, through)), through.node,
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

export function turn(page) {
  prepare();
  turnCame(page);
  const message = words(page);
  const note = el('p', { class: 'quiet', role: 'status' });
  const through = door(page);
  let timer = null;

  async function enter() {
    clearTimeout(timer);
    say(note, '');
    try {
      const pass = await send('POST', `${page.base}/enter`, {});
      page.setPass(pass);
      page.setDone(pass.as_of);
    } catch (problem) {
      if (['shop_full', 'not_your_turn', 'sale_paused', 'rate_limited'].includes(problem.code)) {
        const wait = Math.min(Math.max(problem.retryAfterMs || 3000, 1000), 30000);
        say(note, t`${problem.message} Trying again in ${Math.ceil(wait / 1000)} s.`);
        timer = setTimeout(() => enter().catch(() => {}), wait * (1 + Math.random() / 4));
        return;
      }
      if (problem.code === 'turn_lapsed') {
        say(note, t`Those who were here went first. Getting you a new place…`);
        page.rejoined = true;
        await joinQueue(page, through);
        return;
      }
      if (!['place_spent', 'place_unknown'].includes(problem.code)) throw problem;
      say(note, `${problem.message} `);
      note.append(action(t`Join again`, () => joinQueue(page, through), 'secondary'));
      return;
    }
    page.acted = true;
    page.rejoined = false;
    page.changed();
    await page.refresh();
  }
  const node = el('div', { class: 'card narrow turn' },
    el('p', { class: 'flag', 'aria-hidden': 'true' }, t`It is`),
    heading(t`Your turn`), message.node,
    el('p', {}, t`The shop is open for you. Press Continue when you are ready to choose seats.`),
    action(t`Continue to the seats`, enter),
    note, through.node,
    el('p', { class: 'quiet' }, t`Take a moment to get ready: the door stays open for you. If you wait too long, others go first and you get a place behind them.`));
  return { node, update: message.update, close: () => clearTimeout(timer) };
}
