// Owns how numbers, money, dates and waiting times are said. Pure; no DOM, no clock of its own.
import { count, locale, plural, t } from './language.js';

export { count, plural };
const moneys = new Map();

/** Minor units to text: 4550, EUR → €45.50. Whole amounts lose their zeros. */
export function money(minor, currency, where = locale) {
  const whole = `${where} ${currency}`;
  let maker = moneys.get(whole);
  if (!maker) {
    try {
      maker = new Intl.NumberFormat(where, { style: 'currency', currency });
    } catch {
      maker = new Intl.NumberFormat(where, { minimumFractionDigits: 2 });
    }
    moneys.set(whole, maker);
  }
  const digits = maker.resolvedOptions().maximumFractionDigits;
  return maker.format(minor / 10 ** digits);
}

/** An instant on a clock in `timeZone`, or here. */
export function day(iso, timeZone, form = {
  weekday: 'short', day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit',
}) {
  const date = new Date(iso);
  if (!iso || Number.isNaN(date.getTime())) return '';
  try {
    return new Intl.DateTimeFormat(locale, { ...form, timeZone: timeZone || undefined }).format(date);
  } catch {
    // A zone that this browser does not know.
    return new Intl.DateTimeFormat(locale, { ...form, timeZone: 'UTC', timeZoneName: 'short' }).format(date);
  }
}

export const timeOfDay = (ms) =>
  new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
    .format(new Date(ms));

/** How long ago, in words: “just now”, “12 s ago”, “3 min ago”. */
export function agoWords(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 2) return t`just now`;
  return seconds < 120 ? t`${seconds} s ago` : t`${Math.round(seconds / 60)} min ago`;
}

/**
 * How long `ahead` people take at this pace, in minutes, as an honest range: people who do not
 * come make it shorter, a full shop makes it longer. Null when nobody can know.
 */
export function waitingRange(ahead, pacePerMinute) {
  if (!(pacePerMinute > 0) || !Number.isFinite(ahead) || ahead < 0) return null;
  const minutes = ahead / pacePerMinute;
  return { low: Math.floor(minutes * 0.8), high: Math.ceil(minutes * 1.4 + 0.5) };
}

export function waitingWords(range) {
  if (!range) return null;
  if (range.high <= 1) return t`less than a minute`;
  if (range.high <= 3 && range.low < 2) return t`a few minutes`;
  if (range.low < 90) {
    const step = range.high > 20 ? 5 : 1;
    const low = Math.max(1, Math.floor(range.low / step) * step);
    return t`${low} to ${Math.ceil(range.high / step) * step} minutes`;
  }
  const hours = (minutes) => count(Math.round(minutes / 30) / 2);
  return t`${hours(range.low)} to ${hours(range.high)} hours`;
}

/** Whether a screen reader should announce this step: halved, 100, 10, next; never each tick. */
export function worthSaying(saidAhead, ahead) {
  if (saidAhead === null) return true;
  if (ahead >= saidAhead) return false;
  return ahead * 2 <= saidAhead || [100, 10, 0].some((step) => saidAhead > step && ahead <= step);
}
