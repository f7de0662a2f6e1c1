// Owns the proof that people sign in here by means that others made: two OpenID providers in a real
// browser, and a passkey of Chromium's own authenticator; and that what is not theirs gets nobody in.
// Pictures of every step go to --out; axe runs on each. Start at the end of the file.
//
// `check.mjs` starts what it needs.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { axe } from '../browser/axe.mjs';

const fromBrowser = createRequire(new URL('../browser/walk.mjs', import.meta.url));
const { chromium } = fromBrowser('playwright-core');

const WAIT = 30000;
const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 900 };

export class Walk {
  constructor(browser, base, out) {
    Object.assign(this, { browser, base, out, steps: 0, complaints: [] });
  }

  /** A browser of somebody's own. */
  async someone(viewport = PHONE, colorScheme = 'light') {
    const context = await this.browser.newContext({ viewport, colorScheme });
    const page = await context.newPage();
    page.setDefaultTimeout(WAIT);
    page.on('pageerror', (error) => this.complaints.push(`script error: ${error.message}`));
    page.on('console', (message) => {
      if (/Content Security Policy/i.test(message.text())) this.complaints.push(message.text());
    });
    return page;
  }

  async record(page, name) {
    this.steps += 1;
    await page.screenshot({ path: join(this.out, `${String(this.steps).padStart(2, '0')}-${name}.png`), fullPage: true });
    this.complaints.push(...await axe(page, name));
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (over > 0) this.complaints.push(`${name}: the page is ${over} px too wide`);
    console.error(`step ${this.steps} ${name}`);
  }

  /** A call from a page, with its cookies. */
  call(page, method, path, body) {
    return page.evaluate(async ([by, to, sent]) => {
      const headers = { 'Idempotency-Key': crypto.randomUUID(), 'Content-Type': 'application/json' };
      const answer = await fetch(to, { method: by, headers, ...(by === 'GET' ? {} : { body: JSON.stringify(sent ?? {}) }) });
      return { status: answer.status, body: await answer.json().catch(() => null) };
    }, [method, path, body]);
  }

  /** At the provider: a name, a password, and leave to say who it is. */
  async passProvider(page, name) {
    await page.fill('input[name=login]', name);
    await page.fill('input[name=password]', 'anything');
    await page.click('button[type=submit]');
    await page.click('button[type=submit]:has-text("Continue")');
  }

  async signIn(page, button, name, back = '/me') {
    await page.goto(`${this.base}/sign-in?back=${encodeURIComponent(back)}`);
    await page.click(`button:text-is("${button}")`);
    await this.passProvider(page, name);
  }
}

/** Fans: the same person on two devices; what they agreed to is kept, and nothing else. */
export async function fans(walk) {
  const first = await walk.someone();
  await first.goto(`${walk.base}/sign-in`);
  await first.waitForSelector('h2:text-is("How would you like to sign in?")');
  await walk.record(first, 'ways');
  await first.check('#keep-address');
  await first.click('button:text-is("Sign in with Fan ID")');
  await walk.passProvider(first, 'ada');
  await first.waitForURL(`${walk.base}/me`);
  await first.waitForSelector('li:has-text("a…@example.org")');
  await walk.record(first, 'me');
  const second = await walk.someone(DESKTOP, 'dark');
  await walk.signIn(second, 'Sign in with Fan ID', 'ada');
  await second.waitForURL(`${walk.base}/me`);
  await second.waitForSelector('button:text-is("Sign out everywhere")');
  await walk.record(second, 'me-on-two-devices');
  const devices = async (page) => (await walk.call(page, 'GET', '/v1/me/devices')).body.devices.length;
  assert.deepEqual([await devices(first), await devices(second)], [2, 2]);

  // An address that nobody has made sure of is not kept, and neither is one without leave.
  const eve = await walk.someone();
  await eve.goto(`${walk.base}/sign-in`);
  await eve.check('#keep-address');
  await eve.click('button:text-is("Sign in with Fan ID")');
  await walk.passProvider(eve, 'eve');
  await eve.waitForURL(`${walk.base}/me`);
  assert.deepEqual((await walk.call(eve, 'GET', '/v1/me/contacts')).body.contacts, []);

  // Who is signed in as somebody does not become somebody else by signing in once more.
  await eve.context().clearCookies({ domain: 'localhost', name: /^(_session|_interaction|_grant)/ });
  await walk.signIn(eve, 'Sign in with Fan ID', 'ada');
  await eve.waitForSelector('text=signed in as somebody else');
  await walk.record(eve, 'somebody-else');
  assert.deepEqual([await devices(first), await devices(eve)], [2, 1]);

  await second.click('button:text-is("Sign out everywhere")');
  await second.click('button:text-is("Yes, sign every device out")');
  await second.waitForSelector('text=Every device is signed out.');
  assert.deepEqual([await devices(first), await devices(second)], [0, 0]);
}

