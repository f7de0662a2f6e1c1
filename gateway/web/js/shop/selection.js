// Owns the bar with the chosen seats: what they are, what they cost, hold or take off.
import { busy, clearProblem } from '../action.js';
import { el, say } from '../dom.js';
import { money, plural } from '../format.js';
import { t } from '../further.js';

export function selectionBar({ chosen, describe, priceOf, currency, onRemove, onClear, onHold }) {
  const status = el('p', { class: 'bar-status', role: 'status' });
  const instead = el('div', { class: 'bar-instead' });
  const total = el('summary', { class: 'bar-total' });
  const list = el('ul', { class: 'bar-seats' });
  const hold = el('button', { type: 'button', class: 'button primary' });
  hold.addEventListener('click', () => busy(hold, async () => {
    clearProblem(hold);
    await onHold();
  }));
  const clear = el('button', { type: 'button', class: 'button secondary', onclick: onClear }, t`Take all off`);
  // On a phone one line, so that the map stays in view; the seats are a press away.
  const details = el('details', { class: 'bar-details', open: matchMedia('(min-width: 56rem)').matches }, total, list, clear);
  const actions = el('div', { class: 'bar-actions' }, hold);
  const node = el('aside', { class: 'bar', 'aria-label': t`Chosen seats`, hidden: true }, status, instead, details, actions);
  let timer = null;

  function update() {
    const seats = [...chosen];
    const sum = seats.reduce((all, seat) => all + (priceOf(seat) ?? 0), 0);
    list.replaceChildren(...seats.map((seat) => el('li', {}, el('span', {}, describe(seat)),
      el('button', { type: 'button', class: 'take-off', 'aria-label': t`Take off ${describe(seat)}`,
        onclick: () => onRemove(seat) }, '×'))));
    say(total, `${plural(seats.length, 'seat', 'seats')} · ${money(sum, currency)}`);
    say(hold, t`Hold ${plural(seats.length, 'seat', 'seats')}`);
    for (const part of [details, actions]) part.hidden = seats.length === 0;
    node.hidden = seats.length === 0 && !status.textContent;
  }
  return {
    node,
    update,
    /** A short message that goes away by itself, later where it offers something to press. */
    notify(text, offers = []) {
      node.hidden = false;
      say(status, text);
      instead.replaceChildren(...offers.map(([words, take]) => el('button', { type: 'button', class: 'button secondary',
        onclick: () => {
          this.quiet();
          take();
        } }, words)));
      clearTimeout(timer);
      timer = setTimeout(() => this.quiet(), offers.length ? 30000 : 8000);
    },
    quiet() {
      clearTimeout(timer);
      say(status, '');
      instead.replaceChildren();
      update();
    },
  };
}
