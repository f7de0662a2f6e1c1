// Owns the order in which everything is walked: as many lanes as there are processors, a server of its own for each,
// and what counts bytes and frames at the end, alone. Says how long each walk took, and shows what a failed one said.
//
//   node all.mjs [--only NAME,NAME] [--lanes N]
//
// Exit: 0 all is well, 1 something is not, 64 wrong arguments.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

const text = { type: 'string' };
const { values } = parseArgs({ options: { only: text, lanes: text } });
const OUT = 'target/browser';
/** A server holds a stadium, a browser a few hundred megabytes. */
const LANES_MAX = 4;
const binary = process.env.FLOODGATE_BINARY || 'target/release/floodgate';
const began = Date.now();
const seconds = (since) => Math.round((Date.now() - since) / 1000);
const failed = [];

const node = (script, ...given) => ['node', `tests/browser/${script}.mjs`, ...given];
const manager = ({ keys }) => ['--key-file', `${keys}/manager.key`];
const operator = ({ keys }) => ['--key-file', `${keys}/operator.key`];
/** Of the stadium on sale. */
const sale = ({ base, event }) => ['--base', base, '--event', event];
const here = ({ base }) => ['--base', base];
const DARK = ['--viewport', 'desktop', '--scheme', 'dark'];
const out = (name) => ['--out', `${OUT}/${name}`];
const walk = (name, ...given) => (at) => node('walk', ...sale(at), ...out(name), ...given, '--staff-key-file', `${at.keys}/operator.key`);
const byHand = (name, ...given) => (at) => node('manage', ...here(at), '--manager-key-file', `${at.keys}/manager.key`, ...out(name), ...given);

/** One after the other, on a server that nobody has joined yet: three people buy, each in another way, and a program. */
const buyers = [
  ['phone', (at) => [...walk('phone', '--viewport', 'phone', '--card', 'approve', '--hold-line')(at),
    '--manager-key-file', `${at.keys}/manager.key`, '--mail-port', at.mail]],
  ['desktop', walk('desktop', '--viewport', 'desktop', '--card', 'challenge')],
  ['keyboard', (at) => node('walk', ...sale(at), ...out('keyboard'), '--viewport', 'desktop', '--card', 'decline', '--keyboard', '--no-workers',
    '--manager-key-file', `${at.keys}/manager.key`)],
  ['buyer.py', (at) => ['docs/clients/buyer.py', '--target', at.base, '--event', at.event]],
  ['gate-fetch', (at) => ['node', 'docs/clients/gate.mjs', 'fetch', '--target', at.base, '--event', at.event, '--folder', `${OUT}/gate`]],
  ['gate-check', async (at) => ['node', 'docs/clients/gate.mjs', 'check', '--event', at.event, '--folder', `${OUT}/gate`,
    ...(await readFile(`${OUT}/buyer.py.log`, 'utf8')).match(/FG1\.[A-Za-z0-9_-]*/g)]],
];
/** Twice, as on a phone by day and on a desk at night. */
const both = (name, key, on = sale) => [
  [[name, (at) => node(name, ...on(at), ...key(at), ...out(name))]],
  [[`${name}-desktop`, (at) => node(name, ...on(at), ...key(at), ...out(`${name}-desktop`), ...DARK)]],
];
const one = (name, key, on = here, ...given) => [[[name, (at) => node(name, ...on(at), ...key(at), ...out(name), ...given)]]];
const none = () => [];

/** The longest first, so that no lane is left with one at the end. What is in one list goes in that order. */
const JOBS = [
  buyers,
  ...both('edges', manager, here),
  ...one('narrow', manager),
  ...one('monkey-test', manager),
  ...one('languages', none, sale),
  ...one('monkey', manager, here, '--seed', '7', '--minutes', '0.5'),
  [['manage-phone', byHand('manage-phone', '--viewport', 'phone')]],
  [['manage-desktop', byHand('manage-desktop', '--viewport', 'desktop')]],
  ...one('reader', manager),
  [['examples', (at) => node('examples', ...sale(at), '--keys', at.keys, '--mail-port', at.mail, ...out('examples')), { isFresh: true }]],
  ...both('docs', none),
  ...['light', 'dark'].map((scheme) => [[`map-${scheme}`, (at) => node('map', ...sale(at), ...manager(at), ...out(`map-${scheme}`), '--scheme', scheme)]]),
  ...both('house', manager),
  ...both('mine', none),
  ...both('insight', manager),
  ...['phone', 'desktop'].map((viewport) => [[`deliveries-${viewport}`, (at) => node('deliveries', ...here(at), ...operator(at),
    ...out(`deliveries-${viewport}`), '--viewport', viewport)]]),
  ...both('market', ({ keys }) => ['--keys', keys]),
  ...one('network', none, sale),
];
/** Bytes have budgets; times and frames are noted, and want the machine for themselves. */
const ALONE = [[['figures', (at) => node('figures', ...sale(at), '--check')]]];

