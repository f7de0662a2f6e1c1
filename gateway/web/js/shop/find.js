// Owns “find seats”: so many side by side, for so much at most, with a clear view. What is found is offered, not
// held; one press holds it.
import { busy, clearProblem, showProblem } from '../action.js';
import { get } from '../api.js';
import { el, say } from '../dom.js';
import { money, plural, timeOfDay } from '../format.js';
import { t } from '../further.js';

/** “seats 4 to 6”, “seats 4, 6 and 9”, “any place”. */
export function seatWords(seats) {
  const names = seats.map(({ seat }) => seat).filter(Boolean);
  if (!names.length) return plural(seats.length, 'place', 'places');
  if (names.length === 1) return t`seat ${names[0]}`;
  const isRow = names.every((name, at) => !at || Math.abs(Number(name) - Number(names[at - 1])) === 1);
  if (isRow && names.length > 2) return t`seats ${names[0]} to ${names.at(-1)}`;
  return t`seats ${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** Where a group is, as one says it. */
export function groupWords({ section, row, seats }) {
  return [section, row && `row ${row}`, seatWords(seats)].filter(Boolean).join(', ');
}

/** Where several seats are: row by row. */
export function placesOf(book, list) {
  const rows = new Map();
  for (const seat of list) {
    const { rowAt } = book.runOf(seat);
    rows.set(rowAt, [...rows.get(rowAt) || [], seat]);
  }
  return [...rows.values()].map((row) => {
    const { section, row: label } = book.name(row[0]);
    return t`${section}, row ${label}, ${seatWords(row.map((seat) => book.name(seat)))}`;
  }).join('; ');
}

/** What is marked on any of them, once. */
export function markWords(seats) {
  const words = new Map([['restricted_view', t`restricted view`], ['wheelchair', t`wheelchair space`], ['companion', t`companion seat`], ['shade', t`in the shade`]]);
  return [...new Set(seats.flatMap(({ marks }) => marks))].map((mark) => words.get(mark) || mark);
}

/** `alone(seats)` are those that would be left alone if these were taken. */
export function findForm({ base, categories, currency, sections, hasPillars, hasShade, seatsMax, hold, accessible, mayHave, alone, nameOf }) {
  const option = (value, text) => el('option', { value: String(value) }, text);
  const number = el('select', { id: 'find-count' },
    Array.from({ length: seatsMax }, (_, at) => option(at + 1, plural(at + 1, 'seat', 'seats'))));
  number.value = String(Math.min(2, seatsMax));
  const amounts = [...new Set(categories.map(({ amount }) => amount).filter((amount) => amount !== null))];
  const price = el('select', { id: 'find-price' }, option('', t`Any price`),
    amounts.sort((a, b) => a - b).map((amount) => option(amount, t`At most ${money(amount, currency)}`)));
  const section = el('select', { id: 'find-section' }, option('', t`Anywhere`), sections.map((name) => option(name, name)));
  const clear = el('input', { type: 'checkbox' });
  const shade = el('input', { type: 'checkbox' });
  const sorting = el('select', { id: 'find-order' }, option('best', t`Best first`), option('price', t`Cheapest first`));
  const go = el('button', { type: 'submit', class: 'button secondary' }, t`Show what is free`);
  const found = el('p', { class: 'quiet', role: 'status' });
  const list = el('ul', { class: 'found' });
  const field = (label, control) => el('div', { class: 'field grow' }, el('label', { for: control.id }, label), control);

  function offer(group) {
    const marks = markWords(group.seats);
    const these = group.seats.map(({ seat_id: seat }) => seat);
    const lonely = alone(these);
    const button = (words, list) => {
      const take = el('button', { type: 'button', class: 'button secondary', onclick: () => busy(take, async () => {
        clearProblem(take);
        try {
          await hold({ seats: list, accessible: accessible() });
        } catch (problem) {
          showProblem(take, problem);
        }
      }) }, words);
      return take;
    };
    const take = button(t`Hold`, these);
    take.setAttribute('aria-label', t`Hold ${groupWords(group)}`);
    const names = seatWords(lonely.map(nameOf));
    const isOffered = lonely.length > 0 && these.length + lonely.length <= seatsMax && lonely.every(mayHave);
    const more = isOffered ? button(t`Hold ${names} as well`, [...these, ...lonely].sort((a, b) => a - b)) : null;
    return el('li', {}, el('span', {}, el('strong', {}, groupWords(group)), el('br'),
      [group.category, money(group.total, currency), ...marks, lonely.length ? t`leaves ${names} alone` : null].filter(Boolean).join(' · ')),
    take, more);
  }

  const search = () => busy(go, async () => {
    clearProblem(go);
    const query = new URLSearchParams({ count: number.value, sort: sorting.value });
    if (price.value) query.set('price_max', price.value);
    if (section.value) query.set('section', section.value);
    if (clear.checked) query.set('without', 'restricted_view');
    const wanted = [accessible() && 'wheelchair', shade.checked && 'shade'].filter(Boolean);
    if (wanted.length) query.set('with', wanted.join(','));
    try {
      const answer = await get(`${base}/seats/search?${query}`, 2);
      list.replaceChildren(...answer.groups.map(offer));
      const words = answer.groups.length ? `${plural(answer.groups.length, 'offer', 'offers')}` : t`Nothing is free like that. Try fewer seats or a higher price.`;
      say(found, t`${words} · as of ${timeOfDay(answer.as_of.at)}`);
    } catch (problem) {
      list.replaceChildren();
      say(found, '');
      showProblem(go, problem);
    }
  });

  return el('details', { class: 'card fold' }, el('summary', {}, t`Find seats by what you want`),
    el('form', { class: 'find', onsubmit(happened) {
      happened.preventDefault();
      search();
    } },
    el('div', { class: 'list-row' }, field(t`Side by side`, number), field(t`Price of each`, price)),
    el('div', { class: 'list-row' }, field(t`Section`, section), field(t`Order`, sorting)),
    hasPillars ? el('label', { class: 'check' }, clear, el('span', {}, t`Nothing in the way of the view`)) : null,
    hasShade ? el('label', { class: 'check' }, shade, el('span', {}, t`In the shade`)) : null,
    go, found, list));
}
