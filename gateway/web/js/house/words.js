// Owns the words of the managers' page: seats named shortly, states, reasons, questions. Pure.
import { money, plural } from '../format.js';
import { FREE, HELD, NOT_FOR_SALE, SOLD } from '../seats/status.js';

export const STATES = { [FREE]: 'free', [HELD]: 'held', [SOLD]: 'sold', [NOT_FOR_SALE]: 'off sale' };

/** Why an order is refunded: what the server takes, and what it says to people. */
export const REASONS = {
  requested: 'The buyer asked for it',
  'event_changed': 'The event changed',
  'event_cancelled': 'The event was cancelled',
  duplicate: 'Bought twice by mistake',
  fraud: 'Fraud',
  goodwill: 'Goodwill',
  other: 'Another reason',
};

/** What became of a ticket that was given away. */
export const TICKETS = { house: 'not taken yet', guest: 'a guest has it', admitted: 'let in', returned: 'taken back' };

/** An amount of seats one order can have. */
export const GIFT_MAX = 16;

/** [first, last] of numbers that follow each other. */
export function spans(numbers) {
  const all = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = all[all.length - 1];
    if (last && last[1] + 1 === number) last[1] = number;
    else all.push([number, number]);
  }
  return all;
}

/** “Stalls, row A”; standing places have no row. */
const rowWords = ({ section, row }) => (row ? `${section}, row ${row}` : section);

/** A seat as one says it. */
const oneWords = (seat) => (seat.seat ? `${rowWords(seat)}, seat ${seat.seat}` : rowWords(seat));

/** Seats as one says them: “Stalls, row A, seats 1–6; Stalls, row B, seat 3”; long lists are cut. */
export function seatWords(book, numbers, most = 8) {
  const all = spans(numbers).map(([first, last]) => {
    const [from, to] = [book.name(first), book.name(last)];
    if (first === last) return oneWords(from);
    return from.section === to.section && from.row === to.row ? `${rowWords(from)}, seats ${from.seat}–${to.seat}`
      : `${oneWords(from)} to ${oneWords(to)}`;
  });
  const more = all.length - most;
  return more > 0 ? `${all.slice(0, most).join('; ')} and ${plural(more, 'more group', 'more groups')}` : all.join('; ');
}

/** A run of the server's list. */
export function runWords({ section, row, first, last, count }) {
  const place = rowWords({ section, row });
  if (!first && !last) return `${place}: ${plural(count, 'place', 'places')}`;
  return count === 1 ? `${place}, seat ${first}` : `${place}, seats ${first}–${last} (${count})`;
}

/** The seats of an order or ticket, each with where it is. */
export const placesOf = (seats) => seats.map(oneWords).join('; ');

/** Bodies of at most `most` seats each. */
export function parts(numbers, most = GIFT_MAX) {
  const all = [];
  for (let at = 0; at < numbers.length; at += most) all.push(numbers.slice(at, at + most));
  return all;
}

/** What is asked before money goes back. */
export function refundQuestion({ amount, currency, seats, is_gift: isGift }) {
  const places = plural(seats.length, 'seat', 'seats');
  return isGift ? `Take back ${places}? The tickets admit nobody any more, whoever has them, and the seats are free. No money moves.`
    : `Refund ${money(amount, currency)} and free ${places}? The tickets admit nobody any more. This cannot be undone.`;
}

export const refundLabel = ({ amount, currency, is_gift: isGift }) => (isGift ? 'Take the seats back' : `Refund ${money(amount, currency)}`);

/** What is wrong, with the seats that stand in the way. */
export function wrongWords(problem) {
  const named = (problem.errors || []).map(({ message }) => message).filter(Boolean);
  return named.length ? `${problem.message} ${named.join('; ')}.` : problem.message;
}
