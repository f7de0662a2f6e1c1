// Owns the form of a sale's rules: those that managers change, in words.
import { el } from '../dom.js';
import { field, markAll, tick } from './fields.js';

const TIME = 'Such as 5m, 90s or 1h.';
/** [name, label, hint, kind, isCommon] in the order of the page. */
const RULES = [
  ['seats_per_buyer_max', 'Tickets one person may have', null, 'number', true],
  ['seats_per_hold_max', 'Tickets in one purchase', null, 'number', true],
  ['hold', 'How long seats are held', TIME, 'time', true],
  ['pass_required', 'The shop is behind the waiting room', 'Without, everybody may buy at once, and a crowd comes through.', 'tick', true],
  ['approve_announcements', 'A manager approves each announcement', 'Otherwise an artist sends by themselves.', 'tick', true],
  ['extension', 'What one more moment adds', TIME, 'time'],
  ['extensions_max', 'How often a hold may be extended', null, 'number'],
  ['payment', 'How long a payment may take', `${TIME} A bank’s own questions must fit.`, 'time'],
  ['retry', 'After a decline, time for another card', TIME, 'time'],
  ['payment_attempts_max', 'Payments tried for one order', null, 'number'],
  ['holds_per_buyer_max', 'Purchases of one person at once', null, 'number'],
  ['cooldown', 'After giving seats back unpaid, how long none', `${TIME} It doubles each time.`, 'time'],
  ['pass', 'How long a visit to the shop lasts', TIME, 'time'],
  ['idle', 'How long a visitor without seats may do nothing', `${TIME} 0s is as long as the visit.`, 'time'],
  ['shoppers_max', 'Visitors in the shop at once', null, 'number'],
  ['buyers_max', 'People with seats at once', null, 'number'],
];

/** `5m` and `300s` are one duration. Pure; null for what is none. */
export function secondsOf(text) {
  const units = { ms: 0.001, s: 1, m: 60, min: 60, h: 3600, d: 86400, day: 86400, days: 86400 };
  const parts = [...text.trim().matchAll(/(\d+)\s*([a-z]+)/g)];
  if (!parts.length || text.trim().replace(/\d+\s*[a-z]+\s*/g, '')) return null;
  if (parts.some(([, , unit]) => !(unit in units))) return null;
  return parts.reduce((sum, [, n, unit]) => sum + Number(n) * units[unit], 0);
}

/** The rules whose values differ from `before`, and what is wrong. Pure. */
export function ruleChanges(values, before) {
  const rules = {};
  const faults = {};
  for (const [name, , , kind] of RULES) {
    const value = values[name];
    const known = before[name];
    if (value === undefined) continue;
    if (kind === 'tick') {
      if (value !== Boolean(known)) rules[name] = value;
    } else if (kind === 'number') {
      if (!/^\d{1,8}$/.test(value.trim())) faults[name] = 'Enter a whole number.';
      else if (Number(value) !== known) rules[name] = Number(value);
    } else {
      const seconds = secondsOf(value);
      if (seconds === null) faults[name] = 'Enter a time, such as 5m or 90s.';
      else if (seconds !== secondsOf(known || '')) rules[name] = value.trim();
    }
  }
  return { rules, faults };
}

/** { node, values(), mark(faults) }; `except` are rules that this page leaves to another. */
export function rulesForm(policy, except = []) {
  const shown = RULES.filter(([name]) => !except.includes(name));
  const fields = Object.fromEntries(shown.map(([name, label, hint, kind]) => [name, kind === 'tick'
    ? tick(label, { hint, value: Boolean(policy[name]) })
    : field(label, { hint, value: String(policy[name] ?? ''), inputmode: kind === 'number' ? 'numeric' : null })]));
  const part = (isCommon) => shown.filter((rule) => Boolean(rule[4]) === isCommon).map(([name]) => fields[name].node);
  const rare = el('details', { class: 'fold' }, el('summary', {}, 'More rules'), el('div', { class: 'columns' }, part(false)));
  return {
    node: el('div', { class: 'stack wide' }, el('div', { class: 'columns' }, part(true)), rare),
    values: () => Object.fromEntries(Object.entries(fields).map(([name, one]) => [name, one.value()])),
    mark(faults) {
      if (shown.some(([name, , , , isCommon]) => faults[name] && !isCommon)) rare.open = true;
      return markAll(fields, faults);
    },
  };
}
