// Owns what the map and the list show: categories with their price, wheelchair places, clear
// view. The same rows are the map's legend.
import { el, say } from '../dom.js';
import { count, money } from '../format.js';
import { t } from '../further.js';
import { ACCESSIBLE, COMPANION, RESTRICTED } from '../seats/book.js';

export function filters({ categories, currency, seats, book, onChange }) {
  const rows = categories.map((category, index) => ({ ...category, index }))
    .filter(({ amount }) => amount !== null).sort((a, b) => b.amount - a.amount);
  const shown = new Set(rows.map(({ index }) => index));
  const check = (words, attributes, change) => {
    const box = el('input', { type: 'checkbox', ...attributes });
    box.addEventListener('change', () => {
      change(box.checked);
      onChange();
    });
    return el('label', { class: 'check' }, box, words);
  };
  const frees = new Map();
  const lines = rows.map(({ index, name, amount, color }) => {
    const swatch = el('span', { class: 'swatch', 'aria-hidden': 'true' });
    swatch.style.setProperty('--swatch', color);
    const free = el('span', { class: 'quiet' });
    frees.set(index, free);
    return check(el('span', { class: 'check-row' }, swatch, el('span', { class: 'grow' }, name, el('br'), free),
      el('strong', {}, money(amount, currency))), { checked: true }, (isOn) => {
      if (isOn) shown.add(index);
      else shown.delete(index);
    });
  });
  let accessible = false;
  let clearView = false;
  const has = (bits) => book.flags.some((flags) => flags & bits);
  const extra = [
    has(ACCESSIBLE | COMPANION) && check(t`Wheelchair spaces and companion seats`, {}, (isOn) => { accessible = isOn; }),
    has(RESTRICTED) && check(t`Only seats with a clear view`, {}, (isOn) => { clearView = isOn; }),
  ].filter(Boolean);

  const amounts = [...new Set(rows.map(({ amount }) => amount))];
  const upTo = el('select', { id: 'price-up-to' }, el('option', { value: '' }, t`Any price`),
    amounts.map((amount) => el('option', { value: amount }, `Up to ${money(amount, currency)}`)));
  upTo.addEventListener('change', () => {
    rows.forEach(({ index, amount }, at) => {
      const isOn = !upTo.value || amount <= Number(upTo.value);
      lines[at].querySelector('input').checked = isOn;
      if (isOn) shown.add(index);
      else shown.delete(index);
    });
    onChange();
  });

  const update = () => {
    for (const [index, free] of frees) {
      const left = seats.freeOfCategory[index];
      say(free, left ? t`${count(left)} free` : t`none free`);
    }
  };
  const sign = (kind, words) => el('li', {}, el('span', { class: `sign ${kind}`, 'aria-hidden': 'true' }), words);
  const key = el('ul', { class: 'key', 'aria-label': t`What the marks mean` },
    rows.map(({ name, amount, color }) => {
      const swatch = el('span', { class: 'swatch', 'aria-hidden': 'true' });
      swatch.style.setProperty('--swatch', color);
      return el('li', {}, swatch, `${name} ${money(amount, currency)}`);
    }),
    sign('held', t`held by somebody`), sign('taken', 'sold'), sign('mine', 'chosen'),
    has(ACCESSIBLE | COMPANION) ? sign('square', 'wheelchair') : null);
  const node = el('details', { class: 'card fold', open: matchMedia('(min-width: 56rem)').matches },
    el('summary', {}, t`Prices and filters`),
    amounts.length > 2 ? el('div', { class: 'field' }, el('label', { for: 'price-up-to' }, t`Price for one seat`), upTo) : null,
    el('fieldset', { class: 'checks' }, el('legend', { class: 'vh' }, t`Show these categories`), lines),
    extra.length ? el('fieldset', { class: 'checks' }, el('legend', { class: 'vh' }, t`Special seats`), extra) : null,
    el('p', { class: 'quiet' }, t`Per seat, all fees included.`));
  update();
  return { node, key, update, categories: () => shown, accessible: () => accessible, clearView: () => clearView };
}
