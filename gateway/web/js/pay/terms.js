// Owns what a buyer agrees to, in plain words: what is bought, what the bank may ask, when money comes back.
import { el } from '../dom.js';
import { t } from '../further.js';

const BANK = t`Your bank may ask you to confirm the payment, in its app or with a code. Your seats stay held meanwhile, and you come back to this page.`;

/** Before the button: what happens when it is pressed. */
export const bankWords = () => el('p', { class: 'quiet' }, BANK);

export const terms = (event) => el('details', { class: 'card fold' },
  el('summary', {}, t`Terms and refunds`),
  el('div', { class: 'stack' },
    el('p', {}, t`You buy tickets for ${event?.name || t`this event`} from its organiser. The price you see is all you pay.`),
    el('p', {}, t`If the event is cancelled, all you paid goes back to the card you paid with. You do not need to ask for it.`),
    el('p', {}, t`If the event changes, or you cannot come, the organiser decides about a refund. You can give a ticket away at any time, as a link.`),
    el('p', {}, t`If your payment fails or comes too late for your seats, you are not charged, or you get the money back.`),
    event?.age_min ? el('p', {}, t`Nobody under ${event.age_min} is admitted.`) : null));
