// Owns the state of whose turn it is: the way into the shop, and a new place for who came too late.
import { action } from './action.js';
import { send } from './command.js';
import { el, heading, say } from './dom.js';
import { door } from './door.js';
import { joinQueue } from './entry.js';
import { words } from './frame.js';
import { t } from './further.js';
import { turnCame } from './notify.js';

const prepare = () => {
  import('./shop/shop.js').catch(() => {});
};

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
