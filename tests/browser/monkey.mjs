// Owns the monkey: somebody who presses anything on the fan's pages, goes back, reloads, loses the network,
// while staff open, pause and close. Properties that must always hold are checked after each act. The same
// seed begins with the same events and the same choices; what the server answers when is up to the machine.
//
//   node monkey.mjs --base http://127.0.0.1:8080 --key-file manager.key --out shots [--seed 7] [--minutes 0.5]
//     [--plant countdown|hidden-hold|no-way-on]
//
// `--plant` serves one file with a fault in it, to see that the monkey finds it.
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
const { person, run, complaints } = await stage(values);

/** Faults as somebody might write them: [file, what is right, what is wrong instead]. */
const PLANTS = {
  countdown: ['js/pay/countdown.js', 'if (left < -1500 && !isEnded)', 'if (left < -9e9 && !isEnded)'],
  'hidden-hold': ['js/state.js', "if (liveOrder(me)) return 'pay';", ''],
  'no-way-on': ['js/ends.js', "const others = () => el('a', { class: 'button secondary', href: '/' }, 'See other events');", 'const others = () => null;'],
};

/** Times are short, so that all of them end while the monkey looks. */
const RULES = { hold: values.plant === 'hidden-hold' ? '60s' : '12s', retry: '10s', payment: '15s', extension: '10s', pass: values.plant ? '5m' : '25s', cooldown: '1s', extensions_max: 2 };
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

async function plant(page) {
  if (!values.plant) return;
  const [file, right, wrong] = PLANTS[values.plant];
  await page.route(`**/${file}`, async (route) => {
    const answer = await route.fetch();
    const source = await answer.text();
    if (!source.includes(right)) complaints.push(`nothing to plant in ${file}`);
    await route.fulfill({ response: answer, body: source.replace(right, wrong) });
  });
}

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
  const one = first.length && dice() < (values.plant ? 0.9 : 0.6) ? first[Math.floor(dice() * first.length)] : all[Math.floor(dice() * all.length)];
  const node = page.locator(CONTROLS).nth(one.at);
  const quick = { timeout: 1500 };
  if (one.tag === 'select') await node.selectOption({ index: Math.floor(dice() * 3) }, quick).catch(() => {});
  else if (one.tag === 'input' && !['checkbox', 'radio'].includes(one.type)) await node.fill(['x', '4000 0000 0000 0077', 'a@example.org', '12/39'][Math.floor(dice() * 4)], quick).catch(() => {});
  else await node.click(quick).catch(() => {});
  return `${one.tag} “${one.words}”`;
}

/** What the monkey does, by weight. Where a clock runs, or nothing can be pressed, it likes to look away. */
const acts = (page, ids, watched) => [
  [watched.isTimed() ? (values.plant ? 60 : 14) : 1, 'look away', () => watched.rest()],
  [60, 'press', () => press(page)],
  [6, 'back', () => page.goBack({ timeout: 5000 }).catch(() => {})],
  [3, 'forward', () => page.goForward({ timeout: 5000 }).catch(() => {})],
  [6, 'reload', () => page.reload({ timeout: 10_000 }).catch(() => {})],
  [8, 'go', async () => {
    // To find what was planted, it need not go everywhere.
    const paths = values.plant ? [`/events/${ids.open}`] : [...Object.values(ids).map((id) => `/events/${id}`), '/', '/tickets', '/me', `/events/${ids.open}`];
    const path = paths[Math.floor(dice() * paths.length)];
    await page.goto(base + path, { timeout: 10_000 }).catch(() => {});
    return path;
  }],
  [values.plant ? 0 : 2, 'network', async () => {
    await page.context().setOffline(true);
    await press(page);
    await page.context().setOffline(false);
  }],
  [3, 'zoom', () => page.setViewportSize(dice() < 0.5 ? { width: 320, height: 640 } : { width: 1280, height: 900 })],
  // Where a fault is looked for, the sale stays open: it is about finding it, not about luck.
  [values.plant ? 0 : 3, 'staff', async () => {
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
    const page = await person();
    await plant(page);
    const watched = watchPage(page, base);
    // Where something is planted, the monkey begins where it can be met.
    if (values.plant && values.plant !== 'no-way-on') {
      await enterShop(page, base, ids.open);
      await page.click('.best-go');
    } else await page.goto(`${base}/events/${values.plant ? ids.closed : ids.open}`);
    while (Date.now() < endsAt && !watched.broken.length) {
      await act(page, ids, watched);
      await watched.check();
    }
    await watched.rest();
    for (const broken of watched.broken) complaints.push(`${broken} (seed ${seed}, act ${done.length}: ${done.slice(-8).join(' › ')})`);
    if (values.plant) console.error(done.join(" › "));
    console.error(`seed ${seed}: ${done.length} acts (${[...counted].map(([name, n]) => `${name} ${n}`).join(', ')}), ${Object.keys(rules).length} properties, ${watched.checks()} checks`);
    if (done.length < 5 && !watched.broken.length) complaints.push('the monkey did next to nothing');
  },
});
