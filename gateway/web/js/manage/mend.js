// Owns looking at a plan seat by seat and saying what is otherwise: the map, the row as it was read
// with its aisles, and what can be done with the seats that are picked.
import { action } from '../action.js';
import { el, say } from '../dom.js';
import { seatMap } from '../map/map.js';
import { SeatBook } from '../seats/book.js';
import { FREE, NOT_FOR_SALE } from '../seats/status.js';
import { field } from './fields.js';
import { MARKS, afterSeat, choiceOf, seatsOf } from './mends.js';

const ALL = '';

/** What the map asks of seats, for a plan of which none is sold. */
function unsold(book) {
  const states = Uint8Array.from(book.flags, (bits) => (bits & 8 ? NOT_FOR_SALE : FREE));
  const main = book.plan.sections.map((section) => section.rows[0]?.runs[0]?.category ?? 0);
  return { states, inSection: (at) => { const [first, end] = book.sectionRange(at); return { free: end - first, total: end - first }; },
    mainCategory: (at) => main[at] };
}

/** { node, where(), close }; `mend(what)` applies one; `at` is where somebody was before. */
export function mendPart(plan, mend, at = {}) {
  const book = new SeatBook(plan);
  const seats = unsold(book);
  const section = field('Section', { choices: plan.sections.map(({ name }, number) => [String(number), name]) });
  const rowField = field('Row', { choices: [] });
  const strip = el('div', { class: 'row-strip', role: 'group', 'aria-label': 'Seats of the row' });
  const picked = el('p', { class: 'quiet', role: 'status' });
  const actions = el('div', { class: 'stack wide' });
  let row = [];
  let from = -1;
  let until = -1;

  const sectionNow = () => plan.sections[Number(section.value())];
  const rowNow = () => (rowField.value() === ALL ? null : sectionNow().rows[Number(rowField.value())]);
  const range = () => (from < 0 ? [] : row.slice(Math.min(from, until), Math.max(from, until) + 1));
  const choice = () => choiceOf(sectionNow().name, rowNow()?.label ?? null, range().map(({ label }) => label));

  const map = seatMap({ book, seats, categories: plan.categories, isDim: () => false,
    describe: (seat) => { const name = book.name(seat); return `${name.section}, row ${name.row}, seat ${name.seat}: ${name.category}`; },
    sectionWords: (number) => `${plan.sections[number].rows.length} rows`,
    onToggle(seat) {
      const name = book.name(seat);
      section.set(String(name.sectionAt));
      listRows();
      rowField.set(String(name.rowAt));
      showRow();
      pick(row.findIndex((one) => one.seat === seat));
    } });
  map.update();

  function pick(number) {
    // The second press ends a range that the first began; a third begins anew.
    if (from < 0 || from !== until) [from, until] = [number, number];
    else until = number;
    drawPicked();
  }
  function drawPicked() {
    const labels = range().map(({ label }) => label);
    strip.querySelectorAll?.('button').forEach((button, number) => {
      const isIn = from >= 0 && number >= Math.min(from, until) && number <= Math.max(from, until);
      button.setAttribute('aria-pressed', String(isIn));
    });
    map.choose(new Set(range().map(({ seat }) => seat)));
    say(picked, labels.length ? `Picked: ${labels.length === 1 ? `seat ${labels[0]}` : `seats ${labels[0]} to ${labels.at(-1)}`}. Press another seat to pick all between.`
      : rowNow() ? 'Press a seat to pick it, and another to pick all between. Without, it is about the whole row.' : 'All rows of the section.');
    drawActions();
  }
  function drawActions() {
    const parts = [];
    if (from >= 0 && from === until) {
      const after = afterSeat(row, from);
      const names = { section: sectionNow().name, row: rowNow().label, after: row[from].label };
      parts.push(after.mend
        ? action(after.mend === 'aisle' ? `There is an aisle after seat ${row[from].label}` : `There is no aisle after seat ${row[from].label}`,
          () => mend({ mend: after.mend, ...names }), 'secondary')
        : el('p', { class: 'quiet' }, after.why));
    }
    parts.push(categoryPart(), markPart(), renamePart());
    actions.replaceChildren(...parts);
  }
  function categoryPart() {
    const to = field('Price category', { value: plan.categories[range()[0]?.category ?? row[0]?.category ?? 0]?.name ?? '', list: 'plan-categories', maxlength: '200' });
    return el('div', { class: 'with-button' }, to.node, action('Set the category', () => mend({ mend: 'category', ...choice(), to: to.value().trim() }), 'secondary'));
  }
  function markPart() {
    const mark = field('Mark', { choices: Object.entries(MARKS) });
    const go = (on) => mend({ mend: 'mark', ...choice(), as: mark.value(), ...(on ? {} : { on: false }) });
    return el('div', { class: 'with-button' }, mark.node, action('Mark', () => go(true), 'secondary'), action('Take the mark away', () => go(false), 'secondary'));
  }
  function renamePart() {
    const name = field('Name of the section', { value: sectionNow().name, maxlength: '200' });
    return el('div', { class: 'with-button' }, name.node,
      action('Rename the section', () => mend({ mend: 'rename_section', section: sectionNow().name, to: name.value().trim() }), 'secondary'));
  }
  function listRows(keep = '0') {
    const { rows, kind } = sectionNow();
    const options = kind === 'general' ? [] : rows.map(({ label: words }, number) => [String(number), words]);
    rowField.input.replaceChildren(el('option', { value: ALL }, 'All rows'), ...options.map(([value, words]) => el('option', { value }, words)));
    rowField.set(options.some(([value]) => value === keep) ? keep : options.length ? '0' : ALL);
  }
  function showRow() {
    [from, until] = [-1, -1];
    row = rowNow() ? seatsOf(rowNow()) : [];
    strip.replaceChildren(...row.flatMap((seat, number) => [
      el('button', { type: 'button', class: 'seat-button', 'aria-pressed': 'false', onclick: () => pick(number),
        title: [plan.categories[seat.category]?.name, ...seat.marks.map((name) => MARKS[name])].join(', ') },
      seat.label, seat.marks.length ? el('span', { class: 'vh' }, ` ${seat.marks.map((name) => MARKS[name]).join(', ')}`) : null),
      seat.ends ? el('span', { class: `row-gap ${seat.ends}` }, el('span', { class: 'vh' }, seat.ends === 'aisle' ? 'aisle' : 'another category')) : null,
    ]).filter(Boolean));
    strip.hidden = !row.length;
    drawPicked();
  }
  section.input.addEventListener('change', () => { listRows(); showRow(); });
  rowField.input.addEventListener('change', showRow);
  const known = plan.sections.findIndex(({ name }) => name === at.section);
  section.set(String(Math.max(0, known)));
  listRows(known >= 0 ? at.row : '0');
  showRow();
  const rename = el('details', { class: 'fold' }, el('summary', {}, 'Names of categories'), el('div', { class: 'stack wide' },
    plan.categories.map(({ name }) => {
      const to = field(`Name of ${name}`, { value: name, maxlength: '200' });
      return el('div', { class: 'with-button' }, to.node, action('Rename', () => mend({ mend: 'rename_category', category: name, to: to.value().trim() }), 'secondary'));
    })));
  return {
    node: el('section', { class: 'stack wide', 'aria-label': 'Look at it and mend it' }, el('h3', {}, 'Look at it, and mend what is otherwise'), map.node,
      el('datalist', { id: 'plan-categories' }, plan.categories.map(({ name }) => el('option', { value: name }))),
      el('div', { class: 'two-columns' }, section.node, rowField.node), strip, picked, actions, rename),
    where: () => ({ section: sectionNow()?.name, row: rowField.value() }),
    close: () => map.close(),
  };
}
