// Owns what must hold on every page of a fan, at every moment, whatever was pressed. A rule reads the page
// and says what is wrong, or nothing; those about time see the same page again later.

/** Numbers below 1, the same for the same seed (mulberry32). */
export function random(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const STATES = new Set(['announced', 'presale', 'join', 'waiting', 'turn', 'shop', 'pay', 'tickets', 'take', 'sold_out',
  'closed', 'cancelled', 'error', 'loading']);
/** How long something may be on its way: a busy machine is slow, and the server's own deadlines are shorter. */
const PATIENCE_MS = 15_000;

/** What a rule sees of a page, read in one go. */
const readPage = () => {
  const isShown = (one) => one.checkVisibility() && one.getBoundingClientRect().width > 0;
  const main = document.querySelector('main');
  const shown = (selector) => [...document.querySelectorAll(selector)].filter(isShown);
  return {
    path: location.pathname,
    state: document.getElementById('state')?.dataset.state,
    isBusy: shown('[aria-busy="true"]').length > 0 || shown('main .loading').some((one) => one.textContent.trim().endsWith('…')),
    ways: shown('main button, main a[href], main input, main select, main summary')
      .filter((one) => !one.closest('.news, .inbox, address, #event-about')).length,
    text: main?.innerText || '',
    title: document.title,
    headings: document.querySelectorAll('h1').length,
    stateTitle: document.querySelector('#state .state-title')?.textContent,
    over: document.documentElement.scrollWidth - innerWidth,
    clocks: shown('.count-value, .held [role="timer"]').map((one) => one.textContent),
    pressed: shown('.busy').map((one) => one.textContent),
    held: shown('.held a').length,
    isList: Boolean(document.getElementById('events')),
  };
};

/** Each: (seen, about) → what is wrong. `about.lasts(key, is)` is true once `is` has held for PATIENCE_MS. */
export const rules = {
  'a countdown ends in a named state': ({ clocks, path }, { lasts }) =>
    lasts(`clock ${path}`, clocks.includes('0:00')) && 'a clock stays at 0:00',
  'a held seat is reachable': ({ path, state, held, isList, isBusy }, { order, lasts }) => {
    const isAt = order && path === `/events/${order.event_id}`;
    const isHidden = order && !isBusy && ((isAt && !['pay', 'loading', 'error', 'take'].includes(state)) || (isList && !held));
    return lasts(`held ${path}`, Boolean(isHidden)) && `seats are held (${order.order_id}), and ${path} does not lead to them`;
  },
  'the state has a name': ({ state }, { isEvent }) => isEvent && !STATES.has(state) && `the state is “${state}”`,
  'loading ends': ({ state, isBusy, path }, { lasts }) => lasts(`load ${path}`, state === 'loading' || isBusy) && 'it loads for ever',
  'no state without a way on': ({ ways, state }, { lasts }) => lasts(`ways ${state}`, ways === 0) && `nothing can be pressed in “${state}”`,
  'what is pressed comes to an end': ({ pressed }, { lasts }) => lasts(`pressed ${pressed[0]}`, pressed.length > 0) && `“${pressed[0]}” stays busy`,
  'no value of a program is read out': ({ text }) => /\b(undefined|NaN|null|\[object)\b/.exec(text)?.[0],
  'a page has a title and one heading': ({ title, headings }) => (!title.trim() || headings !== 1) && `title “${title}”, ${headings} headings`,
  'a state has its heading': ({ state, stateTitle }, { isEvent }) => isEvent && state && state !== 'loading' && !stateTitle?.trim() && `“${state}” has no heading`,
  'nothing is wider than the screen': ({ over, path }, { lasts }) => lasts(`wide ${path}`, over > 0) && `${over} px too wide`,
};

/** Looks at a page for as long as it is there; `rest` looks on for as long as the longest rule takes. */
export function watchPage(page, base) {
  const broken = [];
  const since = new Map();
  let count = 0;
  let isTimed = false;
  const note = (rule, words) => broken.push(`${rule}: ${words}`);
  page.on('pageerror', (error) => note('no error is left to itself', error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(base) && !/^(blob|data):/.test(request.url())) note('no request leaves this site', request.url());
  });
  page.on('response', (answer) => {
    if (answer.status() >= 500 && answer.status() !== 503) note('the server does not fail', `${answer.status()} ${answer.url()}`);
  });
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) note('the policy is kept', message.text());
  });

  /** The order that runs, as the server says, whatever the page shows. */
  async function running() {
    const answer = await page.request.get(`${base}/v1/me/orders`, { timeout: 5000 }).catch(() => null);
    if (!answer?.ok()) return null;
    const orders = (await answer.json()).events.flatMap((one) => one.orders);
    return orders.find(({ status }) => ['held', 'payment_pending', 'no_answer', 'declined'].includes(status)) || null;
  }
  async function check() {
    const seen = await page.evaluate(readPage).catch(() => null);
    // Between two pages there is nothing to see.
    if (!seen || page.url() === 'about:blank' || page.url().startsWith('chrome')) return;
    const now = Date.now();
    const touched = new Set();
    const about = { isEvent: /^\/events\/evt_[0-9A-Z]+$/.test(seen.path), order: await running(), lasts(key, is) {
      touched.add(key);
      if (!is) since.delete(key);
      else if (!since.has(key)) since.set(key, now);
      return is && now - since.get(key) > PATIENCE_MS;
    } };
    isTimed = seen.clocks.length > 0 || seen.ways === 0 || Boolean(about.order);
    for (const [rule, judge] of Object.entries(rules)) {
      const wrong = judge(seen, about);
      count += 1;
      if (wrong) note(rule, `${wrong} at ${seen.path}`);
    }
    // Another page, another state: what lasted there is over.
    for (const key of since.keys()) if (!touched.has(key)) since.delete(key);
  }
  /** Looks on, pressing nothing: for as long as the longest rule takes, or longer. */
  async function rest(forMs = PATIENCE_MS + 3000) {
    const ends = Date.now() + forMs;
    while (Date.now() < ends && !broken.length) {
      await check();
      await page.evaluate(() => new Promise((done) => { setTimeout(done, 500); })).catch(() => {});
    }
  }
  return { broken, check, rest, isTimed: () => isTimed, checks: () => count };
}
