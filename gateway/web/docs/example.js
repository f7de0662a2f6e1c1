// Owns the examples of calls, as they run when they are pasted into a shell: with curl alone, ids of a real event of
// this server, and the bodies that the document gives. What only the reader has stands behind a $. Pure.

const HEADERS = {
  device: ['-H "Floodgate-Device: $DEVICE"', 'DEVICE'], queue_ticket: ['-H "Floodgate-Queue-Ticket: $TICKET"', 'TICKET'],
  pass: ['-H "Floodgate-Pass: $PASS"', 'PASS'], staff: ['-H "Authorization: Bearer $KEY"', 'KEY'],
};
const MEANINGS = { DEVICE: 'device, from joinQueue', TICKET: 'queue_ticket, from joinQueue', PASS: 'pass, from enterShop' };
/** What is the same on every server. */
const KNOWN = { code: 'seat_taken', file: 'sales.csv' };
/** A stream does not end by itself. */
const STREAM_SECONDS = 5;

export const schemesOf = (call) => (call.security || []).flatMap((one) => Object.keys(one));
const isStream = (call) => Object.values(call.responses || {}).some(({ content }) => content?.['text/event-stream']);
const variable = (name) => `$${name.replace(/_id$/, '').toUpperCase()}`;

/** The query of an example: what the document gives, and for a search a word that is found here. */
function queryOf(call, event) {
  const asked = (call.parameters || []).filter((one) => one.in === 'query');
  const words = asked.some(({ name }) => name === 'q');
  const given = asked.filter(({ name, example }) => (words ? name === 'q' : example !== undefined));
  const value = ({ name, example }) => (name === 'q' ? event?.name.split(/\s/)[0] ?? example : example);
  return given.length ? `?${given.map((one) => `${one.name}=${encodeURIComponent(value(one))}`).join('&')}` : '';
}

/** Path and query with this server's own ids; `$NAME` where only the reader knows. */
export function addressOf(path, call, event) {
  const ids = { ...KNOWN, ...(event ? { 'event_id': event.event_id } : {}) };
  return path.replace(/\{(\w+)\}/g, (_, name) => ids[name] ?? variable(name)) + queryOf(call, event);
}

/** A body as the document gives it: whole, or put together from its fields; null where there is none of JSON. */
export function bodyOf(call, resolve) {
  const media = call.requestBody?.content?.['application/json'];
  if (!media) return null;
  if (media.example !== undefined) return media.example;
  if (media.examples) return Object.values(media.examples)[0].value;
  const fields = Object.entries(resolve(media.schema)?.properties || {});
  return Object.fromEntries(fields.filter(([, field]) => field.example !== undefined).map(([name, field]) => [name, field.example]));
}

/** The command as it is printed. `key` is the Idempotency-Key. */
export function curl({ method, path, call, event, origin, key, resolve }) {
  const stream = isStream(call) ? ` -N --max-time ${STREAM_SECONDS}` : '';
  const lines = [`curl -s${stream}${method === 'get' ? '' : ` -X ${method.toUpperCase()}`} "${origin}${addressOf(path, call, event)}"`];
  lines.push(...schemesOf(call).map((name) => HEADERS[name]?.[0]).filter(Boolean));
  if (method === 'get') return lines.join(' \\\n  ');
  lines.push(`-H "Idempotency-Key: ${key}"`);
  const content = Object.keys(call.requestBody?.content || { 'application/json': null });
  if (content.includes('application/json')) {
    const text = JSON.stringify(bodyOf(call, resolve) ?? {});
    lines.push('-H "Content-Type: application/json"', `-d '${text.replaceAll("'", "'\\''")}'`);
  } else lines.push(`-H "Content-Type: ${content[0]}"`, '--data-binary "@$FILE"');
  return lines.join(' \\\n  ');
}

/** What each `$NAME` of a command stands for. */
export function meanings(text, call) {
  const names = [...new Set([...text.matchAll(/\$([A-Z_]+)/g)].map(([, name]) => name))];
  const roles = (call.security || []).flatMap((one) => one.staff || []);
  return names.map((name) => ({ name: `$${name}`,
    about: name === 'KEY' ? `a staff key: ${roles.join(' or ') || 'any role'}` : MEANINGS[name] ?? `your ${name.toLowerCase().replaceAll('_', ' ')}` }));
}

/** Whether anybody may make this call, and it changes nothing. */
export const mayTry = (method, address, call) => method === 'get' && !address.includes('$') && schemesOf(call).length === 0;
