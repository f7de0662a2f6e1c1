// Owns the waiting state.
// A state is a function of the page that returns { node, update, close }.
import { announce, el, heading, notice, say } from './dom.js';
import { agoWords, count, plural, waitingRange, waitingWords, worthSaying } from './format.js';
import { offer, words } from './frame.js';
import { t } from './language.js';
import { aheadOf, isSold } from './state.js';
import { session } from './storage.js';

const PAUSED = t`The sale is paused. Your place is kept, and the queue will continue from here.`;

const LAPSED = t`You were called and did not come in time, so those who were here went first. This is your new place, behind them.`;

/** How far the bar was when this device began to wait, so that it never starts anew. */
function startOf(page, ahead) {
  const name = `fg-start ${page.id} ${page.me.place}`;
  const known = Number(session.getItem(name));
  if (known >= ahead && known > 0) return known;
  session.setItem(name, String(ahead));
  return ahead;
}

export function waiting(page) {
  const message = words(page);
  const side = offer(page);
  const paused = notice('warn', PAUSED);
  const noneFree = notice('info', t`No seat is free right now. When seats come back, people are called by their place in the line.`);
  const rejoined = notice('info', LAPSED);
  const opens = el('div');
  const notOpen = notice('info', t`The sale has not opened yet. You have your place; no need to hurry.`, opens);
  const later = el('div');
  const ahead = el('strong', { class: 'ahead-count' });
  const unit = el('span');
  const bar = el('progress', { max: 1, value: 0, 'aria-label': t`Your progress in the queue` });
  const facts = { place: el('dd'), wait: el('dd'), pace: el('dd'), heard: el('dd') };
  const lowest = { ahead: null };
  let said = null;
  const row = (name, value) => el('div', {}, el('dt', {}, name), value);
  const notify = el('div');
  const closing = [];
  let isClosed = false;
  /** What need not be there at once. */
  const add = (module, show) => module.then((given) => isClosed || show(given)).catch(() => {});
  add(import('./notify.js'), ({ notifyMe }) => notify.append(notifyMe(page)));
  add(import('./look.js'), ({ look }) => {
    const seats = look(page);
    later.append(seats.node);
    closing.push(seats.close);
  });
  add(import('./elsewhere.js'), ({ elsewhere }) => later.append(elsewhere()));
  let isCounting = false;
  /** Counts down to the opening, where the event says when that is. */
  function countDown() {
    if (isCounting || page.queue?.phase !== 'announced') return;
    isCounting = true;
    add(import('./opening.js'), ({ opening }) => {
      const counted = opening(page);
      opens.append(counted.node);
      closing.push(counted.close);
    });
  }

  /** True each second, also while nothing comes: how long ago the server said that this is so. */
  const showAge = () => say(facts.heard, agoWords(Date.now() - page.heard));

  function update() {
    const { queue, me } = page;
    message.update();
    side.update();
    paused.hidden = queue?.phase !== 'paused';
    rejoined.hidden = !page.rejoined;
    notOpen.hidden = queue?.phase !== 'announced';
    countDown();
    say(facts.place, count(me.place + 1));
    if (!queue) return;
    const people = Math.max(0, aheadOf(me.place, queue));
    const start = startOf(page, people);
    say(ahead, count(people));
    say(unit, people === 1 ? t`person ahead of you` : t`people ahead of you`);
    // The bar never goes back.
    lowest.ahead = Math.min(lowest.ahead ?? people, people);
    bar.value = start ? (start - lowest.ahead) / start : 1;
    const stands = isSold(queue.phase) && queue.free === 0;
    noneFree.hidden = !stands;
    const moves = isSold(queue.phase) && !stands;
    const range = moves ? waitingWords(waitingRange(people, queue.pace_per_minute)) : null;
    say(facts.wait, range || (moves ? t`not known yet` : stands ? t`until seats come back` : t`starts when the sale goes on`));
    say(facts.pace, moves && queue.pace_per_minute > 0
      ? t`${count(Math.round(queue.pace_per_minute))} a minute` : t`nobody just now`);
    showAge();
    if (worthSaying(said, people)) {
      if (said !== null) {
        announce(people ? t`${plural(people, 'person', 'people')} ahead of you.` : t`You are next.`);
      }
      said = people;
    }
    if (people <= 20) import('./turn.js').catch(() => {});
  }
  const node = el('div', { class: 'two' },
    el('div', { class: 'card' },
      heading(t`You are in the queue`),
      message.node, rejoined, paused, noneFree, notOpen,
      el('p', { class: 'ahead' }, ahead, ' ', unit), bar,
      el('dl', { class: 'facts' },
        row(t`Your place`, facts.place), row(t`Waiting time`, facts.wait),
        row(t`Let in`, facts.pace), row(t`Updated`, facts.heard)),
      notify,
      notice('calm', el('strong', {}, t`Your place is safe. `),
        t`You may reload or close this page and lock the phone: your place is kept. When it is your turn, this page says so and waits for you to press Continue.`)),
    el('div', { class: 'beside' }, side.node, later));
  update();
  const ticking = setInterval(showAge, 1000);
  closing.push(() => clearInterval(ticking));
  return { node, update, close() {
    isClosed = true;
    closing.forEach((close) => close());
  } };
}
