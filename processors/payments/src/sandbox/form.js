// Owns the card form of the sandbox, inside the pay page. The card number goes to the provider's
// address and nowhere else: our own order call only ever sees the token it gives back.
// Loaded and given its tools by `gateway/web/js/pay/form.js`; imports nothing.

/** Published test cards; no real card works here, and none should be typed. */
const CARDS = [
  ['4000 0000 0000 0077', 'Approves'],
  ['4000 0000 0000 0002', 'Declines'],
  ['4000 0000 0000 3220', 'Bank asks first'],
  ['4000 0000 0000 0259', 'Approves too late'],
  ['4000 0000 0000 0119', 'Never answers'],
];

/** Checks the digits by the usual sum, so that a typing error is found before it is sent. Pure. */
export function isCardNumber(text) {
  const digits = text.replace(/[\s-]/g, '');
  if (!/^\d{12,19}$/.test(digits)) return false;
  const sum = [...digits].reverse().reduce((all, digit, at) => {
    const value = Number(digit) * (at % 2 ? 2 : 1);
    return all + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

/** “12/29” or “1229” → whether the card is still good at `at`. Pure. */
export function isGoodUntil(text, at) {
  const match = /^(0[1-9]|1[0-2])\s*\/?\s*(\d\d)$/.exec(text.trim());
  if (!match) return false;
  return Date.UTC(2000 + Number(match[2]), Number(match[1]), 1) > at;
}

/** `pay(token)` makes the order; it may throw a Problem, which is shown. */
export function cardForm({ el, say, send, busy, clearProblem }, { amount, pay, isAgain, pages }) {
  const field = (id, words, attributes, hint) => {
    const wrong = el('p', { class: 'wrong', id: `${id}-wrong`, hidden: true });
    const input = el('input', { id, required: true, 'aria-describedby': `${id}-wrong`, ...attributes });
    input.addEventListener('input', () => {
      wrong.hidden = true;
      input.removeAttribute('aria-invalid');
    });
    const node = el('div', { class: 'field' }, el('label', { for: id }, words),
      hint ? el('span', { class: 'quiet' }, hint) : null, input, wrong);
    return { node, input, fail(text) {
      say(wrong, text);
      wrong.hidden = false;
      input.setAttribute('aria-invalid', 'true');
      input.focus();
    } };
  };
  const number = field('card-number', 'Card number', { inputmode: 'numeric', autocomplete: 'cc-number', maxlength: '23' });
  const expiry = field('card-expiry', 'Expiry date', { inputmode: 'numeric', autocomplete: 'cc-exp', placeholder: 'MM/YY', maxlength: '7' });
  const holder = field('card-name', 'Name on the card', { autocomplete: 'cc-name', maxlength: '80' });
  number.input.addEventListener('blur', () => {
    number.input.value = number.input.value.replace(/\D/g, '').replace(/(.{4})(?=.)/g, '$1 ');
  });
  const go = el('button', { type: 'submit', class: 'button primary' }, isAgain ? `Try again: pay ${amount}` : `Pay ${amount}`);
  const fill = (digits) => {
    number.input.value = digits;
    expiry.input.value = '12/39';
    holder.input.value = 'Test Card';
    for (const { input } of [number, expiry, holder]) input.dispatchEvent(new Event('input'));
    go.focus();
  };
  const cards = el('ul', { class: 'cards' }, CARDS.map(([digits, words]) => el('li', {}, el('button', {
    type: 'button', class: 'test-card', 'data-card': digits.replaceAll(' ', ''), onclick: () => fill(digits) }, el('strong', {}, words), el('span', {}, digits)))));

  async function submit() {
    clearProblem(go);
    const wrong = [
      !holder.input.value.trim() && [holder, 'Write the name as it is on the card.'],
      !isGoodUntil(expiry.input.value, Date.now()) && [expiry, 'Write month and year, like 12/39, not in the past.'],
      !isCardNumber(number.input.value) && [number, 'This card number cannot be right. Check the digits, or tap a test card.'],
    ].filter(Boolean);
    wrong.forEach(([at, text]) => at.fail(text));
    if (wrong.length) return;
    await busy(go, async () => {
      let method;
      try {
        method = await send('POST', `${pages}/tokenise`,
          { card_number: number.input.value.replace(/\D/g, '') });
      } catch (problem) {
        if (problem.status !== 400 && problem.status !== 422) throw problem;
        number.fail('This is not one of the test cards. Tap one of them above.');
        return;
      }
      await pay(method.payment_method);
    });
  }
  return el('form', { class: 'card pay-form', novalidate: true, 'aria-labelledby': 'pay-title', onsubmit(domEvent) {
    domEvent.preventDefault();
    submit();
  } },
  el('h3', { id: 'pay-title' }, isAgain ? 'Pay with another card' : 'Pay by card'),
  el('fieldset', { class: 'test-mode' }, el('legend', {}, 'Test payments'),
    el('p', { class: 'quiet' }, 'No money moves here. Never type a real card; tap one of these.'), cards),
  number.node, el('div', { class: 'pair' }, expiry.node, holder.node), go);
}
