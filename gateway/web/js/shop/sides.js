// Owns map and list on a phone: one at a time, full height, with two tabs; on a larger screen both stand beside each other
// and the tabs are gone. Behind the map the list is still read and reached by keyboard: focus brings it forward.
import { el } from '../dom.js';
import { t } from '../further.js';
import { session } from '../storage.js';

const KEPT = 'fg-side';
const NAMES = { map: t`Map`, list: t`List` };

/** { node, show }: the list comes first in the document, for readers and the keyboard. */
export function sides(map, list) {
  const tabs = Object.entries(NAMES).map(([name, words]) => el('button', { type: 'button', class: 'shop-tab', id: `tab-${name}`,
    onclick: () => show(name) }, words));
  const node = el('div', { class: 'shop-sides' }, el('div', { class: 'shop-tabs', role: 'group', 'aria-label': t`What to choose from` }, tabs),
    list, map);
  function show(name) {
    node.dataset.side = name;
    session.setItem(KEPT, name);
    tabs.forEach((tab) => tab.setAttribute('aria-pressed', String(tab.id === `tab-${name}`)));
  }
  list.addEventListener('focusin', () => node.dataset.side === 'map' && show('list'));
  show(session.getItem(KEPT) === 'list' ? 'list' : 'map');
  return { node, show };
}
