// Owns building the page from script: elements without HTML strings, the live region, focus.

/** el('p', { class: 'x', onclick: f }, 'text', node, null) */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name in node && typeof value !== 'string') node[name] = value;
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** Sets text only when it changed, so that nothing is read or drawn twice. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Says it politely to a screen reader. */
export function announce(text) {
  const live = document.getElementById('live');
  if (!live) return;
  live.textContent = '';
  requestAnimationFrame(() => { live.textContent = text; });
}

/** The heading of a state: the place where focus goes after a step. */
export const heading = (text) => el('h2', { class: 'state-title', tabindex: '-1' }, text);

export const notice = (kind, ...words) => el('div', { class: `notice ${kind}` }, ...words);
