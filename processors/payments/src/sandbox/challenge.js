// Owns the sandbox bank's question: who asks for how much, one answer for one order, then back to the event's page.
import { get } from '/assets/js/api.js';
import { send } from '/assets/js/command.js';
import { busy } from '/assets/js/action.js';
import { money, plural } from '/assets/js/format.js';

// …/events/EVENT/orders/ORDER
const [event, , order] = location.pathname.split('/').filter(Boolean).slice(-3);
const outcome = document.getElementById('outcome');

/** A bank says what it asks about. Without an answer the question stands all the same. */
async function show() {
  const base = `/v1/events/${event}`;
  const [{ name }, { amount, currency, seats }] = await Promise.all([get(base), get(`${base}/orders/${order}`)]);
  const put = (id, text) => { document.getElementById(id).textContent = text; };
  put('amount', money(amount, currency));
  put('shop', `${name}, ${plural(seats.length, 'ticket', 'tickets')}`);
  put('order', order);
}
document.getElementById('back').href = `/events/${event}`;
show().catch(() => {
  for (const id of ['amount', 'shop', 'order']) document.getElementById(id).textContent = 'See your order';
});

/** Back to where the buyer came from; the pay page left the address in this tab. */
function back(words) {
  const path = sessionStorage.getItem(`fg-bank ${order}`);
  if (path?.startsWith('/events/')) location.replace(path);
  else outcome.textContent = `${words} Go back to the page you came from: it shows what comes next.`;
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
