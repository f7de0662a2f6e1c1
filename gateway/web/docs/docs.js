// Owns the page of calls: reads the OpenAPI document and shows each operation with its
// parameters, its bodies field by field, and a curl line. Start at `show`.
import { el } from '../js/dom.js';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const calls = document.getElementById('calls');
let spec = null;

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

/** An example body: what the document says, else a value of each field's type. */
function example(schema, depth = 0) {
  const whole = resolve(schema);
  if (!whole || depth > 4) return null;
  if (whole.example !== undefined) return whole.example;
  if (whole.oneOf || whole.anyOf) {
    return example((whole.oneOf || whole.anyOf).find((one) => typeOf(one) !== ''), depth + 1);
  }
  const type = [].concat(whole.type)[0];
  if (type === 'object' || whole.properties) {
    const required = new Set(whole.required || []);
    const wanted = Object.entries(whole.properties || {}).filter(([name]) => depth === 0 || required.has(name));
    return Object.fromEntries(wanted.map(([name, field]) => [name, example(field, depth + 1)]));
  }
  if (type === 'array') return [example(whole.items, depth + 1)];
  return { string: 'text', integer: 1, number: 1, boolean: false }[type] ?? null;
}

function curl(method, path, call) {
  const lines = [`curl -s ${location.origin}${path}`];
  if (method !== 'get') {
    lines[0] = `curl -s -X ${method.toUpperCase()} ${location.origin}${path}`;
    lines.push(`-H 'Idempotency-Key: '$(uuidgen)`);
  }
  const schemes = (call.security || []).flatMap((one) => Object.keys(one));
  const header = {
    device: '-H "Floodgate-Device: $DEVICE"', queue_ticket: '-H "Floodgate-Queue-Ticket: $TICKET"',
    pass: '-H "Floodgate-Pass: $PASS"', staff: '-H "Authorization: Bearer $KEY"',
  };
  lines.push(...schemes.map((name) => header[name]).filter(Boolean));
  const body = call.requestBody?.content?.['application/json']?.schema;
  if (method !== 'get') {
    const text = JSON.stringify(body ? example(body) : {});
    lines.push("-H 'Content-Type: application/json'", `-d '${text.replaceAll("'", "'\\''")}'`);
  }
  return lines.join(' \\\n  ');
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
      el('h3', {}, 'Try it'), el('pre', { tabindex: '0' }, curl(method, path, call)),
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

async function show() {
  try {
    spec = await (await fetch('/openapi.json')).json();
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
