// Owns the monkey: somebody who presses anything on the fan's pages, goes back, reloads, loses the network,
// while staff open, pause and close. Properties that must always hold are checked after each act. The same
// seed begins with the same events and the same choices; what the server answers when is up to the machine.
//
//   node monkey.mjs --base http://127.0.0.1:8080 --key-file manager.key --out shots [--seed 7] [--minutes 0.5]
//     [--plant countdown|hidden-hold|no-way-on|nothing]
//
// `--plant` serves the scripts with a fault in them and leads the monkey to where it can be met, to see that its
// properties find it.
// Exit: 0 nothing was violated, 1 something was, 64 wrong arguments.
import { parseArgs } from 'node:util';
import { random, rules, watchPage } from './properties.mjs';
import { buyer, enterShop, manager, stage } from './scene.mjs';

const text = { type: 'string' };
const { values } = parseArgs({ options: { base: text, 'key-file': text, out: text, seed: { ...text, default: '1' },
  minutes: { ...text, default: '0.5' }, plant: text, viewport: text } });
const { base } = values;
const seed = Number(values.seed);
const endsAt = Date.now() + Number(values.minutes) * 60_000;
const dice = random(seed);
const staff = await manager(base, values['key-file']);
const { person, state, run, complaints } = await stage(values);

/**
 * Faults as somebody might write them, the scripts being served with them: what is right, what is wrong instead, and the
 * way to where it can be met, so that finding it is no luck. `nothing` goes all of these ways, and must find nothing.
 */
const PLANTS = {
  countdown: { right: 'if (left < -1500 && !isEnded)', wrong: 'if (left < -9e9 && !isEnded)', ways: ['hold'] },
  'hidden-hold': { right: "if (liveOrder(me)) return 'pay';", wrong: '', ways: ['hold'] },
  'no-way-on': { right: "const others = () => el('a', { class: 'button secondary', href: '/' }, t`See other events`);",
    wrong: 'const others = () => null;', ways: ['end'] },
  nothing: { ways: ['hold', 'end'] },
};
const planted = values.plant ? PLANTS[values.plant] : null;
if (values.plant && !planted) {
  console.error(`--plant: ${Object.keys(PLANTS).join(', ')}`);
  process.exit(64);
}

/** Times are short, so that all of them end while the monkey looks; a hidden hold has to last while it does. */
const RULES = { hold: values.plant === 'hidden-hold' ? '60s' : '12s', retry: '10s', payment: '15s', extension: '10s', pass: planted ? '5m' : '25s', cooldown: '1s', extensions_max: 2 };
const done = [];
const counted = new Map();

async function scene() {
  const opens = new Date(Date.now() + 40_000).toISOString();
  const ids = { open: await staff.event('Monkeys at noon', RULES), paused: await staff.event('Monkeys at rest', RULES),
    closed: await staff.event('Monkeys gone home', RULES), later: await staff.event('Monkeys tomorrow', RULES, { isClosed: true, opens_at: opens }),
    full: await staff.event('Too many monkeys', { ...RULES, seats_per_hold_max: 8, seats_per_buyer_max: 8, hold: '20s' }) };
  await staff.sale(ids.paused, 'pause');
  await staff.sale(ids.closed, 'close');
  await (await buyer(base, ids.full)).hold([0, 1, 2, 3, 4, 5, 6, 7]);
  return ids;
}

/** Serves scripts with the fault; they come in bundles, whatever their names. */
async function plant(page) {
  const { right, wrong } = planted;
  let places = 0;
  await page.route('**/assets/**/*.js', async (route) => {
    const answer = await route.fetch();
    const source = await answer.text();
    if (source.includes(right)) places += 1;
    await route.fulfill({ response: answer, body: source.replace(right, wrong) });
  });
  return () => places || complaints.push(`no script that came has what “${values.plant}” would change`);
}

const WAYS = {
  /** Seats are held, and nobody presses anything until the time is over. */
  async hold(page, ids, watched) {
    await enterShop(page, base, ids.open);
    await page.focus('.best-go');
    await page.click('.best-go');
    await watched.rest(45_000);
  },
  async end(page, ids, watched) {
    await page.goto(`${base}/events/${ids.closed}`);
    await state(page, 'closed');
    await watched.rest();
  },
};

const CONTROLS = 'main button, main a[href], main summary, main select, main input, header a[href]';

