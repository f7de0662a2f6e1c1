// Owns the form of what an event says of itself: names, the venue, times on the venue's clock, when
// the sale opens and closes by itself.
import { el } from '../dom.js';
import { instantOf, knowsZone } from './clock.js';
import { field, markAll, moment } from './fields.js';
import { namedFor } from './names.js';

const TEXTS = ['name', 'artist', 'description', 'venue_name', 'venue_address'];
const TIMES = ['doors_at', 'starts_at', 'ends_at', 'announced_at', 'presale_at', 'opens_at', 'closes_at'];
/** Pairs of times, the first of which comes first. */
const ORDER = [['doors_at', 'starts_at', 'the start'], ['starts_at', 'ends_at', 'the end'], ['presale_at', 'opens_at', 'the general sale opens'], ['opens_at', 'closes_at', 'the sale closes']];

/** What is wrong with times on the venue's clock, by field. Pure. */
export function timeFaults(locals, zone) {
  const faults = {};
  const at = {};
  for (const [name, local] of Object.entries(locals)) {
    at[name] = instantOf(local, zone);
    if (at[name] === undefined) faults[name] = 'No clock at the venue shows this time: it is set forward over it.';
  }
  for (const [early, late, words] of ORDER) {
    if (at[early] && at[late] && at[early] >= at[late] && !faults[early]) faults[early] = `Must be before ${words}.`;
  }
  return faults;
}

/** { node, values(), faults(), mark(faults), fill(event) }; `values()` is what the server takes. */
export function detailsForm() {
  const zone = field('Time zone of the venue', { hint: 'Such as Europe/Berlin. Times below are on its clock.', list: 'zones', autocomplete: 'off',
    value: Intl.DateTimeFormat().resolvedOptions().timeZone });
  const zoneNow = () => (knowsZone(zone.value()) ? zone.value() : 'UTC');
  const time = (label, hint) => moment(label, zoneNow, { hint });
  const fields = {
    name: field('Name', { maxlength: '512', autocomplete: 'off', hint: 'As people say it. It is in every message and on every ticket.',
      advise: (name) => namedFor(name, 'An evening with The Examples') }),
    artist: field('Artist', { maxlength: '512', autocomplete: 'off', advise: (name) => namedFor(name, 'The Examples') }),
    description: field('Description', { rows: 4, maxlength: '16384' }),
    venue_name: field('Venue', { maxlength: '512', autocomplete: 'off', advise: (name) => namedFor(name, 'Town Hall') }),
    venue_address: field('Address of the venue', { rows: 3, maxlength: '512', hint: 'As on an envelope.' }),
    time_zone: zone,
    doors_at: time('Doors open'), starts_at: time('Starts'), ends_at: time('Ends'),
    announced_at: time('Announced', 'When people learn of the event. It is only shown.'),
    presale_at: time('Presale begins by itself', 'For who has a code. Leave it empty if there is none.'),
    opens_at: time('General sale opens by itself', 'Leave it empty to open it by hand.'),
    closes_at: time('Sale closes by itself', 'Leave it empty to close it by hand.'),
    age_min: field('Youngest age', { inputmode: 'numeric', hint: 'Leave it empty if there is no limit.' }),
  };
  const zones = el('datalist', { id: 'zones' }, (Intl.supportedValuesOf?.('timeZone') || []).map((name) => el('option', { value: name })));
  const pair = (...names) => el('div', { class: 'two-columns' }, names.map((name) => fields[name].node));
  const node = el('div', { class: 'stack wide' }, pair('name', 'artist'), fields.description.node, pair('venue_name', 'venue_address'),
    zone.node, zones, pair('doors_at', 'starts_at'), pair('ends_at', 'age_min'), pair('announced_at', 'presale_at'), pair('opens_at', 'closes_at'));
  function values() {
    const said = Object.fromEntries(TEXTS.map((name) => [name, fields[name].value().trim() || null]));
    for (const name of TIMES) said[name] = fields[name].value() ?? null;
    const age = fields.age_min.value().trim();
    return { ...said, time_zone: zone.value().trim() || null, age_min: age ? Number(age) : null };
  }
  function faults() {
    const found = timeFaults(Object.fromEntries(TIMES.map((name) => [name, fields[name].raw()])), zoneNow());
    if (!fields.name.value().trim()) found.name = 'Enter a name: people look for it.';
    if (zone.value().trim() && !knowsZone(zone.value().trim())) found.time_zone = 'Choose one of the list, such as Europe/Berlin.';
    if (!/^(\d{1,2})?$/.test(fields.age_min.value().trim())) found.age_min = 'Enter a number of years, or leave it empty.';
    return found;
  }
  function fill(event) {
    zone.set(event.time_zone || 'UTC');
    for (const name of TEXTS) fields[name].set(event[name] || '');
    for (const name of TIMES) fields[name].set(event[name]);
    fields.age_min.set(event.age_min === null || event.age_min === undefined ? '' : String(event.age_min));
  }
  return { node, fields, values, faults, fill, mark: (found) => markAll(fields, found) };
}

/** What of `values` differs from what the event says, for a change. Pure. */
export function changesOf(values, event) {
  const same = (one, other) => (one || null) === (other || null)
    || (Date.parse(one) === Date.parse(other) && !Number.isNaN(Date.parse(one)) && /T/.test(one));
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => !same(value, event[name])));
}
