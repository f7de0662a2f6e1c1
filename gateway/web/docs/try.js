// Owns trying a call that anybody may make: one press, and the answer of this server below it.
import { el } from '../js/dom.js';

const SHOWN_MAX = 4000;
const WAIT_MS = 8000;

/** The text of an answer, as far as it is shown; of a stream, what it says first. */
async function textOf(answer, stop) {
  const kind = answer.headers.get('content-type') || '';
  if (kind.includes('event-stream')) {
    const { value } = await answer.body.getReader().read();
    stop.abort();
    return new TextDecoder().decode(value);
  }
  if (!/json|text|xml|javascript/.test(kind)) return `${(await answer.arrayBuffer()).byteLength} bytes of ${kind}`;
  const text = await answer.text();
  const whole = kind.includes('json') && text.length < 1e6 ? JSON.stringify(JSON.parse(text), null, 2) : text;
  return whole.length > SHOWN_MAX ? `${whole.slice(0, SHOWN_MAX)}\n… and ${whole.length - SHOWN_MAX} characters more` : whole;
}

/** A button, and what came of it. */
export function tryPart(address, name) {
  const status = el('p', { class: 'quiet', role: 'status' });
  const shown = el('pre', { tabindex: '0', hidden: true, 'aria-label': `Answer of ${name}` });
  const button = el('button', { type: 'button', class: 'button secondary', 'aria-label': `Try ${name}` }, 'Try it');
  button.addEventListener('click', async () => {
    if (button.getAttribute('aria-disabled')) return;
    button.setAttribute('aria-disabled', 'true');
    status.textContent = 'Asking…';
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), WAIT_MS);
    try {
      const answer = await fetch(address, { signal: stop.signal });
      shown.textContent = await textOf(answer, stop);
      shown.hidden = false;
      status.textContent = `${answer.status} ${answer.headers.get('content-type') || ''}`;
    } catch {
      status.textContent = 'No answer came.';
    }
    clearTimeout(timer);
    button.removeAttribute('aria-disabled');
  });
  return el('div', { class: 'try' }, button, status, shown);
}
