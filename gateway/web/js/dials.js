// Owns the operators' page: a field for every dial the server lists, a preview, and the change.
// It knows no dial by name: names, descriptions, bounds and choices come from the server.
import { Problem, attempt, get } from './api.js';
import { freshKey } from './command.js';
import { el, notice } from './dom.js';
import { watchPart } from './insight/watch.js';

const base = () => {
  const id = decodeURIComponent(location.pathname.split('/').filter(Boolean)[1] || '');
  return `/v1/events/${encodeURIComponent(id)}`;
};
const at = (name) => document.getElementById(name);
let listed = [];

/** `pace_per_minute` for people. */
export const label = (name) => {
  const words = name.replaceAll('_', ' ');
  return words[0].toUpperCase() + words.slice(1);
};

/** The value of a field, as the server accepts it. */
export const valueOf = (dial, text) => (dial.kind === 'number' && /^\d+$/.test(text) ? Number(text) : text);

/** The dials whose fields differ from the server's values, and the reason. */
export function changed(dials, texts, reason) {
  const change = {};
  for (const dial of dials) {
    const text = texts[dial.name];
    if (text === undefined || text === String(dial.value ?? '')) continue;
    // An empty choice or number changes nothing; an empty text is a text.
    if (text === '' && dial.kind !== 'text') continue;
    change[dial.name] = valueOf(dial, text);
  }
  if (Object.keys(change).length && reason) change.reason = reason;
  return change;
}

function field(dial) {
  const name = `dial-${dial.name}`;
  const about = { id: name, name: dial.name, 'aria-describedby': `${name}-about` };
  const input = dial.choices?.length
    ? el('select', about,
      el('option', { value: '' }, `Unchanged (${dial.value})`),
      dial.choices.map((choice) => el('option', { value: choice }, label(choice))))
    : el('input', { ...about, value: String(dial.value ?? ''), inputmode: dial.kind === 'number' ? 'numeric' : 'text' });
  const bound = dial.choices?.length ? '' : ` Valid: ${dial.bound}.`;
  return el('p', {},
    el('label', { for: name }, label(dial.name)), input,
    el('small', { id: `${name}-about`, class: 'quiet' }, `${dial.what}${bound}`));
}

function headers() {
  return {
    Accept: 'application/json', 'Content-Type': 'application/json',
    Authorization: `Bearer ${at('key').value.trim()}`, 'Idempotency-Key': freshKey(),
  };
}

function say(kind, strong, ...rest) {
  at('outcome').replaceChildren(notice(kind, el('strong', {}, strong), ...rest));
}

function sayProblem(problem) {
  if (!(problem instanceof Problem)) return say('warn', 'Something on this page failed.', ' Please reload it.');
  for (const input of at('fields').querySelectorAll('[aria-invalid]')) input.removeAttribute('aria-invalid');
  for (const { path } of problem.errors) at(`dial-${path}`)?.setAttribute('aria-invalid', 'true');
  const fixes = problem.errors.map(({ path, message }) => el('li', {}, `${label(path || 'It')}: ${message}`));
  return say('warn', problem.message, fixes.length ? el('ul', {}, fixes) : null);
}

/** Reads the dials, at least as new as a position we know. */
async function show(known) {
  const query = known ? `?at_least=${known.offset}` : '';
  const answer = await attempt('GET', `${base()}/dials${query}`, headers(), undefined, 3);
  listed = answer.dials;
  const reason = el('input', { id: 'reason', name: 'reason', maxlength: String(answer.reason_bytes_max) });
  at('fields').replaceChildren(...listed.map(field),
    el('p', {}, el('label', { for: 'reason' }, 'Reason, kept in the log'), reason));
  at('sign-in').hidden = true;
  at('dials').hidden = false;
  await watching.load();
}

/** What was changed before, how the parts of this server are, and what was refused. */
const watching = watchPart({ base, show: (nodes) => {
  at('watch').replaceChildren(...nodes);
  at('watch').hidden = false;
}, ask: (path) => attempt('GET', path, headers(), undefined, 2) });

function change() {
  const inputs = listed.map((dial) => [dial.name, at(`dial-${dial.name}`).value.trim()]);
  return changed(listed, Object.fromEntries(inputs), at('reason').value.trim());
}

const minutes = (value) => (value === null || value === undefined ? 'nobody is called'
  : value < 1 ? 'under a minute' : `${Math.round(value)} min`);

/** How long the line takes now and after the change, as a table. */
function forecast(preview) {
  const row = (words, { middle_minutes: middle, end_minutes: end }) => el('tr', {},
    el('th', { scope: 'row' }, words), el('td', {}, minutes(middle)), el('td', {}, minutes(end)));
  const stay = preview.stay_is_measured ? 'on average' : 'at most; nobody has left yet';
  return [
    el('p', {}, `${preview.people_waiting} people are waiting. A shopper stays ${preview.stay} ${stay}.`),
    el('table', { class: 'forecast' },
      el('thead', {}, el('tr', {}, el('td', {}), el('th', { scope: 'col' }, 'Middle of the line'),
        el('th', { scope: 'col' }, 'End of the line'))),
      el('tbody', {}, row('Now', preview.before), row('After the change', preview.after))),
  ];
}

async function send(query) {
  const body = change();
  if (!Object.keys(body).length) return say('warn', 'No dial was changed.', ' Change one first.');
  const answer = await attempt('PATCH', `${base()}/dials${query}`, headers(), JSON.stringify(body), 6);
  if (query) return say('good', 'Nothing has been changed yet.', ...forecast(answer));
  await show(answer.as_of);
  return say('good', 'Applied.', ' Every gateway follows within a second.');
}

const guarded = (action) => (submitted) => {
  submitted.preventDefault();
  action().catch(sayProblem);
};

if (globalThis.document?.getElementById('dials')) {
  at('sign-in').addEventListener('submit', guarded(() => show()));
  at('dials').addEventListener('submit', guarded(() => send('')));
  at('preview').addEventListener('click', guarded(() => send('?preview=true')));
  get(base()).then((event) => { at('event-name').textContent = event.name; }).catch(() => {});
}
