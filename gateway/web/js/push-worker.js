// Owns what a browser does with a push message while no page is open: it shows a notice, and a press on
// that opens where it leads. Served as /push.js, because a worker is in charge of what lies below it.
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
