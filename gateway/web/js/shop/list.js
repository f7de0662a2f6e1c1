// Owns the path by keyboard and screen reader: section → row → seats, only what is free, the
// same hold as the map. It comes before the map on purpose.
import { busy } from '../action.js';
import { el, say } from '../dom.js';
import { count, money, plural } from '../format.js';
import { t } from '../further.js';

export function seatList({ book, seats, chosen, mayChoose, describe, toggle, priceOf, currency,
  holdGeneral, seatsMax }) {
  const section = el('select', { id: 'list-section' });
  const row = el('select', { id: 'list-row' });
  const rowField = el('div', { class: 'field' }, el('label', { for: 'list-row' }, t`Row`), row);
  const places = el('div', { class: 'places', role: 'group', 'aria-label': t`Free seats in this row` });
  const node = el('details', { class: 'card fold', id: 'seat-list' },
    el('summary', {}, t`Choose from a list`),
    el('p', { class: 'quiet' }, t`Section, row, seat: only free seats are listed. Fully usable by keyboard.`),
    el('div', { class: 'list-row' },
      el('div', { class: 'field grow' }, el('label', { for: 'list-section' }, t`Section`), section), rowField),
    places);

  const freeIn = (first, end) => {
    let free = 0;
    for (let seat = first; seat < end; seat += 1) free += mayChoose(seat) ? 1 : 0;
    return free;
  };
  const { sections } = book.plan;
  const options = (select, first, rows) => {
    const kept = select.value;
    const wanted = [el('option', { value: '' }, first),
      ...rows.map(([value, words]) => el('option', { value: String(value) }, words))];
    const same = select.options.length === wanted.length
      && wanted.every((option, at) => option.text === select.options[at].text);
    if (same) return;
    select.replaceChildren(...wanted);
    if (rows.some(([value]) => String(value) === kept)) select.value = kept;
  };

  function fillSections() {
    const rows = sections.map((one, at) => [at, one.name, freeIn(...book.sectionRange(at))])
      .filter(([, , free]) => free).map(([at, name, free]) => [at, t`${name} (${count(free)} free)`]);
    options(section, rows.length ? t`Choose a section` : t`No free seats match the filters`, rows);
  }

  function fillRows() {
    const one = sections[Number(section.value)];
    rowField.hidden = section.value === '' || one?.kind === 'general';
    if (rowField.hidden) return;
    options(row, t`Choose a row`, one.rows.map((line, at) => [at, line.label,
      book.row(Number(section.value), at).filter(mayChoose)])
      .filter(([, , free]) => free.length)
      .map(([at, label, free]) => [at, t`Row ${label} (${plural(free.length, 'seat', 'seats')})`]));
  }

  /** A standing area: a number instead of seats; any of its places will do. */
  function fillGeneral(at) {
    const all = [];
    for (let [seat, end] = book.sectionRange(at); seat < end; seat += 1) if (mayChoose(seat)) all.push(seat);
    if (places.dataset.general === String(at) && all.length) return;
    places.dataset.general = String(at);
    const most = Math.min(seatsMax, all.length);
    const number = el('select', { id: 'list-general' }, Array.from({ length: most }, (_, n) =>
      el('option', { value: String(n + 1) }, plural(n + 1, 'place', 'places'))));
    const go = el('button', { type: 'button', class: 'button primary' }, t`Hold these places`);
    go.addEventListener('click', () => busy(go, async () => {
      for (let tries = 0; ; tries += 1) {
        // Anywhere in the free places, so that a crowd does not grab the same ones.
        const free = all.filter(mayChoose);
        const start = Math.floor(Math.random() * Math.max(1, free.length - most));
        try {
          return await holdGeneral(free.slice(start, start + Number(number.value)));
        } catch (problem) {
          if (problem.code !== 'seat_taken' || tries === 3) throw problem;
        }
      }
    }));
    places.replaceChildren(el('div', { class: 'field' }, el('label', { for: 'list-general' }, t`How many`), number),
      el('p', { class: 'quiet' }, all.length ? t`Standing, ${money(priceOf(all[0]) ?? 0, currency)} each, all fees included.` : ''), go);
  }

  function fillSeats() {
    const at = section.value === '' ? -1 : Number(section.value);
    if (at >= 0 && sections[at]?.kind === 'general') {
      fillGeneral(at);
      return;
    }
    delete places.dataset.general;
    const free = at < 0 || row.value === '' ? []
      : book.row(at, Number(row.value)).filter((seat) => mayChoose(seat) || chosen.has(seat));
    const had = new Map([...places.querySelectorAll('button[data-seat]')].map((button) => [Number(button.dataset.seat), button]));
    if (free.length === had.size && free.every((seat) => had.has(seat))) return;
    const focused = Number(document.activeElement?.dataset?.seat ?? -1);
    places.replaceChildren(...free.map((seat) => had.get(seat) || seatButton(seat)));
    // Moving a node drops its focus; a reader must not fall out of the row.
    if (had.has(focused)) (places.querySelector(`[data-seat="${focused}"]`) || row).focus();
    mark();
  }

  function seatButton(seat) {
    const price = priceOf(seat);
    return el('button', { type: 'button', class: 'place', 'data-seat': seat.toString(), 'aria-label': describe(seat),
      onclick: () => toggle(seat, true) }, el('strong', {}, book.name(seat).seat),
    el('span', {}, price === null ? '' : money(price, currency)));
  }

  function mark() {
    for (const button of places.querySelectorAll('button[data-seat]')) {
      button.setAttribute('aria-pressed', String(chosen.has(Number(button.dataset.seat))));
    }
  }

  function update() {
    if (!node.open) return;
    fillSections();
    fillRows();
    fillSeats();
  }
  node.addEventListener('toggle', update);
  section.addEventListener('change', () => {
    row.value = '';
    delete places.dataset.general;
    places.replaceChildren();
    update();
  });
  row.addEventListener('change', fillSeats);
  say(places, '');
  return { node, update, mark };
}
