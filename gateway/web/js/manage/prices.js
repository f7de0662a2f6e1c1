// Owns the form of prices: a step for each category, and further steps where the price changes after
// so many seats or at a time.
import { el, say } from '../dom.js';
import { plural } from '../format.js';
import { field, moment } from './fields.js';
import { majorOf, pricesOf } from './money.js';

/** More than a few steps is a mistake; the server takes as many. */
const STEPS_MAX = 8;

/** { node, values(), mark(faults), fill(prices) }; `zone()` is the venue's now. */
export function pricesForm(zone, currency = 'EUR') {
  const code = field('Currency', { value: currency, maxlength: '3', autocomplete: 'off', hint: 'A code of ISO 4217, such as EUR. All prices include every fee.' });
  const wrong = el('p', { class: 'problem', role: 'alert', hidden: true });
  const list = el('div', { class: 'stack wide' });
  let rows = [];

  function stepOf(row, known = {}) {
    const step = {
      amount: field('Price', { inputmode: 'decimal', value: majorOf(known.amount, code.value()) }),
      fee: field('Fees in it', { inputmode: 'decimal', value: known.fee ? majorOf(known.fee, code.value()) : '' }),
      until_taken: field('Until so many seats are taken', { inputmode: 'numeric', value: known.until_taken ? String(known.until_taken) : '' }),
      until: moment('Until', zone),
    };
    step.until.set(known.until);
    step.ends = el('div', { class: 'two-columns' }, step.until_taken.node, step.until.node);
    step.node = el('div', { class: 'price-step' }, el('div', { class: 'two-columns' }, step.amount.node, step.fee.node), step.ends);
    row.steps.push(step);
    return step;
  }
  function draw(row) {
    row.steps.forEach((step, at) => { step.ends.hidden = at === row.steps.length - 1; });
    row.place.replaceChildren(...row.steps.map(({ node }) => node));
    row.fewer.hidden = row.steps.length < 2;
    row.more.hidden = row.steps.length >= STEPS_MAX;
  }
  function rowOf({ name, seats }, known) {
    const row = { category: name, steps: [], place: el('div', { class: 'stack wide' }) };
    row.more = el('button', { type: 'button', class: 'button', onclick: () => {
      const step = stepOf(row, {});
      draw(row);
      step.amount.focus();
    } }, 'Add a later price');
    row.fewer = el('button', { type: 'button', class: 'button', onclick: () => {
      row.steps.pop();
      draw(row);
      row.more.focus();
    } }, 'Remove the last');
    (known?.length ? known : [{}]).forEach((step) => stepOf(row, step));
    row.node = el('fieldset', { class: 'price-row' },
      el('legend', {}, name, seats === undefined ? null : el('span', { class: 'quiet' }, ` ${plural(seats, 'seat', 'seats')}`)),
      row.place, el('div', { class: 'form-actions' }, row.more, row.fewer));
    draw(row);
    return row;
  }
  /** `categories`: [{ name, seats }]; `known` the steps by name; what was entered for a name stays. */
  function show(categories, known = {}) {
    const before = Object.fromEntries(rows.map((row) => [row.category, row]));
    rows = categories.map((category) => (before[category.name] && !known[category.name] ? before[category.name]
      : rowOf(category, known[category.name])));
    list.replaceChildren(...rows.map(({ node }) => node));
  }
  const read = () => pricesOf(rows.map(({ category, steps }) => ({ category, steps: steps.map((step, at) => ({
    amount: step.amount.value(), fee: step.fee.value(),
    until_taken: at === steps.length - 1 ? '' : step.until_taken.value(),
    until: at === steps.length - 1 ? null : step.until.value() })) })), code.value().trim().toUpperCase());
  /** Says each fault at its field; how many there are. */
  function mark(faults) {
    let topmost = null;
    for (const row of rows) {
      row.steps.forEach((step, at) => {
        for (const name of ['amount', 'fee', 'until_taken', 'until']) {
          const words = faults[`${row.category} ${at} ${name}`] || '';
          step[name].mark(words);
          if (words) topmost ??= step[name];
        }
      });
    }
    code.mark(faults.currency || '');
    say(wrong, faults[''] || '');
    wrong.hidden = !faults[''];
    topmost?.focus();
    return Object.keys(faults).length;
  }
  return { node: el('div', { class: 'stack wide' }, code.node,
    el('p', { class: 'quiet' }, 'A category without a price is not for sale.'), wrong, list),
  show, mark, currency: () => code.value().trim().toUpperCase(), setCurrency: (text) => code.set(text), read };
}
