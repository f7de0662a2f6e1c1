// Owns choosing seats by section, row and seat, usable by keyboard alone, or on the map, and what is done with them:
// off sale, back on sale, given away. The state of every seat is the live one that buyers see.
import { action } from '../action.js';
import { send } from '../command.js';
import { announce, el, say } from '../dom.js';
import { plural } from '../format.js';
import { FREE, HELD, NOT_FOR_SALE, SOLD } from '../seats/status.js';
import { houseMap } from './map.js';
import { GIFT_MAX, STATES, parts, seatWords, wrongWords } from './words.js';

/** Most seats of a row drawn as buttons; a longer one is chosen as a whole. */
const BUTTONS_MAX = 400;

/** How many of these seats are in each state. Pure. */
export function tally(states, numbers) {
  const all = { [FREE]: 0, [HELD]: 0, [SOLD]: 0, [NOT_FOR_SALE]: 0 };
  for (const seat of numbers) all[states[seat]] += 1;
  return all;
}

/** A tally in words: “3 free, 1 sold”. Pure. */
export const tallyWords = (all) => Object.entries(STATES).filter(([state]) => all[state])
  .map(([state, words]) => `${all[state]} ${words}`).join(', ');

/** The card: { node, update, close, chosen }. `done` is called after each change. */
export function chooser(page, { book, seats, done, lost }) {
  const chosen = new Set();
  const { sections } = book.plan;
  const section = el('select', { id: 'house-section' }, el('option', { value: '' }, 'Choose a section'),
    sections.map((one, at) => el('option', { value: String(at) }, one.name)));
  const row = el('select', { id: 'house-row' });
  const places = el('div', { class: 'places', role: 'group', 'aria-label': 'Seats of this row' });
  const whole = el('div', { class: 'form-actions' });
  const summary = el('p', { class: 'chosen-words', id: 'house-chosen', role: 'status' });
  const note = el('input', { id: 'house-note', maxlength: '500', autocomplete: 'off', 'aria-describedby': 'house-note-hint' });
  const outcome = el('div', { role: 'status', 'aria-live': 'polite' });

  const map = houseMap({ book, seats, onPick(seat) {
    const { sectionAt, rowAt, section: name, row: line, seat: label } = book.name(seat);
    if (section.value !== String(sectionAt)) {
      section.value = String(sectionAt);
      fillRows();
    }
    if (row.value !== String(rowAt) && sections[sectionAt].kind !== 'general') row.value = String(rowAt);
    draw();
    pick([seat], [name, line && `row ${line}`, label && `seat ${label}`].filter(Boolean).join(', '));
  } });

  const inSection = () => (section.value === '' ? null : Number(section.value));
  const numbers = () => [...chosen].sort((a, b) => a - b);
  const rangeOf = (at) => {
    const [first, end] = book.sectionRange(at);
    return Array.from({ length: end - first }, (_, n) => first + n);
  };

  function pick(all, words) {
    const isIn = all.every((seat) => chosen.has(seat));
    for (const seat of all) {
      if (isIn) chosen.delete(seat);
      else chosen.add(seat);
    }
    update();
    announce(`${words} ${isIn ? 'is no longer chosen' : 'is chosen'}. ${plural(chosen.size, 'seat', 'seats')} in all.`);
  }

  const pressWhole = (label, all, words) => el('button', { type: 'button', class: 'button', onclick: () => pick(all, words) }, label);

  function fillRows() {
    const at = inSection();
    const rows = at === null || sections[at].kind === 'general' ? [] : sections[at].rows;
    row.replaceChildren(el('option', { value: '' }, rows.length ? 'Choose a row' : 'No rows'),
      ...rows.map((line, n) => el('option', { value: String(n) }, `Row ${line.label}`)));
  }

  function draw() {
    const at = inSection();
    whole.replaceChildren();
    places.replaceChildren();
    if (at === null) return;
    const all = rangeOf(at);
    whole.append(pressWhole(`The whole section (${all.length})`, all, sections[at].name));
    if (row.value === '') return;
    const line = book.row(at, Number(row.value));
    const name = `Row ${sections[at].rows[Number(row.value)].label}`;
    whole.append(pressWhole(`The whole row (${line.length})`, line, name));
    if (line.length <= BUTTONS_MAX) places.replaceChildren(...line.map(seatButton));
    mark();
  }

  function seatButton(seat) {
    const { seat: label } = book.name(seat);
    return el('button', { type: 'button', class: 'place', 'data-seat': String(seat),
      onclick: () => pick([seat], `Seat ${label}`) }, el('strong', {}, label), el('span', {}, ''));
  }

  /** What is shown of each seat that is drawn. */
  function mark() {
    for (const button of places.children) {
      const seat = Number(button.getAttribute('data-seat'));
      button.setAttribute('aria-pressed', String(chosen.has(seat)));
      say(button.children[1], STATES[seats.states[seat]]);
    }
  }

  /** What is shown of seats changed: of these, or of any. */
  function update(some) {
    mark();
    map.update(some);
    map.choose(chosen);
    const words = chosen.size ? `Chosen: ${plural(chosen.size, 'seat', 'seats')} (${tallyWords(tally(seats.states, chosen))}). ${seatWords(book, chosen)}`
      : 'No seat is chosen yet.';
    say(summary, words);
  }

  function said(kind, words) {
    outcome.replaceChildren(el('p', { class: `notice ${kind}` }, words));
  }

  /** Does something with what is chosen; what went wrong names the seats. */
  const work = (what) => async () => {
    outcome.replaceChildren();
    if (!chosen.size) {
      said('warn', 'Choose seats first.');
      return;
    }
    try {
      const words = await what(numbers());
      chosen.clear();
      note.value = '';
      update();
      said('calm', words);
      await done();
    } catch (problem) {
      if (problem.status === 401) lost(problem);
      else if (problem.code) said('warn', wrongWords(problem));
      else throw problem;
    }
  };
  const turn = (call, words) => work(async (all) => {
    await send('POST', `${page.base}/seats/${call}`, { seats: all, note: note.value.trim() });
    return `${plural(all.length, 'seat is', 'seats are')} ${words}.`;
  });
  const give = work(async (all) => {
    // An order has at most so many; each is given whole or not at all.
    const orders = parts(all);
    for (const [at, seatsOf] of orders.entries()) {
      try {
        await send('POST', `${page.base}/comps`, { seats: seatsOf, note: note.value.trim() });
      } catch (problem) {
        for (const seat of orders.slice(0, at).flat()) chosen.delete(seat);
        if (at) {
          update();
          await done();
        }
        throw problem;
      }
    }
    return `${plural(all.length, 'seat is', 'seats are')} given away. The links for the guests are in the list.`;
  });

  section.addEventListener('change', () => {
    fillRows();
    draw();
  });
  row.addEventListener('change', draw);
  fillRows();
  update();
  const node = el('section', { class: 'card stack', 'aria-labelledby': 'house-choose' },
    el('h2', { id: 'house-choose' }, 'Choose seats'),
    el('p', { class: 'quiet' }, `Take seats off sale, put them back, or give them away. What is held or sold stays as it is; seats off sale are counted nowhere. Up to ${GIFT_MAX} seats given away are one order.`),
    el('div', { class: 'list-row' },
      el('div', { class: 'field' }, el('label', { for: 'house-section' }, 'Section'), section),
      el('div', { class: 'field' }, el('label', { for: 'house-row' }, 'Row'), row)),
    map.node, whole, places, summary,
    el('div', { class: 'field' }, el('label', { for: 'house-note' }, 'Note for staff'), note,
      el('p', { class: 'quiet', id: 'house-note-hint' }, 'Why, or for whom. Buyers never read it.')),
    el('div', { class: 'form-actions' },
      action('Take off sale', turn('block', 'off sale')),
      action('Put back on sale', turn('unblock', 'on sale again'), ''),
      action('Give away', give, ''),
      action('Choose none', async () => {
        chosen.clear();
        update();
      }, '')),
    outcome);
  return { node, update, close: map.close, chosen };
}
