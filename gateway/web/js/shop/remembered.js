// Owns what is chosen and not held yet, over a reload of the page: seats of one event, in this tab.
import { session } from '../storage.js';

/** { keep, recall }: seat numbers. */
export function remembered(event, storage = session) {
  const name = `fg-chosen ${event}`;
  return {
    keep(seats) {
      const list = [...seats];
      if (list.length) storage.setItem(name, list.join(' '));
      else storage.removeItem(name);
    },
    recall: () => (storage.getItem(name) || '').split(' ').filter(Boolean).map(Number).filter(Number.isInteger),
  };
}
