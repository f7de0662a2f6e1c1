// Owns buttons that work: busy while they do, and saying what went wrong right beside them.
import { el } from './dom.js';
import { t } from './language.js';

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
    : t`Something on this page failed. Please reload it; nothing is lost.`;
  const said = el('p', { class: 'problem', role: 'alert' }, words);
  near.insertAdjacentElement('afterend', said);
  import('./problems.js').then(({ reword }) => reword(said, problem)).catch(() => {});
}

export function clearProblem(near) {
  if (near.nextElementSibling?.classList.contains('problem')) near.nextElementSibling.remove();
}
