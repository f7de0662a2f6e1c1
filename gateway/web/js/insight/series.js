// Owns the numbers behind the charts: windows put together from several answers, sums from the
// beginning on, the funnel. Pure; no DOM, no clock.
import { count } from '../language.js';

/** What is known so far, with a newer answer over it: its windows replace those from its first on. */
export function merge(known, answer) {
  if (!known || known.step_seconds !== answer.step_seconds) return answer;
  const first = answer.begins_at[0];
  const at = first === undefined ? -1 : known.begins_at.findIndex((one) => one >= first);
  const kept = at < 0 ? known.begins_at.length : at;
  const numbers = {};
  for (const name of new Set([...Object.keys(known.numbers), ...Object.keys(answer.numbers)])) {
    const before = known.numbers[name] || new Array(known.begins_at.length).fill(0);
    numbers[name] = [...before.slice(0, kept), ...(answer.numbers[name] || [])];
  }
  return { ...answer, begins_at: [...known.begins_at.slice(0, kept), ...answer.begins_at], numbers };
}

const seconds = (iso) => Math.round(Date.parse(iso) / 1000);

/**
 * The windows as columns of a chart: [times, ...numbers]. Stretches in which nothing happened are
 * left out by the server; a zero stands at their beginning and their end, so that no line is drawn over
 * them.
 */
export function columns(windows, names) {
  const step = windows.step_seconds;
  const out = [[], ...names.map(() => [])];
  const push = (at, values) => {
    out[0].push(at);
    values.forEach((value, index) => out[index + 1].push(value));
  };
  windows.begins_at.map(seconds).forEach((at, index) => {
    const before = out[0].at(-1);
    const nothing = names.map(() => 0);
    if (before !== undefined && at - before > step) {
      push(before + step, nothing);
      if (at - before > 2 * step) push(at - step, nothing);
    }
    push(at, names.map((name) => windows.numbers[name]?.[index] ?? 0));
  });
  return out;
}

/** How much there was altogether by the end of each window, counted back from the total of now. */
export function sums(windows, name, total) {
  const all = windows.numbers[name] || [];
  const out = new Array(all.length);
  let rest = total;
  for (let at = all.length - 1; at >= 0; at -= 1) {
    out[at] = rest;
    rest -= all[at];
  }
  return out;
}

/** The steps from the shop to the ticket, and where people dropped out. */
export function funnel(totals) {
  return {
    steps: [
      { words: 'Entered the shop', n: totals.entered },
      { words: 'Held seats', n: totals.holds },
      { words: 'Tried to pay', n: totals.paying },
      { words: 'Bought', n: totals.confirmed },
    ],
    drops: [
      { words: 'Let go of their seats', n: totals.released },
      { words: 'Time ran out before paying', n: totals.holds_expired },
      { words: 'Time ran out after trying to pay', n: totals.orders_expired },
      { words: 'Payments declined', n: totals.declined },
      { words: 'Payments without an answer in time', n: totals.unanswered },
      { words: 'Orders cancelled, money not captured', n: totals.cancelled },
      { words: 'Orders refunded', n: totals.refunded },
    ],
  };
}

export const share = (n, of) => (of > 0 ? n / of : 0);

export const percent = (part) => `${count(Math.round(part * 1000) / 10)} %`;

/** Two curves on one axis of minutes after the opening, as parts of what each could sell, in percent. */
export function overlay(curves) {
  const minutes = [...new Set(curves.flatMap((curve) => curve.seconds))].sort((a, b) => a - b);
  const lines = curves.map((curve) => {
    let at = -1;
    return minutes.map((second) => {
      while (at + 1 < curve.seconds.length && curve.seconds[at + 1] <= second) at += 1;
      const isOver = curve.seconds.length > 0 && second > curve.seconds.at(-1);
      if (at < 0) return 0;
      return isOver ? null : 100 * share(curve.seats_sold[at], curve.capacity);
    });
  });
  return [minutes.map((second) => second / 60), ...lines];
}

/** Counts by code, the greatest first. */
export const counted = (byCode) => Object.entries(byCode).map(([code, n]) => ({ code, n })).sort((a, b) => b.n - a.n);

/** The heat of a seat: 0 not sold, then 1 (the first tenth of those sold) to `levels`. By rank, since a
 * sale is fast at first and slow for long. */
export function heat(times, levels) {
  const sold = times.filter((time) => time > 0).sort();
  const ranks = Array.from({ length: levels }, (_, at) => sold[Math.min(sold.length - 1, Math.ceil(((at + 1) * sold.length) / levels) - 1)] ?? 0);
  // Where many went in the same second, there are fewer levels.
  const bounds = [...new Set(ranks)];
  const level = Uint8Array.from(times, (time) => (time === 0 ? 0 : 1 + bounds.findIndex((bound) => time <= bound)));
  return { bounds: bounds.map((bound) => Math.max(0, bound - 1)), level };
}

/** Seconds in words. */
export function span(seconds_) {
  if (seconds_ < 90) return `${seconds_} s`;
  if (seconds_ < 5400) return `${Math.round(seconds_ / 60)} min`;
  return `${Math.round(seconds_ / 360) / 10} h`;
}

/** Minor units as a number of whole ones: 4550, EUR → 45.5. */
export function major(minor, currency) {
  try {
    const { maximumFractionDigits } = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions();
    return minor / 10 ** maximumFractionDigits;
  } catch {
    return minor / 100;
  }
}
