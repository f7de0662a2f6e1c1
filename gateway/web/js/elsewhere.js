// Owns going on with another device: a person who is signed in has one place, and the same seats and tickets, on all
// of their devices. The code only spares typing an address: nobody gets anything by it who cannot sign in.
import { action } from './action.js';
import { get } from './api.js';
import { el } from './dom.js';
import { t } from './further.js';
import { qrPicture } from './qr.js';

/** Where the other device signs in and then goes on; whole, since it is opened elsewhere. Pure. */
export const wayThere = (path, origin) => `${origin}/sign-in?back=${encodeURIComponent(path)}`;

/** Signed in: there is a list of devices, with this one in it. */
const isSignedIn = () => get('/v1/me/devices', 2).then(({ devices }) => devices.length > 0).catch(() => false);

async function steps(path) {
  const way = wayThere(path, location.origin);
  const picture = qrPicture(way);
  const link = navigator.share ? action(t`Send the link`, () => navigator.share({ url: way }).catch(() => {}), 'secondary')
    : action(t`Copy the link`, () => navigator.clipboard.writeText(way), 'secondary');
  const here = await isSignedIn() ? t`You are signed in here.`
    : [t`Sign in here. What you have here stays as it is.`, el('p', {}, el('a', { class: 'button secondary', href: `/sign-in?back=${encodeURIComponent(path)}` }, t`Sign in`))];
  return el('ol', { class: 'stack steps-there' }, el('li', {}, here),
    el('li', {}, t`Scan this with the other device, or send yourself the link, and sign in there in the same way.`,
      picture ? el('img', { class: 'qr', src: picture, width: '232', height: '232', alt: t`Code with the address that goes on elsewhere` }) : null,
      el('p', {}, link)));
}

/** `path` is the page to go on with there; it asks for nothing before somebody unfolds it. */
export function elsewhere(path = location.pathname) {
  const place = el('div', {});
  const node = el('details', { class: 'card fold' }, el('summary', {}, t`Go on with another device`),
    el('p', {}, t`Your place, your seats and your tickets are then on both.`), place);
  node.addEventListener('toggle', async () => {
    // Each time anew: somebody may have signed in meanwhile.
    if (node.open) place.replaceChildren(await steps(path));
  });
  return node;
}