/** What one could press now; what leads off the pages for fans is left alone. */
const controls = (page) => page.locator(CONTROLS).evaluateAll((all) => all.map((one, at) => ({ at, one })).filter(({ one }) => {
  const box = one.getBoundingClientRect();
  const href = one.getAttribute('href') || '';
  const isOff = /\.ics$|^\/(docs|manage|sign-in)|^(mailto|blob):/.test(href) || one.hasAttribute('download') || /^Print/.test(one.textContent);
  return box.width > 0 && box.height > 0 && !isOff && one.checkVisibility() && one.getAttribute('aria-disabled') !== 'true';
}).map(({ at, one }) => ({ at, tag: one.localName, type: one.type, isFirst: one.matches('.primary, .best-go, .test-card, .event-card a') && !one.closest('.search'),
  words: (one.textContent || one.id).trim().slice(0, 40) }))).catch(() => []);

async function press(page) {
  const all = await controls(page);
  if (!all.length) return 'nothing to press';
  const first = all.filter(({ isFirst }) => isFirst);
  const one = first.length && dice() < 0.6 ? first[Math.floor(dice() * first.length)] : all[Math.floor(dice() * all.length)];
  const node = page.locator(CONTROLS).nth(one.at);
  const quick = { timeout: 1500 };
  if (one.tag === 'select') await node.selectOption({ index: Math.floor(dice() * 3) }, quick).catch(() => {});
  else if (one.tag === 'input' && !['checkbox', 'radio'].includes(one.type)) await node.fill(['x', '4000 0000 0000 0077', 'a@example.org', '12/39'][Math.floor(dice() * 4)], quick).catch(() => {});
  else await node.click(quick).catch(() => {});
  return `${one.tag} “${one.words}”`;
}

/** What the monkey does, by weight. Where a clock runs, or nothing can be pressed, it likes to look away. */
const acts = (page, ids, watched) => [
  [watched.isTimed() ? 14 : 1, 'look away', () => watched.rest()],
  [60, 'press', () => press(page)],
  [6, 'back', () => page.goBack({ timeout: 5000 }).catch(() => {})],
  [3, 'forward', () => page.goForward({ timeout: 5000 }).catch(() => {})],
  [6, 'reload', () => page.reload({ timeout: 10_000 }).catch(() => {})],
  [8, 'go', async () => {
    const paths = [...Object.values(ids).map((id) => `/events/${id}`), '/', '/tickets', '/me', `/events/${ids.open}`];
    const path = paths[Math.floor(dice() * paths.length)];
    await page.goto(base + path, { timeout: 10_000 }).catch(() => {});
    return path;
  }],
  [2, 'network', async () => {
    await page.context().setOffline(true);
    await press(page);
    await page.context().setOffline(false);
  }],
  [3, 'zoom', () => page.setViewportSize(dice() < 0.5 ? { width: 320, height: 640 } : { width: 1280, height: 900 })],
  [3, 'staff', async () => {
    const what = ['pause', 'open', 'open'][Math.floor(dice() * 3)];
    await staff.sale(dice() < 0.7 ? ids.open : ids.paused, what).catch(() => {});
    return what;
  }],
];

async function act(page, ids, watched) {
  const all = acts(page, ids, watched);
  let at = dice() * all.reduce((sum, [weight]) => sum + weight, 0);
  const [, name, work] = all.find(([weight]) => (at -= weight) < 0) || all[0];
  const words = await work();
  counted.set(name, (counted.get(name) || 0) + 1);
  done.push(typeof words === 'string' ? `${name}: ${words}` : name);
  // Two frames: what was pressed has been drawn.
  await page.evaluate(() => new Promise((shown) => { requestAnimationFrame(() => requestAnimationFrame(shown)); })).catch(() => {});
}

await run({
  async monkey() {
    const ids = await scene();
    const page = await person(planted ? { serviceWorkers: 'block' } : {});
    const watched = watchPage(page, base);
    if (planted) {
      const isPlanted = planted.right ? await plant(page) : () => true;
      for (const way of planted.ways) if (!watched.broken.length) await WAYS[way](page, ids, watched);
      isPlanted();
      complaints.push(...watched.broken);
      return;
    }
    await page.goto(`${base}/events/${ids.open}`);
    while (Date.now() < endsAt && !watched.broken.length) {
      await act(page, ids, watched);
      await watched.check();
    }
    await watched.rest();
    if (watched.broken.length) {
      await page.screenshot({ path: `${values.out}/violated.png` }).catch(() => {});
      console.error(`the page says: ${(await page.evaluate(() => document.documentElement.innerText).catch(() => '')).replace(/\s+/g, ' ').slice(0, 400)}`);
    }
    for (const broken of watched.broken) complaints.push(`${broken} (seed ${seed}, act ${done.length}: ${done.slice(-8).join(' › ')})`);
    console.error(`seed ${seed}: ${done.length} acts (${[...counted].map(([name, n]) => `${name} ${n}`).join(', ')}), ${Object.keys(rules).length} properties, ${watched.checks()} checks`);
    if (done.length < 5 && !watched.broken.length) complaints.push('the monkey did next to nothing');
  },
});