const CONFIG = (mail) => `
[channels]
quiet_from = "12:00"
quiet_until = "12:00"

[channels.webhooks]
private_addresses = ["127.0.0.0/8"]

[channels.email]
server = "127.0.0.1:${mail}"
encryption = "none"
from = "Tickets <tickets@example.org>"
`;

/** The walk that reads mail takes it on a port that was free a moment ago. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return String(port);
}

/** A demo with a stadium on sale; it prints one line when that is open. */
async function demo(lane) {
  const data = await mkdtemp(join(tmpdir(), 'floodgate-walk-'));
  const mail = await freePort();
  await writeFile(`${OUT}/lane-${lane}.toml`, CONFIG(mail));
  const child = spawn(binary, ['demo', '--data', data, '--config', `${OUT}/lane-${lane}.toml`, '--listen', '127.0.0.1:0', '--json'],
    { stdio: ['ignore', 'pipe', 'pipe'] });
  process.on('exit', () => child.kill());
  child.stderr.pipe(createWriteStream(`${OUT}/lane-${lane}.log`));
  const ended = once(child, 'exit');
  const said = await Promise.race([once(createInterface(child.stdout), 'line'), ended.then(() => null)]);
  if (!said) throw new Error(`the server did not start: see ${OUT}/lane-${lane}.log`);
  const [base, event] = JSON.parse(said[0]).page.split('/events/');
  return { base, event, mail, keys: `${data}/keys`, async end() {
    child.kill();
    await ended;
    await rm(data, { recursive: true, force: true });
  } };
}

/** Runs one walk; what it says goes to a file, and to the screen where it failed. */
async function run([name, command], at) {
  const since = Date.now();
  const [program, ...given] = await command(at);
  const file = `${OUT}/${name}.log`;
  const child = spawn(program, given, { stdio: ['ignore', 'pipe', 'pipe'] });
  const log = createWriteStream(file);
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const [code] = await once(child, 'close');
  log.end();
  await once(log, 'finish');
  console.log(`${String(seconds(since)).padStart(5)} s  ${name}${code === 0 ? '' : ': FAILED'}`);
  if (code === 0) return true;
  failed.push(name);
  console.log(await readFile(file, 'utf8'));
  return false;
}

/** On a demo that nobody has used, and nobody uses afterwards. */
async function onItsOwn(part) {
  const at = await demo(part[0]);
  return run(part, at).finally(at.end);
}

/** Takes from the jobs until none is left. */
async function lane(number, jobs) {
  const at = await demo(number);
  try {
    for (let job = jobs.shift(); job; job = jobs.shift()) {
      for (const part of job) if (!await (part[2]?.isFresh ? onItsOwn(part) : run(part, at))) break;
    }
  } finally {
    await at.end();
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
await rm(OUT, { recursive: true, force: true });
await mkdir(OUT, { recursive: true });
const wanted = values.only?.split(',');
const known = [...JOBS, ...ALONE].flat().map(([name]) => name);
const strange = wanted?.filter((name) => !known.includes(name)) || [];
if (strange.length) {
  console.error(`--only: ${strange.join(', ')}: there are ${known.join(', ')}`);
  process.exit(64);
}
const pick = (jobs) => (wanted ? jobs.map((job) => job.filter(([name]) => wanted.includes(name))).filter((job) => job.length) : [...jobs]);
const jobs = pick(JOBS);
const lanes = Math.min(Number(values.lanes) || availableParallelism(), LANES_MAX, Math.max(jobs.length, 1));
await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number, jobs)));
const last = pick(ALONE);
if (last.length) await lane('alone', last);
console.log(failed.length ? `failed: ${failed.join(', ')}` : `all is well after ${seconds(began)} s; pictures are in ${OUT}`);
process.exit(failed.length ? 1 : 0);
