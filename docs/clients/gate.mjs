#!/usr/bin/env node
// A gate that checks tickets without a network, written from the OpenAPI page alone; Node's own crypto.
//
//   node docs/clients/gate.mjs fetch --target http://127.0.0.1:8080 --event evt_… --folder gate
//   node docs/clients/gate.mjs check --event evt_… --folder gate FG1.… FG1.…
//
// `fetch` keeps the key and the newest list of revoked tickets; run it while there is a network, and
// again whenever there is. `check` needs none: a line of JSON per ticket, and 1 if any is not good. It
// does not know who was admitted at another door: that is what redeeming is for.
import { createPublicKey, verify } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const SIGNATURE = 64;

/** What is signed, if `key` signed it: the bytes behind the prefix, without the signature. */
export function opened(key, prefix, form, text) {
  if (!text.startsWith(prefix)) return null;
  const bytes = Buffer.from(text.slice(prefix.length).trim(), 'base64url');
  if (bytes.length <= SIGNATURE) return null;
  const body = bytes.subarray(0, -SIGNATURE);
  const isTrue = body[0] === form && verify(null, body, key, bytes.subarray(-SIGNATURE));
  return isTrue ? body : null;
}

/** The list: of which event, how new, and of each ticket the first edition that is still good. */
export function readList(key, text) {
  const body = opened(key, 'FGR1.', 4, text);
  if (!body || body.length !== 29 + 14 * body.readUInt32BE(25)) return null;
  const firstGood = new Map();
  for (let at = 29; at < body.length; at += 14) {
    firstGood.set(body.toString('hex', at, at + 12), body.readUInt16BE(at + 12));
  }
  return { event: body.readBigUInt64BE(1), version: body.readBigUInt64BE(9), firstGood };
}

/** good, or why nobody is to be let in with it. */
export function verdict(key, list, event, text) {
  const body = opened(key, 'FG1.', 2, text);
  if (!body || body.length !== 23) return 'no ticket of this installation';
  if (body.readBigUInt64BE(1) !== event) return 'a ticket of another event';
  const firstGood = list.firstGood.get(body.toString('hex', 9, 21));
  if (firstGood === undefined || body.readUInt16BE(21) >= firstGood) return 'good';
  return firstGood === 0xffff ? 'revoked: refunded or cancelled' : 'superseded: it has a new owner';
}

/** An event's id as the number that is signed: Crockford's base 32 behind `evt_`. */
export function eventNumber(id) {
  const digit = (sign) => BigInt('0123456789ABCDEFGHJKMNPQRSTVWXYZ'.indexOf(sign));
  return [...id.replace('evt_', '')].reduce((number, sign) => number * 32n + digit(sign), 0n);
}

async function fetchInto(target, event, folder) {
  mkdirSync(folder, { recursive: true });
  const get = async (path) => {
    const answer = await fetch(new URL(path, target));
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return answer.text();
  };
  const jwk = await get('/.well-known/floodgate-ticket-key.json');
  const key = createPublicKey({ key: JSON.parse(jwk), format: 'jwk' });
  const text = await get(`/v1/events/${event}/tickets/revoked`);
  const list = readList(key, text);
  if (list?.event !== eventNumber(event)) throw new Error('this is not a list of that event');
  // A list that is older than the one at hand is a mistake, or an attack.
  const file = join(folder, `${event}.revoked`);
  const known = existsSync(file) ? readList(key, readFileSync(file, 'utf8')) : null;
  writeFileSync(join(folder, 'key.json'), jwk);
  if (!known || known.version <= list.version) writeFileSync(file, text);
  return list;
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { target: { type: 'string' }, event: { type: 'string' }, folder: { type: 'string', default: 'gate' } },
  });
  const [what, ...tickets] = positionals;
  const { target, event, folder } = values;
  if (what === 'fetch') {
    const list = await fetchInto(target, event, folder);
    console.log(JSON.stringify({ event, version: String(list.version), revoked: list.firstGood.size }));
    return 0;
  }
  if (what !== 'check') throw new Error('say fetch or check');
  const key = createPublicKey({ key: JSON.parse(readFileSync(join(folder, 'key.json'), 'utf8')), format: 'jwk' });
  const list = readList(key, readFileSync(join(folder, `${event}.revoked`), 'utf8'));
  if (list?.event !== eventNumber(event)) throw new Error('no list of this event; run fetch');
  const verdicts = tickets.map((text) => verdict(key, list, eventNumber(event), text));
  verdicts.forEach((words) => console.log(JSON.stringify({ verdict: words })));
  return verdicts.every((words) => words === 'good') ? 0 : 1;
}

if (import.meta.url === `file://${process.argv[1]}` || process.argv[1]?.endsWith('gate.mjs')) {
  main().then((code) => process.exit(code), (error) => {
    console.error(error.message);
    process.exit(2);
  });
}