/** What is not this browser's own answer gets nobody in. */
export async function forged(walk) {
  const thief = await walk.someone();
  const victim = await walk.someone();
  const returns = [];
  await victim.route('**/v1/sign-in/provider/return', async (route) => {
    returns.push(route.request().postDataJSON());
    await route.abort();
  });
  await walk.signIn(victim, 'Sign in with Fan ID', 'ada');
  await victim.waitForSelector('text=You are not signed in');
  await walk.record(victim, 'not-signed-in');
  const [answer] = returns;
  await victim.unroute('**/v1/sign-in/provider/return');
  const to = '/v1/sign-in/provider/return';
  await thief.goto(`${walk.base}/sign-in`);
  const refused = async (page, body) => {
    const { status, body: said } = await walk.call(page, 'POST', to, body);
    assert.deepEqual([status, said.code], [403, 'sign_in_refused'], JSON.stringify(said));
  };
  await refused(thief, answer);
  await walk.call(thief, 'POST', '/v1/sign-in/provider', { who: 'fan' });
  await refused(thief, answer);
  await refused(victim, { ...answer, state: `${answer.state.slice(0, -1)}_` });
  await refused(victim, { ...answer, iss: 'https://evil.example' });
  const taken = await walk.call(victim, 'POST', to, answer);
  assert.equal(taken.status, 200, JSON.stringify(taken.body));
  await refused(victim, answer);
  for (const body of [{ who: 'fan', back: '//evil.example' }, { who: 'fan', back: 'https://evil.example' }, { who: 'king' }]) {
    assert.equal((await walk.call(thief, 'POST', '/v1/sign-in/provider', body)).status, 400);
  }
}

/** Staff: a group gives a role, sessions are listed and ended everywhere. */
export async function staff(walk) {
  const first = await walk.someone(DESKTOP);
  await walk.signIn(first, 'Sign in with Staff ID', 'olga');
  await first.waitForURL(`${walk.base}/me`);
  const me = await walk.call(first, 'GET', '/v1/staff/me');
  assert.deepEqual([me.status, me.body.role], [200, 'operator'], JSON.stringify(me.body));
  const second = await walk.someone(DESKTOP);
  await walk.signIn(second, 'Sign in with Staff ID', 'olga');
  await second.waitForURL(`${walk.base}/me`);
  const again = await walk.call(second, 'GET', '/v1/staff/me');
  assert.equal(again.body.staff_id, me.body.staff_id, 'the same person has the same name');
  const { sessions } = (await walk.call(first, 'GET', '/v1/staff/sessions')).body;
  assert.deepEqual(sessions.map((one) => one.is_this_one), [true, false]);
  const one = await walk.call(first, 'DELETE', `/v1/staff/sessions/${sessions[1].session_id}`);
  assert.equal(one.status, 200);
  assert.equal((await walk.call(second, 'GET', '/v1/staff/me')).status, 401);
  assert.equal((await walk.call(first, 'DELETE', '/v1/staff/sessions')).status, 200);
  assert.equal((await walk.call(first, 'GET', '/v1/staff/me')).status, 401);

  const adam = await walk.someone();
  await walk.signIn(adam, 'Sign in with Staff ID', 'adam');
  await adam.waitForSelector('text=gives no role here');
  await walk.record(adam, 'no-role');
  assert.equal((await walk.call(adam, 'GET', '/v1/staff/me')).status, 401);
}

/** An authenticator in a page; { devtools, id }. */
async function authenticator(page, options = {}) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const { authenticatorId: id } = await devtools.send('WebAuthn.addVirtualAuthenticator', { options: {
    protocol: 'ctap2', ctap2Version: 'ctap2_1', transport: 'internal', hasResidentKey: true, hasUserVerification: true,
    isUserVerified: true, automaticPresenceSimulation: true, ...options } });
  return { devtools, id };
}

