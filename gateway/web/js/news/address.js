// Owns the field for an address: an e-mail address or a phone number, with the keyboard and the
// filling-in that fit, and what is wrong said right at it.
import { el, say } from '../dom.js';
import { t } from '../further.js';
import { addressOf } from './words.js';

const KINDS = {
  email: { label: t`E-mail address`, type: 'email', fill: 'email', hint: t`A message to confirm it goes there first.` },
  sms: { label: t`Mobile number`, type: 'tel', fill: 'tel', hint: t`With + and the country code, as in +44 7700 900123.` },
};

/** { node, ask, check, refuse }; `id` keeps several on a page apart, `about.hint` says what happens. */
export function addressField(id, about = {}) {
  let channel = 'email';
  const label = el('label', { for: id });
  const hint = el('p', { class: 'quiet', id: `${id}-hint` });
  const wrong = el('p', { class: 'wrong', id: `${id}-wrong`, role: 'alert' });
  const input = el('input', { id, required: true, spellcheck: 'false', autocapitalize: 'off',
    'aria-describedby': `${id}-hint ${id}-wrong` });
  const forgive = () => {
    say(wrong, '');
    input.removeAttribute('aria-invalid');
  };
  input.addEventListener('input', forgive);
  const refuse = (words) => {
    say(wrong, words);
    input.setAttribute('aria-invalid', 'true');
    input.focus();
  };

  /** Makes it a field for this channel. */
  function ask(wanted) {
    const kind = KINDS[wanted];
    if (wanted !== channel) input.value = '';
    channel = wanted;
    say(label, kind.label);
    say(hint, about.hint ?? kind.hint);
    input.setAttribute('type', kind.type);
    input.setAttribute('inputmode', kind.type);
    input.setAttribute('autocomplete', kind.fill);
    forgive();
  }

  /** The address as it is sent; null where something is wrong, which is then said. */
  function check() {
    const { address, wrong: words } = addressOf(channel, input.value);
    if (words) refuse(words);
    return address || null;
  }
  ask('email');
  return { node: el('div', { class: 'field' }, label, input, hint, wrong), input, ask, check, refuse };
}

/** What the server finds wrong with the address itself; null where it is about something else. */
export const aboutAddress = (problem) =>
  problem.errors?.find(({ path }) => path === 'address')?.message || null;
