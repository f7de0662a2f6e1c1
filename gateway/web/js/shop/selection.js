// Owns the bar with the chosen seats: what they are, what they cost, hold or take off.
import { busy, clearProblem } from '../action.js';
import { el, say } from '../dom.js';
import { money, plural } from '../format.js';

export function selectionBar({ chosen, describe, priceOf, currency, onRemove, onClear, onHold }) {
  const status = el('p', { class: 'bar-status', role: 'status' });
  const total = el('p', { class: 'bar-total' });
  const list = el('ul', { class: 'bar-seats' });
  const hold = el('button', { type: 'button', class: 'button primary' });
  hold.addEventListener('click', () => busy(hold, async () => {
    clearProblem(hold);
    await onHold();
  }));
  const clear = el('button', { type: 'button', class: 'button secondary', onclick: onClear }, 'Take all off');
  const actions = el('div', { class: 'bar-actions' }, hold, clear);
  const node = el('aside', { class: 'bar', 'aria-label': 'Chosen seats', hidden: true }, status, list, total, actions);
  let timer = null;

  function update() {
    const seats = [...chosen];
    const sum = seats.reduce((all, seat) => all + (priceOf(seat) ?? 0), 0);
    list.replaceChildren(...seats.map((seat) => el('li', {}, el('span', {}, describe(seat)),
      el('button', { type: 'button', class: 'take-off', 'aria-label': `Take off ${describe(seat)}`,
        onclick: () => onRemove(seat) }, '×'))));
    say(total, `${plural(seats.length, 'seat', 'seats')} · ${money(sum, currency)} with all fees`);
    say(hold, `Hold ${plural(seats.length, 'seat', 'seats')}`);
    for (const part of [list, total, actions]) part.hidden = seats.length === 0;
    node.hidden = seats.length === 0 && !status.textContent;
  }
  return {
    node,
    update,
    /** A short message that goes away by itself. */
    notify(text) {
      node.hidden = false;
      say(status, text);
      clearTimeout(timer);
      timer = setTimeout(() => {
        say(status, '');
        update();
      }, 8000);
    },
  };
}