/** Passkeys: made on one device, used on another, once a question, and gone when removed. */
export async function passkeys(walk) {
  const first = await walk.someone();
  const ours = await authenticator(first);
  await first.goto(`${walk.base}/me`);
  await first.click('button:text-is("Make a passkey")');
  await first.waitForSelector('text=The passkey is made.');
  await walk.record(first, 'passkey-made');
  const { credentials } = await ours.devtools.send('WebAuthn.getCredentials', { authenticatorId: ours.id });
  assert.equal(credentials.length, 1);
  assert.equal(credentials[0].isResidentCredential, true);

  const second = await walk.someone(DESKTOP, 'dark');
  const theirs = await authenticator(second);
  await theirs.devtools.send('WebAuthn.addCredential', { authenticatorId: theirs.id, credential: credentials[0] });
  const sent = [];
  second.on('request', (request) => {
    if (request.url().endsWith('/v1/sign-in/passkey')) sent.push(request.postDataJSON());
  });
  await second.goto(`${walk.base}/sign-in`);
  await second.waitForSelector('button:text-is("Sign in with a passkey")');
  await walk.record(second, 'ways-with-passkey');
  await second.click('button:text-is("Sign in with a passkey")');
  await second.waitForURL(`${walk.base}/me`);
  await second.waitForSelector('button:text-is("Sign out everywhere")');
  await walk.record(second, 'signed-in-by-passkey');

  const refused = async (page, body) => {
    const { status, body: said } = await walk.call(page, 'POST', '/v1/sign-in/passkey', body);
    assert.deepEqual([status, said.code], [403, 'passkey_refused'], JSON.stringify(said));
  };
  const [used] = sent;
  const third = await walk.someone();
  await third.goto(`${walk.base}/sign-in`);
  await refused(third, used);
  await refused(third, { ...used, signature: `${used.signature.slice(0, -8)}AAAAAAAA` });
  await refused(third, { ...used, credential: 'AAAA' });
  // A copy of the authenticator from before counts behind the one that went on.
  const copy = await authenticator(third);
  await copy.devtools.send('WebAuthn.addCredential', { authenticatorId: copy.id, credential: credentials[0] });
  await third.click('button:text-is("Sign in with a passkey")');
  await third.waitForSelector('text=This passkey cannot be used here');
  await walk.record(third, 'passkey-copied');

  // Without a fingerprint or PIN nobody gets in, and calling it off is no failure.
  const fourth = await walk.someone();
  const weak = await authenticator(fourth, { isUserVerified: false });
  await weak.devtools.send('WebAuthn.addCredential', { authenticatorId: weak.id, credential: credentials[0] });
  await fourth.goto(`${walk.base}/sign-in`);
  await fourth.click('button:text-is("Sign in with a passkey")');
  await fourth.waitForSelector('text=Nothing was chosen.');

  await second.click('button[aria-label^="Remove: passkey"]');
  await second.click('button:text-matches("^Remove the passkey of")');
  await second.waitForSelector('text=Removed: the passkey of');
  const fresh = await walk.someone();
  const late = await authenticator(fresh);
  await late.devtools.send('WebAuthn.addCredential', { authenticatorId: late.id, credential: { ...credentials[0], signCount: 100 } });
  await fresh.goto(`${walk.base}/sign-in`);
  await fresh.click('button:text-is("Sign in with a passkey")');
  await fresh.waitForSelector('text=This passkey cannot be used here');
}

/** Walks it all; throws with one clear sentence. */
export async function walkAll({ base, out, executablePath }) {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const walk = new Walk(browser, base, out);
    for (const part of [fans, forged, staff, passkeys]) {
      console.error(`-- ${part.name}`);
      await part(walk);
    }
    assert.deepEqual(walk.complaints, []);
  } catch (error) {
    const pages = browser.contexts().flatMap((context) => context.pages());
    const last = pages.at(-1);
    console.error(last?.url(), (await last?.innerText('body').catch(() => ''))?.slice(0, 600));
    throw error;
  } finally {
    await browser.close();
  }
}
