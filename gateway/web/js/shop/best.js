// Owns “best available: N together”, the quickest way to seats and the largest control.
import { busy, clearProblem, showProblem } from '../action.js';
import { el, say } from '../dom.js';
import { count, money, plural } from '../format.js';

export function bestForm({ categories, currency, seats, seatsMax, hold, accessible }) {
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
  const price = el('p', { class: 'quiet', id: 'best-price', 'aria-live': 'polite' });
  const offers = el('div', { class: 'offers' });

  /** What so many may cost: of the cheapest only, and of the dearest only. */
  function span() {
    const amounts = options.filter(({ name }) => !where.value || name === where.value).map(({ amount }) => amount);
    return { least: wanted * Math.min(...amounts), most: wanted * Math.max(...amounts) };
  }

  function priceWords() {
    const { least, most } = span();
    if (!Number.isFinite(least)) return '';
    return least === most ? `${money(most, currency)} altogether` : `${money(least, currency)} to ${money(most, currency)} altogether`;
  }

  function update() {
    say(number, String(wanted));
    const some = wanted === 1 ? 'Find me 1 seat' : `Find ${wanted} seats together`;
    const withSpace = wanted === 1 ? 'Find me a wheelchair space' : `Find ${wanted} together, one a wheelchair space`;
    say(go, accessible() ? withSpace : some);
    say(price, priceWords());
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
    const { most } = span();
    // The price that was said is the price: whoever raised it meanwhile is refused, not followed.
    if (Number.isFinite(most)) best.amount_max = most;
    try {
      await hold({ best, accessible: accessible() });
    } catch (problem) {
      showProblem(go, problem);
      if (['not_enough_together', 'sold_out', 'only_accessible_left', 'no_wheelchair_space', 'buyer_limit', 'hold_too_large'].includes(problem.code)) offerOther();
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
  price, go, offers,
  el('p', { class: 'quiet' }, 'We find the best seats side by side and hold them for you. All prices include all fees.'));
  where.addEventListener('change', update);
  update();
  return { node, update };
}
