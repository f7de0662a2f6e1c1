// Owns the sandbox bank's question: one answer for one hold, then back to the event's page.
import { send } from './command.js';
import { busy } from './dom.js';

const hold = decodeURIComponent(location.pathname.split('/').filter(Boolean).at(-1) || '');
const told = document.getElementById('told');

/** Where the buyer came from; the pay page left it in this tab. */
function back() {
  const path = sessionStorage.getItem(`fg-bank ${hold}`);
  if (path?.startsWith('/events/')) location.replace(path);
  else told.textContent = 'Your answer is given. Go back to the page of the event; it goes on by itself.';
}

for (const [id, approve] of [['approve', true], ['refuse', false]]) {
  const button = document.getElementById(id);
  button.addEventListener('click', () => busy(button, async () => {
    await send('POST', `/v1/sandbox/challenges/${encodeURIComponent(hold)}`, { approve });
    back();
  }));
}
