// Owns “best available: N together”, the quickest way to seats and the largest control.
import { busy, clearProblem, showProblem } from '../action.js';
import { el, say } from '../dom.js';
import { count, money, plural } from '../format.js';
import { t } from '../further.js';
import { inTwo, longest, together } from './together.js';

const NOT_TO_BE_HAD = new Set(['not_enough_together', 'sold_out', 'only_accessible_left', 'no_wheelchair_space', 'buyer_limit',
  'hold_too_large']);
/** A seat picked here may be gone when the server hears of it; then the next best is picked. */
const PICKS_MAX = 4;

/**
 * `filter` says which categories are shown, and what kind of seats; `mayHave(seat)` whether one is free and of that
 * kind, whatever its category; `isOpen(seat)` whether one would be missed if it stayed alone, `alone(seats)` which would;
 * `placeOf(seats)` says where they are; `show(seats)` chooses them on the map without holding them.
 */
export function bestForm({ book, categories, currency, seats, seatsMax, hold, filter, mayHave, isOpen, alone, placeOf, show }) {
  let wanted = Math.min(2, seatsMax);
  const number = el('output', { class: 'stepper-count', id: 'best-count', 'aria-live': 'polite' });
  const step = (by, words, sign) => el('button', { type: 'button', class: 'stepper-button', 'aria-label': words,
    onclick() {
      wanted = Math.min(seatsMax, Math.max(1, wanted + by));
      update();
    } }, sign);
  const fewer = step(-1, t`One seat fewer`, '−');
  const more = step(1, t`One seat more`, '+');
  const any = el('option', { value: '' }, t`Best seats, any price`);
  const options = categories.map(({ name, amount }, index) => ({ index, name, amount,
    node: el('option', { value: name }) })).filter(({ amount }) => amount !== null)
    .sort((a, b) => b.amount - a.amount);
  const where = el('select', { id: 'best-where' }, any, options.map(({ node }) => node));
  const go = el('button', { type: 'submit', class: 'button primary best-go' });
  const price = el('p', { class: 'quiet', id: 'best-price', 'aria-live': 'polite' });
  const limits = el('p', { class: 'quiet', role: 'status' });
  const note = el('p', { class: 'quiet', role: 'status' });
  const offers = el('div', { class: 'offers' });
  let askedFor = '';

  /** Those that are asked for: the one that is named here, else those that are shown. */
  const asked = () => options.filter(({ name, index }) => (where.value ? name === where.value : filter.categories().has(index)));
  const amountOf = (list) => list.reduce((sum, seat) => sum + (categories[book.category[seat]].amount ?? 0), 0);

  /** What so many may cost: of the cheapest only, and of the dearest only. */
  function span() {
    const amounts = asked().map(({ amount }) => amount);
    return { least: wanted * Math.min(...amounts), most: wanted * Math.max(...amounts) };
  }

  function priceWords() {
    const { least, most } = span();
    if (!Number.isFinite(least)) return '';
    return least === most ? t`${money(most, currency)} altogether` : t`${money(least, currency)} to ${money(most, currency)} altogether`;
  }

  /** What was said and offered is about what was asked for; about anything else it is not. */
  function forget() {
    const now = [wanted, where.value, ...filter.categories(), filter.accessible(), filter.clearView()].join(' ');
    if (now === askedFor) return;
    askedFor = now;
    say(note, '');
    offers.replaceChildren();
  }

  function update() {
    forget();
    say(number, String(wanted));
    const some = wanted === 1 ? t`Find me 1 seat` : t`Find ${wanted} seats together`;
    const withSpace = wanted === 1 ? t`Find me a wheelchair space` : t`Find ${wanted} together, one a wheelchair space`;
    say(go, filter.accessible() ? withSpace : some);
    const isAll = options.every(({ index }) => filter.categories().has(index));
    say(any, isAll ? t`Best seats, any price` : t`Best of the categories shown`);
    say(limits, filter.clearView() ? t`Only seats with a clear view.` : '');
    say(price, priceWords());
    fewer.setAttribute('aria-disabled', String(wanted <= 1));
    more.setAttribute('aria-disabled', String(wanted >= seatsMax));
    for (const { node, name, amount, index } of options) {
      const free = seats.freeOfCategory[index];
      say(node, `${name} · ${money(amount, currency)} · ${free ? t`${count(free)} free` : t`none free`}`);
    }
  }

  const fits = (isOf) => (seat) => mayHave(seat) && isOf(book.category[seat]);
  /** The best there is of what is asked for, or elsewhere, as far as this page knows. */
  function pick(isElsewhere = false) {
    const names = new Set(asked().map(({ index }) => index));
    return together(book, wanted, fits((category) => names.has(category) !== isElsewhere), isOpen);
  }
  const offer = (words, work) => el('button', { type: 'button', class: 'button secondary', onclick: (pressed) => busy(pressed.currentTarget, work) },
    words);

  const offerOf = (words, list) => offer(`${words}: ${placeOf(list)} · ${money(amountOf(list), currency)}`, () => holdThese(list));

  /**
   * Whether any so many together leave a single seat behind. If so it is said before anything is held, and offered: the
   * single seat as well, so many elsewhere, or these all the same.
   */
  function isStranding() {
    const list = pick();
    const lonely = list ? alone(list) : [];
    if (!lonely.length) return false;
    const more = [...list, ...lonely].sort((a, b) => a - b);
    const elsewhere = pick(true);
    say(note, t`Whatever you choose here leaves a single seat behind, which hardly anybody buys.`);
    offers.replaceChildren(...[
      more.length <= seatsMax && lonely.every(mayHave) ? offerOf(t`Take ${plural(more.length, 'seat', 'seats')}`, more) : null,
      elsewhere && !alone(elsewhere).length ? offerOf(`${plural(wanted, 'seat', 'seats')} together`, elsewhere) : null,
      offerOf(t`Hold these all the same`, list)].filter(Boolean));
    return true;
  }

  /** When so many together do not exist, what can be had: one press each. */
  function offerOther() {
    const names = new Set(asked().map(({ index }) => index));
    const rest = [];
    const add = (words, list) => rest.push(offerOf(words, list));
    const elsewhere = pick(true);
    if (elsewhere) add(`${plural(wanted, 'seat', 'seats')} together`, elsewhere);
    const two = inTwo(book, wanted, fits((category) => names.has(category)));
    if (two) add(`${plural(two[0].length, 'seat', 'seats')} and ${plural(two[1].length, 'seat', 'seats')}`, two.flat());
    const less = longest(book, wanted - 1, fits((category) => names.has(category)));
    if (less) add(`${plural(less.length, 'seat', 'seats')} together`, less);
    offers.replaceChildren(...rest);
  }

  const holdThese = async (list) => {
    try {
      await hold({ seats: list, accessible: filter.accessible() });
    } catch (problem) {
      showProblem(go, problem);
      if (problem.code === 'seat_taken') offerOther();
    }
  };

  /** With a condition that the server does not know, the page picks, from what it knows to be free. */
  async function holdPicked() {
    for (let tries = 1; ; tries += 1) {
      const list = pick();
      if (!list) throw Object.assign(new Error('There are not so many seats together.'), { code: 'not_enough_together' });
      try {
        return await hold({ seats: list, accessible: filter.accessible() });
      } catch (problem) {
        if (problem.code !== 'seat_taken' || tries === PICKS_MAX) throw problem;
      }
    }
  }

  async function holdBest() {
    const isAll = options.every(({ index }) => filter.categories().has(index));
    const best = { count: wanted };
    if (where.value || !isAll) best.categories = asked().map(({ name }) => name);
    const { most } = span();
    // The price that was said is the price: whoever raised it meanwhile is refused, not followed.
    if (Number.isFinite(most)) best.amount_max = most;
    await hold({ best, accessible: filter.accessible() });
  }

  const ask = () => busy(go, async () => {
    clearProblem(go);
    say(note, '');
    offers.replaceChildren();
    if (isStranding()) return;
    try {
      await (filter.clearView() && !filter.accessible() ? holdPicked() : holdBest());
    } catch (problem) {
      showProblem(go, problem);
      if (NOT_TO_BE_HAD.has(problem.code)) offerOther();
    }
  });

  /** Where they would be, before anything is held. */
  function look() {
    clearProblem(go);
    const list = pick();
    if (!list) {
      offerOther();
      say(note, t`There are not so many seats together.`);
      return;
    }
    say(note, '');
    offers.replaceChildren();
    isStranding();
    show(list);
  }
  const showButton = el('button', { type: 'button', class: 'button secondary', id: 'best-show', onclick: look }, t`Show me where`);

  const node = el('form', { class: 'card best', 'aria-labelledby': 'best-title', onsubmit(domEvent) {
    domEvent.preventDefault();
    ask();
  } },
  el('h3', { id: 'best-title' }, t`Best available`),
  el('div', { class: 'best-row' },
    el('div', { class: 'field' }, el('span', { class: 'label', id: 'best-count-label' }, t`Seats together`),
      el('div', { class: 'stepper', role: 'group', 'aria-labelledby': 'best-count-label' }, fewer, number, more)),
    el('div', { class: 'field best-where' }, el('label', { for: 'best-where' }, t`Where`), where)),
  price, go, showButton, limits, note, offers,
  el('p', { class: 'quiet' }, t`We find the best seats side by side and hold them for you. All prices include all fees.`));
  where.addEventListener('change', update);
  update();
  return { node, update };
}
