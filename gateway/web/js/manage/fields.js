// Owns the fields of the manager's forms: each with its label, a hint, and its fault right at it.
import { el, say } from '../dom.js';
import { instantOf, localOf } from './clock.js';

let made = 0;

/** { node, input, value, set, mark, focus } of one line, or of `rows` lines; `advise(value)` says what may be better. */
export function field(label, { rows, hint, choices, advise, value = '', ...attributes } = {}) {
  made += 1;
  const id = `field-${made}`;
  const wrong = el('p', { class: 'wrong', id: `${id}-wrong`, role: 'alert' });
  const about = hint ? el('p', { class: 'quiet', id: `${id}-hint` }, hint) : null;
  const advice = advise ? el('p', { class: 'advice', id: `${id}-advice`, role: 'status' }) : null;
  const common = { id, 'aria-describedby': `${about ? `${id}-hint ` : ''}${advice ? `${id}-advice ` : ''}${id}-wrong`, ...attributes };
  const input = choices
    ? el('select', common, choices.map(([name, words]) => el('option', { value: name }, words)))
    : el(rows ? 'textarea' : 'input', { ...common, rows: rows ? String(rows) : null });
  if (value || !choices) input.value = value;
  function mark(words) {
    say(wrong, words || '');
    if (words) input.setAttribute('aria-invalid', 'true');
    else input.removeAttribute('aria-invalid');
  }
  const look = () => {
    mark('');
    if (advice) say(advice, advise(input.value));
  };
  input.addEventListener('input', look);
  return {
    node: el('div', { class: 'field' }, el('label', { for: id }, label), input, about, advice, wrong), input, mark,
    value: () => input.value, set: (text) => { input.value = text; look(); }, focus: () => input.focus(),
  };
}

/** A box that is ticked or not. */
export function tick(label, { hint, value = false } = {}) {
  made += 1;
  const id = `field-${made}`;
  const input = el('input', { type: 'checkbox', id, checked: value, 'aria-describedby': hint ? `${id}-hint` : null });
  return {
    node: el('div', { class: 'field' }, el('label', { class: 'check', for: id }, input, el('span', {}, label)),
      hint ? el('p', { class: 'quiet', id: `${id}-hint` }, hint) : null),
    input, value: () => input.checked, set: (on) => { input.checked = on; }, mark() {}, focus: () => input.focus(),
  };
}

/** A day and time on the venue's clock; `zone()` is the venue's zone now. */
export function moment(label, zone, options = {}) {
  const one = field(label, { type: 'datetime-local', ...options });
  return { ...one, value: () => instantOf(one.input.value, zone()), set: (iso) => one.set(localOf(iso, zone())),
    /** The same wall clock, before and after the zone is named. */
    raw: () => one.input.value };
}

/** Says each fault at its field and moves focus to the first; how many there are. */
export function markAll(fields, faults) {
  let topmost = null;
  let found = 0;
  for (const [name, one] of Object.entries(fields)) {
    const words = faults[name] || '';
    one.mark(words);
    if (!words) continue;
    found += 1;
    topmost ??= one;
  }
  topmost?.focus();
  return found;
}

/** Faults as the server lists them, by the last part of each path: `policy.hold` is `hold`. Pure. */
export const faultsOf = (problem) => Object.fromEntries((problem.errors || [])
  .map(({ path, message }) => [path.split('.').at(-1), message]));
