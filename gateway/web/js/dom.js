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

/** A button that cannot be pressed twice while its work runs, and shows what went wrong. */
export function action(label, work, kind = 'primary') {
  const button = el('button', { type: 'button', class: `button ${kind}` }, label);
  button.addEventListener('click', () => busy(button, work));
  return button;
}

/** Runs `work` while `button` is marked busy; it keeps focus, unlike a disabled one. */
export async function busy(button, work) {
  if (button.getAttribute('aria-disabled') === 'true') return;
  button.setAttribute('aria-disabled', 'true');
  button.classList.add('busy');
  try {
    await work();
  } catch (problem) {
    showProblem(button, problem);
  } finally {
    button.removeAttribute('aria-disabled');
    button.classList.remove('busy');
  }
}

/** Puts what went wrong right after `near`, replacing what was said there before. */
export function showProblem(near, problem) {
  clearProblem(near);
  const words = problem?.code ? problem.message
    : 'Something in this page failed. Reload it; nothing you have is lost.';
  near.insertAdjacentElement('afterend', el('p', { class: 'problem', role: 'alert' }, words));
}

export function clearProblem(near) {
  if (near.nextElementSibling?.classList.contains('problem')) near.nextElementSibling.remove();
}
