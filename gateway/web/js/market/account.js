// Owns the card where an advertiser says to whom invoices are: name, address, VAT number.
import { action } from '../action.js';
import { get } from '../api.js';
import { send } from '../command.js';
import { el, say } from '../dom.js';

const PATH = '/v1/invoice-account';

/** Lines of a text, without those that are empty. */
export const linesOf = (text) => text.split('\n').map((line) => line.trim()).filter(Boolean);

/** The card: { node, load }. */
export function accountCard({ lost }) {
  const said = el('p', { class: 'quiet', role: 'status' }, '');
  const name = el('input', { id: 'account-name', autocomplete: 'organization', maxlength: '120' });
  const address = el('textarea', { id: 'account-address', autocomplete: 'street-address', rows: '4', maxlength: '606' });
  const vat = el('input', { id: 'account-vat', autocomplete: 'off', maxlength: '30' });
  const field = (id, input, words) => el('div', { class: 'field' }, el('label', { for: id }, words), input);
  const keep = action('Keep', async () => {
    const lines = linesOf(address.value);
    if (!name.value.trim() || !lines.length) {
      say(said, 'An invoice needs a name and an address.');
      (name.value.trim() ? address : name).focus();
      return;
    }
    const vatId = vat.value.trim();
    await send('PUT', PATH, { name: name.value.trim(), address: lines, ...(vatId && { vat_id: vatId }) });
    say(said, 'Kept. Invoices from now on are to this name; those that had none are completed.');
  });
  const node = el('section', { class: 'card stack' }, el('h2', {}, 'Invoices are to'),
    el('p', { class: 'quiet' }, 'What an invoice said when it was issued stays.'),
    field('account-name', name, 'Full name, as registered'), field('account-address', address, 'Address, the country last'), field('account-vat', vat, 'VAT number, if there is one'), said,
    el('div', { class: 'form-actions' }, keep));

  async function load() {
    try {
      const { account } = await get(PATH);
      if (!account) {
        say(said, 'Invoices name nobody yet.');
        return;
      }
      name.value = account.name;
      address.value = account.address.join('\n');
      vat.value = account.vat_id ?? '';
      say(said, '');
    } catch (problem) {
      if (problem.status === 401) lost(problem);
      else say(said, problem.message);
    }
  }

  return { node, load };
}
