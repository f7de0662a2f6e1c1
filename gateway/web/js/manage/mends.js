// Owns what can be mended about a plan, as the server takes it and as a person reads it. Pure.
import { BLOCKED, SHADED, runLength } from '../seats/book.js';

export const MARKS = { accessible: 'wheelchair space', companion: 'companion seat', 'restricted_view': 'restricted view', 'not_for_sale': 'not for sale', shaded: 'in the shade' };
const BITS = { accessible: 1, companion: 2, 'restricted_view': 4, 'not_for_sale': BLOCKED, shaded: SHADED };

const label = (run, at) => (Array.isArray(run.labels) ? run.labels[at] : String(run.labels.first + run.labels.step * at));

/** The seats of a row: [{ label, category, marks, ends }], `ends` says what is after it: '', 'aisle' or 'category'. */
export function seatsOf(row) {
  return row.runs.flatMap((run, runAt) => {
    const flags = new Map(run.flags);
    const length = runLength(run);
    const beside = row.runs[runAt + 1];
    return Array.from({ length }, (_, at) => ({
      label: label(run, at), category: run.category, seat: run.first_seat + at,
      marks: Object.keys(MARKS).filter((name) => (flags.get(at) || 0) & BITS[name]),
      ends: at + 1 < length || !beside ? '' : beside.category === run.category ? 'aisle' : 'category',
    }));
  });
}

/** What can be done after one seat of a row: { mend: 'aisle' | 'together' } or { why }. */
export function afterSeat(seats, at) {
  if (at + 1 >= seats.length) return { why: 'It is the last seat of its row.' };
  if (seats[at].ends === 'category') return { why: 'The price category changes after it: whether the two are neighbours shows in the drawing alone.' };
  return { mend: seats[at].ends === 'aisle' ? 'together' : 'aisle' };
}

/** The part of a mending that says which seats; `labels` are those picked, in the order of the row. */
export function choiceOf(section, row, labels) {
  if (row === null) return { section };
  if (!labels.length) return { section, row };
  return { section, row, from: labels[0], until: labels.at(-1) };
}

const place = ({ section, row, from, until }) => (row === undefined ? `${section}, all rows`
  : from === undefined ? `${section}, row ${row}`
    : `${section}, row ${row}, ${from === until ? `seat ${from}` : `seats ${from} to ${until}`}`);

/** One mending in words. */
export function wordsOf(mend) {
  switch (mend.mend) {
    case 'aisle': return `An aisle after seat ${mend.after}: ${mend.section}, row ${mend.row}`;
    case 'together': return `No aisle after seat ${mend.after}: ${mend.section}, row ${mend.row}`;
    case 'rename_section': return `Section ${mend.section} is named ${mend.to}`;
    case 'rename_category': return `Category ${mend.category} is named ${mend.to}`;
    case 'category': return `Category ${mend.to}: ${place(mend)}`;
    default: return `${mend.on === false ? 'No longer ' : ''}${MARKS[mend.as]}: ${place(mend)}`;
  }
}
