// Owns “best available: N together”, the quickest way to seats and the largest control.
import { busy, clearProblem, showProblem } from '../action.js';
import { el, say } from '../dom.js';
import { count, money, plural } from '../format.js';

export function bestForm({ categories, currency, seats, seatsMax, hold }) {
  let wanted = Math.min(2, seatsMax);
  const number = el('output', { class: 'stepper-count', id: 'best-count', 'aria-live': 'polite' });
  const step = (by, words, sign) => el('button', { type: 'button', class: 'stepper-button', 'aria-label': words,
    onclick() {
      wanted = Math.min(seatsMax, Math.max(1, wanted + by));
      update();
    } }, sign);
  const fewer = step(-1, 'One seat fewer', '−');
  const more = step(1, 'One seat more', '+');
  const any = el('option', { value: '' }, 'Best seats, any price');
  const options = categories.map(({ name, amount }, index) => ({ index, name, amount,
    node: el('option', { value: name }) })).filter(({ amount }) => amount !== null)
    .sort((a, b) => b.amount - a.amount);
  const where = el('select', { id: 'best-where' }, any, options.map(({ node }) => node));
  const go = el('button', { type: 'submit', class: 'button primary best-go' });
  const offers = el('div', { class: 'offers' });

  function update() {
    say(number, String(wanted));
    say(go, wanted === 1 ? 'Find me 1 seat' : `Find ${wanted} seats together`);
    fewer.setAttribute('aria-disabled', String(wanted <= 1));
    more.setAttribute('aria-disabled', String(wanted >= seatsMax));
    for (const { node, name, amount, index } of options) {
      const free = seats.freeOfCategory[index];
      say(node, `${name} · ${money(amount, currency)} · ${free ? `${count(free)} free` : 'none free'}`);
    }
  }

  /** When so many together do not exist, what may: one tap each. */
  function offerOther() {
    const rest = [];
    if (wanted > 1) rest.push([`Try ${plural(wanted - 1, 'seat', 'seats')}`, () => { wanted -= 1; }]);
    if (where.value) rest.push(['Look at any price', () => { where.value = ''; }]);
    offers.replaceChildren(...rest.map(([words, change]) => el('button', {
      type: 'button', class: 'button secondary', onclick() {
        change();
        offers.replaceChildren();
        update();
        ask();
      } }, words)));
  }

  const ask = () => busy(go, async () => {
    clearProblem(go);
    offers.replaceChildren();
    const best = { count: wanted, categories: where.value ? [where.value] : [] };
    if (!best.categories.length) delete best.categories;
    try {
      await hold({ best });
    } catch (problem) {
      showProblem(go, problem);
      if (['not_enough_together', 'sold_out', 'buyer_limit', 'hold_too_large'].includes(problem.code)) offerOther();
    }
  });

  const node = el('form', { class: 'card best', 'aria-labelledby': 'best-title', onsubmit(domEvent) {
    domEvent.preventDefault();
    ask();
  } },
  el('h3', { id: 'best-title' }, 'Best available'),
  el('div', { class: 'best-row' },
    el('div', { class: 'field' }, el('span', { class: 'label', id: 'best-count-label' }, 'Seats together'),
      el('div', { class: 'stepper', role: 'group', 'aria-labelledby': 'best-count-label' }, fewer, number, more)),
    el('div', { class: 'field best-where' }, el('label', { for: 'best-where' }, 'Where'), where)),
  go, offers,
  el('p', { class: 'quiet' }, 'We find the best seats side by side and hold them for you. All prices include all fees.'));
  update();
  return { node, update };
}
