// Owns the form of the colours of an event's pages: typed or picked, and shown on a button as it would be.
import { el } from '../dom.js';
import { field, markAll } from './fields.js';

const COLOR = /^#[0-9a-f]{6}$/iu;
const NAMES = ['accent', 'accent_dark'];

/** What is wrong with them, if anything; whether they can be read is the server's to say. Pure. */
export function colorFaults(values) {
  const faults = {};
  for (const name of NAMES) {
    if (values[name] && !COLOR.test(values[name])) faults[name] = 'Enter a colour such as #8a1c4b: six digits, 0 to 9 and a to f.';
  }
  if (values['accent_dark'] && !values.accent) faults.accent = 'Choose this one too.';
  return faults;
}

/** What of `values` an event does not say yet, for a change; nothing where all is as it was. Pure. */
export function lookChanges(values, event) {
  const now = event?.look || {};
  const changed = NAMES.filter((name) => (values[name] || null) !== (now[name] || null));
  return changed.length ? Object.fromEntries(changed.map((name) => [name, values[name] || null])) : null;
}

/** A colour to type, with the browser's own picker beside it. */
function colorField(label, hint) {
  const one = field(label, { hint, maxlength: '7', autocomplete: 'off', spellcheck: 'false', placeholder: '#8a1c4b' });
  const pick = el('input', { type: 'color', class: 'pick-color', 'aria-label': `Pick: ${label}` });
  const follow = () => { if (COLOR.test(one.value())) pick.value = one.value().toLowerCase(); };
  pick.addEventListener('input', () => one.set(pick.value));
  one.input.addEventListener('input', follow);
  one.input.after(pick);
  return { ...one, set(text) { one.set(text); follow(); } };
}

/** { node, fields, values(), faults(), fill(event), mark(faults) }. */
export function lookForm() {
  const fields = {
    accent: colorField('Colour', 'Of buttons, links and bars. Leave it empty for ours.'),
    'accent_dark': colorField('Colour on dark pages', 'Leave it empty: one that can be read there is made of the other.'),
  };
  const values = () => Object.fromEntries(NAMES.map((name) => [name, fields[name].value().trim().toLowerCase() || null]));
  return {
    node: el('div', { class: 'stack wide' }, el('div', { class: 'two-columns' }, NAMES.map((name) => fields[name].node))),
    fields, values,
    faults: () => colorFaults(values()),
    fill: (event) => NAMES.forEach((name) => fields[name].set(event.look?.[name] || '')),
    mark: (found) => markAll(fields, found),
  };
}
