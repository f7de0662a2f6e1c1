// Owns a server of its own with two providers of identities beside it, and ends all of them.
//
//   node check.mjs --binary target/release/floodgate --out target/sign-in [--chromium PATH]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { provider } from './providers.mjs';
import { walkAll } from './walk.mjs';

const text = { type: 'string' };
const { values: options } = parseArgs({ options: { binary: text, out: text,
  chromium: { ...text, default: process.env.CHROMIUM || '/usr/bin/chromium' } } });

/** A port that was free a moment ago: the providers have to know where they send people back. */
async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

async function settings(folder, port) {
  const base = `http://localhost:${port}`;
  const redirect = `${base}/sign-in/return`;
  const staff = await provider({ redirect, alg: 'RS256', method: 'client_secret_basic', claimsInToken: true });
  const fans = await provider({ redirect, alg: 'ES256', method: 'none', claimsInToken: false });
  await writeFile(join(folder, 'secret'), 'a secret: with % + & =\n');
  await writeFile(join(folder, 'walk.toml'), `
[sign_in.staff]
issuer = "${staff.issuer}"
name = "Staff ID"
client_id = "floodgate"
client_secret_file = "${join(folder, 'secret')}"
scopes = "openid groups"
manager = "tickets-managers"
operator = "tickets-operators"

[sign_in.fans]
issuer = "${fans.issuer}"
name = "Fan ID"
client_id = "floodgate"
`);
  return { base, providers: [staff, fans] };
}

const folder = await mkdtemp(join(tmpdir(), 'floodgate-sign-in-'));
await mkdir(options.out, { recursive: true });
const port = await freePort();
const { base, providers } = await settings(folder, port);
const server = spawn(options.binary, ['demo', '--data', join(folder, 'data'), '--config', join(folder, 'walk.toml'),
  '--listen', `127.0.0.1:${port}`, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
const log = [];
server.stderr.on('data', (bytes) => log.push(bytes));
const ended = once(server, 'exit');
let failure = null;
try {
  const ready = once(createInterface({ input: server.stdout }), 'line');
  await Promise.race([ready, ended.then(() => { throw new Error('the server did not start'); })]);
  await walkAll({ base, out: options.out, executablePath: options.chromium });
} catch (error) {
  failure = error;
} finally {
  server.kill();
  await ended;
  await Promise.all(providers.map((one) => one.close()));
  await rm(folder, { recursive: true });
}
if (failure) {
  console.error(Buffer.concat(log).toString().split('\n').slice(-40).join('\n'));
  console.error(failure);
  process.exit(1);
}
console.log(`signed in by providers and passkeys; pictures are in ${options.out}`);
