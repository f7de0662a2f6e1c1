// Owns giving a card to Stripe's own form: the number goes from its frame to Stripe, our order call
// only ever sees the token. Afterwards the event's page goes on.
import { send } from '/assets/js/command.js';
import { busy } from '/assets/js/action.js';

const { key, event, hold, amount, currency, again, back } = document.getElementById('main').dataset;
const outcome = document.getElementById('outcome');
const button = document.getElementById('pay');

function start() {
  const stripe = globalThis.Stripe(key);
  const elements = stripe.elements({ mode: 'payment', amount: Number(amount), currency,
    captureMethod: 'manual', paymentMethodTypes: ['card'], paymentMethodCreation: 'manual' });
  elements.create('payment').mount('#card');
  document.getElementById('form').addEventListener('submit', (submitted) => {
    submitted.preventDefault();
    busy(button, async () => {
      outcome.textContent = '';
      const checked = await elements.submit();
      const made = checked.error ? checked : await stripe.createPaymentMethod({ elements });
      if (made.error) {
        outcome.textContent = made.error.message;
        return;
      }
      await send('POST', `/v1/events/${event}/orders`, {
        hold_id: hold, payment_method: made.paymentMethod.id, despite_unanswered: again === 'true',
      });
      location.replace(back);
    });
  });
}

if (globalThis.Stripe) start();
else outcome.textContent = 'The payment form could not be loaded. Check your connection and reload this page.';
