// Owns the page of calls: reads the OpenAPI document and shows each operation with its
// parameters, its bodies field by field, and an example that runs. Start at `show`.
import { el } from '../js/dom.js';
import { addressOf, curl, mayTry, meanings } from './example.js';
import { tryPart } from './try.js';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const calls = document.getElementById('calls');
let spec = null;
/** An event of this server, whose id stands in the examples. */
let event = null;

/** The schema a reference points to, or the schema itself. */
function resolve(schema) {
  const name = schema?.$ref?.replace('#/components/schemas/', '');
  return name ? spec.components.schemas[name] : schema;
}

function typeOf(schema) {
  if (schema?.$ref) return schema.$ref.split('/').pop();
  const options = schema?.oneOf || schema?.anyOf;
  if (options) return options.map(typeOf).filter(Boolean).join(' or ');
  const type = [].concat(schema?.type ?? 'any').filter((name) => name !== 'null').join(' or ');
  return type === 'array' ? `list of ${typeOf(schema.items)}` : type;
}

/** All fields of a schema, those of its parts included. */
function fieldsOf(schema, seen = new Set()) {
  const whole = resolve(schema);
  if (!whole || seen.has(whole)) return [];
  seen.add(whole);
  const parts = (whole.allOf || []).flatMap((part) => fieldsOf(part, seen));
  const required = new Set(whole.required || []);
  return parts.concat(Object.entries(whole.properties || {}).map(([name, field]) => ({
    name, type: typeOf(field), required: required.has(name),
    about: field.description || resolve(field)?.description || '', example: field.example,
  })));
}

function table(caption, rows) {
  if (rows.length === 0) return null;
  const line = ({ name, type, required, about, example }) => el('tr', {},
    el('th', { scope: 'row' }, el('code', {}, name), required ? ' *' : ''),
    el('td', {}, type),
    el('td', {}, about, example === undefined ? '' : ` e.g. ${JSON.stringify(example)}`));
  return el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption },
    el('table', { class: 'fields' }, el('caption', { class: 'vh' }, caption),
      el('tbody', {}, ...rows.map(line))));
}

/** One for each example, as each request has its own. */
const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** The example of a call, with what its variables stand for, and a button where anybody may press it. */
function examplePart(method, path, call) {
  const text = curl({ method, path, call, event, origin: location.origin, key: newKey(), resolve });
  const address = addressOf(path, call, event);
  const said = meanings(text, call);
  return [el('h3', {}, 'Example'), el('pre', { tabindex: '0', class: 'example', 'aria-label': `Example of ${call.operationId}` }, text),
    said.length ? el('ul', { class: 'quiet' }, said.map(({ name, about }) => el('li', {}, el('code', {}, name), ` ${about}`))) : null,
    mayTry(method, address, call) ? tryPart(address, call.operationId) : null];
}

function answers(call) {
  return Object.entries(call.responses || {}).flatMap(([status, response]) => {
    const schema = Object.values(response.content || {})[0]?.schema;
    const about = [response.description, schema?.$ref ? typeOf(schema) : ''].filter(Boolean).join(' · ');
    return [el('h3', {}, `Answer ${status}`), about ? el('p', { class: 'quiet' }, about) : null,
      schema && status < 300 ? table(`Fields of answer ${status}`, fieldsOf(schema)) : null];
  });
}

