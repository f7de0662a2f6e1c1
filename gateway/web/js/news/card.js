// Owns the card of a page behind a link: one thing is shown at a time, and focus goes to its heading.
import { el } from '../dom.js';
import { t } from '../further.js';

/** The token of `#TOKEN`, or an empty text: browsers send what is behind the # to nobody. Pure. */
export const tokenOf = (hash) => {
  try {
    return decodeURIComponent(hash.replace(/^#/, '')).trim();
  } catch {
    return '';
  }
};

export const links = () => el('p', {}, el('a', { href: '/me' }, t`My addresses`), ' · ', el('a', { href: '/' }, t`All events`));

/** Takes the token out of the address: a reload or a link copied from here must not show it. */
export const hideToken = () => globalThis.history?.replaceState(null, '', location.pathname);

/** Shows nodes in `card`, which has a heading in them. */
export const into = (card) => (nodes) => {
  card.replaceChildren(...nodes.filter(Boolean));
  card.removeAttribute('aria-busy');
  card.querySelector('h2').focus({ preventScroll: true });
};
