// Owns what a browser does while no page of ours is open, or none can be fetched: a push message is shown as
// a notice, and tickets that were kept open without a network. Served as /push.js, because a worker is in
// charge of what lies below its own address.
const ICON = '/assets/img/icon.svg';

/** What a message says; one that cannot be read still has to be shown, as browsers demand. */
function read(data) {
  try {
    return data.json();
  } catch {
    return { title: 'News', body: 'There is a message for you.', link: '/' };
  }
}

/** The browser asked its owner, and that this message arrived shows that it is theirs. */
async function confirm({ link }) {
  const token = new URL(link, self.location.origin).hash.slice(1);
  const answer = await fetch('/v1/contacts/confirm', { method: 'POST', credentials: 'same-origin',
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() }, body: JSON.stringify({ token }) });
  if (!answer.ok) throw new Error(`answer ${answer.status}`);
  return { title: 'Notices are on', body: 'News that you asked for will be shown like this.', link: '/me' };
}

async function arrived(data) {
  let said = read(data);
  if (said.occasion === 'confirm_address' && said.link) said = await confirm(said).catch(() => said);
  await self.registration.showNotification(said.title || 'News', { body: said.body || '', icon: ICON, lang: said.language || '',
    tag: said.id || said.occasion || 'news', data: { link: said.link || '/' } });
}

/** A page that shows it already comes to the front. */
async function open(link) {
  const url = new URL(link, self.location.origin);
  if (url.protocol !== 'https:' && url.origin !== self.location.origin) return;
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const there = pages.find((page) => page.url === url.href);
  await (there ? there.focus() : self.clients.openWindow(url.href));
}

self.addEventListener('push', (happened) => happened.waitUntil(arrived(happened.data)));
self.addEventListener('notificationclick', (happened) => {
  happened.notification.close();
  happened.waitUntil(open(happened.notification.data?.link || '/'));
});

/** What is kept: the page of tickets, its files, the list, every code. On this device alone. */
const KEPT = 'tickets-1';
/** Beyond that, a list is no person's. */
const KEPT_MAX = 600;

/** What a page or a script brings along: files of ours that it names, modules that it imports. */
function filesIn(text, base) {
  const named = [...text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g), ...text.matchAll(/^(?:import|export)[^;]*?from '(\.[^']+)'/gms)];
  return named.map(([, path]) => new URL(path, base).href);
}

/** Fetches and keeps one address and whatever it needs; `wanted` collects the addresses. */
async function keepOne(cache, address, wanted) {
  const url = new URL(address, self.location.origin);
  if (url.origin !== self.location.origin || wanted.has(url.href) || wanted.size >= KEPT_MAX) return;
  wanted.add(url.href);
  const fetched = await fetch(url.href, { credentials: 'same-origin' }).catch(() => null);
  if (fetched?.ok) await cache.put(url.href, fetched.clone());
  // What cannot be fetched now stays as it was kept before, with whatever it needs.
  const answer = fetched?.ok ? fetched : await cache.match(url.href);
  if (!answer) return;
  const kind = answer.headers.get('content-type') || '';
  let more = [];
  if (/html|javascript/.test(kind)) more = filesIn(await answer.text(), url.href);
  else if (/\/orders\/[^/]+\/tickets$/.test(url.pathname)) more = (await answer.json()).tickets.map(({ qr }) => qr);
  for (const one of more) await keepOne(cache, one, wanted);
}

/** Keeps exactly these with what they need, and lets go of the rest. */
async function keep(addresses) {
  const cache = await caches.open(KEPT);
  const wanted = new Set();
  for (const address of addresses) await keepOne(cache, address, wanted);
  for (const request of await cache.keys()) {
    if (!wanted.has(request.url)) await cache.delete(request);
  }
}

/** The network first; what is kept where it does not answer. */
async function fromKept(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await (await caches.open(KEPT)).match(request.url);
    if (kept) return kept;
    throw error;
  }
}

self.addEventListener('message', (happened) => {
  const { keep: addresses } = happened.data || {};
  if (Array.isArray(addresses)) happened.waitUntil(keep(addresses));
});
self.addEventListener('fetch', (happened) => {
  const { request } = happened;
  const { origin, pathname } = new URL(request.url);
  const isOurs = origin === self.location.origin && request.method === 'GET';
  const isKept = pathname === '/tickets' || pathname === '/v1/me/orders' || pathname.startsWith('/assets/')
    || /^\/v1\/events\/[^/]+\/orders\/[^/]+\/tickets(\/\d+\/qr\.svg)?$/.test(pathname);
  if (isOurs && isKept) happened.respondWith(fromKept(request));
});
