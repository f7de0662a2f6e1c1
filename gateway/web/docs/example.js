// Owns the examples of calls, as they run when they are pasted into a shell: with curl alone, ids of a real event of
// this server, and the bodies that the document gives. What only the reader has stands behind a $. Pure.

const HEADERS = {
  device: ['-H "Floodgate-Device: $DEVICE"', 'DEVICE'], queue_ticket: ['-H "Floodgate-Queue-Ticket: $TICKET"', 'TICKET'],
  pass: ['-H "Floodgate-Pass: $PASS"', 'PASS'], staff: ['-H "Authorization: Bearer $KEY"', 'KEY'],
};
const MEANINGS = {
  DEVICE: 'device, from joinQueue; asks.device, from getChallenge, before that', TICKET: 'queue_ticket, from joinQueue', PASS: 'pass, from enterShop', HOLD: 'hold_id, from acquireLock',
  PAYMENT_METHOD: 'payment_method, from the form of the provider, see getPaymentForm', ORDER: 'order_id, from purchaseTicket',
  SEAT: 'seat_id of a ticket, from getTickets', QR: 'what the code of a ticket says, from getTickets', OFFER: 'offer, from offerTicket',
  CODE: 'a code, from exportCodes', BUYER: 'user_id of who gets the ticket, from findOrders', CHALLENGE: 'asks.challenge, from getChallenge', SOLUTION: 'what solves it: docs/clients/buyer.py shows how', COMMAND: 'command_id, from an answer 202', FILE: 'a file of yours',
};
/** What is the same on every server. */
const KNOWN = { code: 'seat_taken', file: 'sales.csv', step: 'pause', scope: 'event', channel: 'page' };
/** Ids that the document makes up, and whose places they take. */
const MADE_UP = [[/^hld_/, 'HOLD'], [/^byr_/, 'BUYER'], [/^pm_1/, 'PAYMENT_METHOD'], [/^FG1\./, 'QR'], [/^FGO1\./, 'OFFER'],
  [/^\w{4}(-\w{4}){3}$/, 'CODE']];
/** A stream does not end by itself. */
const STREAM_SECONDS = 5;

export const schemesOf = (call) => (call.security || []).flatMap((one) => Object.keys(one));
const isStream = (call) => Object.values(call.responses || {}).some(({ content }) => content?.['text/event-stream']);
const HEADER_NAMES = Object.values(HEADERS).map(([, name]) => name);
/** `order_id` as $ORDER; what goes into a header keeps its name. */
const variable = (name) => {
  const short = name.replace(/_id$/, '').toUpperCase();
  return `$${HEADER_NAMES.includes(short) && short !== name.toUpperCase() ? name.toUpperCase() : short}`;
};

/** The query of an example: what the document gives, and for a search a word that is found here. */
function queryOf(call, event) {
  const asked = (call.parameters || []).filter((one) => one.in === 'query');
  const words = asked.some(({ name }) => name === 'q');
  const given = asked.filter(({ name, example, required }) => (words ? name === 'q' : required || example !== undefined));
  const value = ({ name, example, schema }) => (name === 'q' ? event?.name.split(/\s/)[0] ?? example : example ?? schema?.enum?.[0] ?? KNOWN[name]);
  const said = (one) => (value(one) === undefined ? variable(one.name) : encodeURIComponent(value(one)));
  return given.length ? `?${given.map((one) => `${one.name}=${said(one)}`).join('&')}` : '';
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
  const { properties = {}, required = [] } = resolve(media.schema) || {};
  const value = (name) => properties[name].example ?? (required.includes(name) && resolve(properties[name])?.type === 'string' ? variable(name) : undefined);
  return Object.fromEntries(Object.keys(properties).map((name) => [name, value(name)]).filter(([, given]) => given !== undefined));
}

/** A body with what this event has, and a variable where the document makes up an id. */
function filled(body, { operationId: name }, event) {
  const whole = JSON.parse(JSON.stringify(body), (_, value) => {
    const known = typeof value === 'string' && MADE_UP.find(([pattern]) => pattern.test(value));
    return known ? `$${known[1]}` : value;
  });
  if (!event) return whole;
  if (name === 'joinQueue' && event.puzzle) return { challenge: '$CHALLENGE', solution: '$SOLUTION' };
  if (whole.event_id) whole.event_id = event.event_id;
  if (whole.rows && event.row) whole.rows = [event.row];
  if (name === 'giveSeats' && event.seats) whole.seats = event.seats;
  if (name === 'setPrices' && event.categories) {
    whole.currency = event.currency;
    whole.prices = Object.fromEntries(event.categories.map((one) => [one.name, one.price ?? Object.values(body.prices)[0]]));
  }
  return whole;
}

/** The command as it is printed. `key` is the Idempotency-Key. */
export function curl({ method, path, call, event, origin, key, resolve }) {
  const stream = isStream(call) ? ` -N --max-time ${STREAM_SECONDS}` : '';
  const lines = [`curl -s${stream}${method === 'get' ? '' : ` -X ${method.toUpperCase()}`} "${origin}${addressOf(path, call, event)}"`];
  const schemes = call.operationId === 'joinQueue' && event?.puzzle ? ['device'] : schemesOf(call);
  lines.push(...schemes.map((name) => HEADERS[name]?.[0]).filter(Boolean));
  if (method === 'get') return lines.join(' \\\n  ');
  lines.push(`-H "Idempotency-Key: ${key}"`);
  const content = Object.keys(call.requestBody?.content || { 'application/json': null });
  if (content.includes('application/json')) {
    const text = JSON.stringify(filled(bodyOf(call, resolve) ?? {}, call, event)).replaceAll("'", "'\\''");
    // A variable stands outside of the quotes of the body, within its own.
    lines.push('-H "Content-Type: application/json"', `-d '${text.replace(/"(\$[A-Z_]+)"/g, `"'"$1"'"`)}'`);
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
