// Owns going on with another device: a person who is signed in has one place, on all of their devices.
import { el } from './dom.js';
import { t } from './further.js';

/** Which page one comes back to. */
const back = () => encodeURIComponent(location.pathname);

export const elsewhere = () => el('details', { class: 'card fold' },
  el('summary', {}, t`Go on with another device`),
  el('p', {}, t`Sign in here and on the other device with the same address: your place, your seats and your tickets are on both.`),
  el('p', {}, el('a', { class: 'button secondary', href: `/sign-in?back=${back()}` }, t`Sign in`)),
  el('p', { class: 'quiet' }, t`Your place stays as it is. Then open the address of this page on the other device, and sign in there.`));
