// Owns the sandbox bank's question: one answer for one order, then back to the event's page.
import { send } from '/assets/js/command.js';
import { busy } from '/assets/js/action.js';

const order = location.pathname.split('/').filter(Boolean).at(-1);
const outcome = document.getElementById('outcome');

/** Back to where the buyer came from; the pay page left the address in this tab. */
function back(words) {
  const path = sessionStorage.getItem(`fg-bank ${order}`);
  if (path?.startsWith('/events/')) location.replace(path);
  else outcome.textContent = `${words} Go back to the page you came from; it goes on by itself.`;
}

for (const [id, approve] of [['approve', true], ['refuse', false]]) {
  const button = document.getElementById(id);
  button.addEventListener('click', () => busy(button, async () => {
    try {
      await send('POST', location.pathname, { approve });
    } catch (problem) {
      if (problem.status !== 404 && problem.status !== 409) throw problem;
      back('The bank no longer waits for an answer.');
      return;
    }
    back(approve ? 'Approved.' : 'Refused.');
  }));
}
