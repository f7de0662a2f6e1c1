// Owns which events this browser asked for news of, so that the page about one's addresses can show
// them; the server is asked about each. What is forgotten here is still in the messages' own links.
import { local } from '../storage.js';

const NAME = 'fg-news';
/** More than one follows; each is a question to the server. */
const EVENTS_MAX = 20;

/** Identifiers of events, the newest first. */
export function followedHere() {
  try {
    const ids = JSON.parse(local.getItem(NAME));
    return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string').slice(0, EVENTS_MAX) : [];
  } catch {
    return [];
  }
}

export const forgetHere = () => local.removeItem(NAME);

export function rememberHere(id) {
  const ids = [id, ...followedHere().filter((other) => other !== id)].slice(0, EVENTS_MAX);
  try {
    local.setItem(NAME, JSON.stringify(ids));
  } catch {
    // A full store forgets; the links in messages work all the same.
  }
}
