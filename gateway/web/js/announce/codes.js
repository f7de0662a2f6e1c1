// Owns the choice of a batch whose codes go out with an announcement, one to each person; the batches
// are fetched when somebody asks for them.
import { get } from '../api.js';
import { el, say } from '../dom.js';
import { count, plural } from '../format.js';

/** What a batch is called, and what is left of it. Pure. */
export const batchWords = ({ batch, label, left }) =>
  `${label ? `${label} (batch ${batch})` : `Batch ${batch}`}: ${left ? `${plural(left, 'code', 'codes')} left` : 'none left'}`;

/** What the preview says of codes: { words, isShort }; null where none go out. Pure. */
export function codesWords(codes) {
  if (!codes) return null;
  const { batch, needed, left, missing, have_one: have } = codes;
  const all = `Batch ${batch} has ${plural(left, 'code', 'codes')} left, and ${plural(needed, 'person needs', 'people need')} one each.${have ? ` ${plural(have, 'person has', 'people have')} one already and will not be written to again.` : ''}`;
  return missing ? { words: `${all} Mint ${count(missing)} more, or choose fewer people: it cannot be sent before.`, isShort: true }
    : { words: `${all} That is enough.`, isShort: false };
}

/** { node, value, clear, mark, focus }; the value is the number of a batch, or null. */
export function codesChoice(base) {
  const none = () => el('option', { value: '' }, 'No codes');
  const list = el('select', { id: 'ann-codes', 'aria-describedby': 'ann-codes-hint ann-codes-wrong' }, none());
  const wrong = el('p', { class: 'wrong', id: 'ann-codes-wrong', role: 'alert' });
  const hint = el('p', { class: 'quiet', id: 'ann-codes-hint' }, 'A moment…');
  const node = el('details', { class: 'fold' }, el('summary', {}, 'With a code of the presale for each person'),
    el('div', { class: 'field' }, el('label', { for: 'ann-codes' }, 'Codes'), list, hint, wrong));
  const load = async () => {
    const chosen = list.value || '';
    try {
      const { batches } = await get(`${base}/codes`);
      list.replaceChildren(none(), ...batches.map((one) => el('option', { value: String(one.batch) }, batchWords(one))));
      list.value = batches.some(({ batch }) => String(batch) === chosen) ? chosen : '';
      say(hint, batches.length ? 'Each person gets a code of their own. Its link leads to where it is entered, so leave the link out.'
        : 'This event has no codes. Mint some with “floodgate codes mint”.');
    } catch (problem) {
      say(hint, `The batches did not load. ${problem.message} Fold this and unfold it again.`);
    }
  };
  node.addEventListener('toggle', () => node.open && load());
  return {
    node,
    value: () => (list.value ? Number(list.value) : null),
    clear: () => { list.value = ''; },
    mark: (words) => {
      say(wrong, words || '');
      if (words) {
        node.setAttribute('open', '');
        list.setAttribute('aria-invalid', 'true');
      } else list.removeAttribute('aria-invalid');
    },
    focus: () => list.focus(),
  };
}