function card(method, path, call) {
  const parameters = (call.parameters || []).map((one) => ({
    name: one.name, type: `${one.in} · ${typeOf(one.schema)}`, required: one.required, about: one.description || '',
  }));
  const body = call.requestBody?.content?.['application/json']?.schema;
  const roles = (call.security || []).flatMap((one) => one.staff || []);
  return el('details', { class: 'call', id: call.operationId },
    el('summary', {},
      el('span', { class: 'method' }, method.toUpperCase()),
      el('span', { class: 'path' }, path),
      el('span', { class: 'name' }, call.operationId)),
    el('div', { class: 'inside' },
      el('p', {}, [call.summary, call.description].filter(Boolean).join(' ').replaceAll('**', '')),
      roles.length ? el('p', { class: 'quiet' }, `With a staff key: ${roles.join(' or ')}.`) : null,
      parameters.length ? el('h3', {}, 'Parameters') : null, table('Parameters', parameters),
      body ? el('h3', {}, 'Body') : null, body ? table('Fields of the body', fieldsOf(body)) : null,
      ...examplePart(method, path, call),
      ...answers(call)));
}

function group(tag) {
  const cards = Object.entries(spec.paths).flatMap(([path, methods]) => METHODS
    .filter((method) => methods[method]?.tags?.includes(tag.name))
    .map((method) => card(method, path, methods[method])));
  return el('section', { class: 'group' }, el('h2', {}, tag.name), el('p', {}, tag.description || ''), ...cards);
}

function find(text) {
  const wanted = text.trim().toLowerCase();
  let count = 0;
  for (const one of calls.querySelectorAll('.call')) {
    one.hidden = !one.querySelector('summary').textContent.toLowerCase().includes(wanted);
    count += one.hidden ? 0 : 1;
  }
  for (const one of calls.querySelectorAll('.group')) one.hidden = !one.querySelector('.call:not([hidden])');
  document.getElementById('found').textContent = `${count} ${count === 1 ? 'call' : 'calls'}`;
}

function openNamed() {
  const named = document.getElementById(location.hash.slice(1));
  if (named?.matches('.call')) {
    named.open = true;
    named.scrollIntoView();
  }
}

/** The table of problems, as the server has it. */
async function problems() {
  const { problems: codes } = await (await fetch('/problems')).json();
  const rows = codes.map(({ code, status, retry, advice }) => ({
    name: code, type: `${status} · retry: ${retry}`, about: advice,
  }));
  return el('section', { class: 'group' }, el('h2', {}, 'Problems'),
    el('p', {}, 'Every code a problem may have, and what to do about it.'),
    el('details', { id: 'problems' }, el('summary', {}, `${codes.length} codes`), table('Problems', rows)));
}

/** What else of an event stands in examples: its categories, two seats beside each other, and whether its door asks a puzzle. */
async function more(id) {
  const ask = (path) => fetch(`/v1/events/${id}${path}`).then((answer) => (answer.ok ? answer.json() : {})).catch(() => ({}));
  const [{ categories }, { groups: [first] = [] }, { puzzle_level: level }] = await Promise.all([ask(''), ask('/seats/search?count=2'), ask('/queue')]);
  return { categories, puzzle: level > 0, row: first && `${first.section}/${first.row}`, seats: first?.seats.map((one) => one.seat_id) };
}

async function show() {
  try {
    const [said, list] = await Promise.all(['/openapi.json', '/v1/events'].map(async (path) => (await fetch(path)).json()));
    spec = said;
    // One that is on sale and says the most of itself.
    const all = list.events || [];
    event = all.find((one) => one.phase === 'open' && one.starts_at) ?? all.find((one) => one.phase === 'open') ?? all[0] ?? null;
    if (event) event = { ...event, ...await more(event.event_id) };
  } catch {
    calls.replaceChildren(el('p', { class: 'notice warn' }, 'The document did not arrive. Load this page again.'));
    return;
  }
  const paragraphs = (spec.info.description || '').split(/\n\s*\n/);
  document.getElementById('about').replaceChildren(
    ...paragraphs.map((text) => el('p', {}, text.replaceAll('`', ''))));
  calls.replaceChildren(...spec.tags.map(group));
  problems().then((shown) => calls.after(shown)).catch(() => {});
  const box = document.getElementById('find');
  box.addEventListener('input', () => find(box.value));
  find('');
  openNamed();
  addEventListener('hashchange', openNamed);
}
show();
