// The sandbox bank's page: asks once, tells the provider, says what happens next.
const holdId = location.pathname.split('/').pop();
const outcome = document.getElementById('outcome');
const buttons = [...document.querySelectorAll('button')];

function key() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function answer(approve) {
  for (const button of buttons) button.disabled = true;
  outcome.textContent = 'Telling the shop …';
  try {
    const response = await fetch(`/v1/sandbox/challenges/${holdId}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key() },
      body: JSON.stringify({ approve }),
    });
    const text = approve ? 'Approved.' : 'Refused.';
    outcome.textContent = response.ok
      ? `${text} Go back to the page you came from; it goes on by itself.`
      : 'Your bank no longer waits for an answer. Go back to the page you came from.';
  } catch {
    outcome.textContent = 'You seem to be offline. Try again.';
    for (const button of buttons) button.disabled = false;
  }
}

document.getElementById('approve').addEventListener('click', () => answer(true));
document.getElementById('refuse').addEventListener('click', () => answer(false));
