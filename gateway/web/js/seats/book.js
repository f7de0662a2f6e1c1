// Owns the names of seats: which section, row and label a number has, and the way back. Pure.
import { t } from '../further.js';

export const ACCESSIBLE = 1;
export const COMPANION = 2;
export const RESTRICTED = 4;
export const SHADED = 16;
export const BLOCKED = 8;

export const runLength = (run) =>
  Array.isArray(run.labels) ? run.labels.length : run.labels?.count ?? run.points?.length ?? 0;

const runLabel = (run, at) => Array.isArray(run.labels)
  ? run.labels[at] : String((run.labels?.first ?? 1) + (run.labels?.step ?? 1) * at);

/** Last index whose value is ≤ `wanted` in an ascending array. */
function lastAtMost(values, wanted) {
  let [low, high] = [0, values.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (values[middle] <= wanted) low = middle;
    else high = middle - 1;
  }
  return low;
}

export class SeatBook {
  constructor(plan) {
    this.plan = plan;
    /** All runs in plan order, with where they belong. */
    this.runs = [];
    this.category = new Uint8Array(plan.seat_count);
    this.flags = new Uint8Array(plan.seat_count);
    this.section = new Uint16Array(plan.seat_count);
    plan.sections.forEach((section, sectionAt) => section.rows.forEach((row, rowAt) => {
      for (const run of row.runs) {
        const length = runLength(run);
        this.runs.push({ run, first: run.first_seat, length, sectionAt, rowAt });
        this.category.fill(run.category, run.first_seat, run.first_seat + length);
        this.section.fill(sectionAt, run.first_seat, run.first_seat + length);
        for (const [at, bits] of run.flags || []) this.flags[run.first_seat + at] = bits;
      }
    }));
    this.runs.sort((a, b) => a.first - b.first);
    this.firsts = this.runs.map((entry) => entry.first);
  }

  /** { first, length, sectionAt, rowAt } of the seats side by side that a seat is one of. */
  runOf(seat) {
    return this.runs[lastAtMost(this.firsts, seat)];
  }

  /** { section, row, seat, category, sectionAt, rowAt, isGeneral } of a seat number. */
  name(seat) {
    const entry = this.runOf(seat);
    const section = this.plan.sections[entry.sectionAt];
    return {
      section: section.name,
      row: section.rows[entry.rowAt].label,
      seat: runLabel(entry.run, seat - entry.first),
      category: this.plan.categories[entry.run.category]?.name ?? '',
      sectionAt: entry.sectionAt,
      rowAt: entry.rowAt,
      isGeneral: section.kind === 'general',
    };
  }

  /** Seat numbers of a row, in plan order. */
  row(sectionAt, rowAt) {
    const seats = [];
    for (const run of this.plan.sections[sectionAt].rows[rowAt].runs) {
      for (let at = 0; at < runLength(run); at += 1) seats.push(run.first_seat + at);
    }
    return seats;
  }

  /** [first, end) of a section's seats; seats are numbered in plan order. */
  sectionRange(sectionAt) {
    let [first, end] = [Infinity, 0];
    for (const row of this.plan.sections[sectionAt].rows) {
      for (const run of row.runs) {
        first = Math.min(first, run.first_seat);
        end = Math.max(end, run.first_seat + runLength(run));
      }
    }
    return first < end ? [first, end] : [0, 0];
  }
}

/** “wheelchair space”, “companion seat”, “restricted view”: what a seat's flags mean. */
export function flagWords(bits) {
  return [
    [ACCESSIBLE, t`wheelchair space`], [COMPANION, t`companion seat`], [RESTRICTED, t`restricted view`], [SHADED, t`in the shade`],
  ].filter(([bit]) => bits & bit).map(([, words]) => words);
}

/** A place as one says it. Standing places have no row and no number. */
export function placeWords(name) {
  if (name.isGeneral || (!name.row && !name.seat)) return t`${name.section}, no fixed seat`;
  return t`${name.section}, row ${name.row}, seat ${name.seat}`;
}
