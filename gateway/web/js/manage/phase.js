// Owns turning a sale's phase by hand: what each step does, with a reason, and the last one twice.
import { action } from '../action.js';
import { send } from '../command.js';
import { el, say } from '../dom.js';
import { day } from '../format.js';
import { field } from './fields.js';

export const PHASES = { announced: 'Not open yet', presale: 'Presale', open: 'On sale', paused: 'Paused', 'sold_out': 'Sold out', closed: 'Sale closed', cancelled: 'Cancelled' };
const STEPS = {
  presale: ['sale/presale', 'Open the presale', 'Who has a code may buy.'],
  open: ['sale/open', 'Open the sale', 'Everybody may buy, through the waiting room.'],
  pause: ['sale/pause', 'Pause the sale', 'Nobody new may hold seats; what is held may still be paid.'],
  close: ['sale/close', 'Close the sale', 'For good: no new purchases; what is held may still be paid.'],
};

/** The steps that lead on from a phase. Pure. */
export function stepsFrom(phase) {
  return { announced: ['presale', 'open', 'close'], presale: ['open', 'pause', 'close'], open: ['pause', 'close'], 'sold_out': ['pause', 'close'], paused: ['open', 'close'] }[phase] || [];
}

/** What is so with the sale, and what comes by itself. Pure but for the words of times. */
export function phaseWords(event) {
  const comes = [];
  if (event.presale_at && event.phase === 'announced') comes.push(`The presale begins by itself: ${day(event.presale_at, event.time_zone)}.`);
  if (event.opens_at && ['announced', 'presale'].includes(event.phase)) comes.push(`The sale opens by itself: ${day(event.opens_at, event.time_zone)}.`);
  if (event.closes_at && !['closed', 'cancelled'].includes(event.phase)) comes.push(`It closes by itself: ${day(event.closes_at, event.time_zone)}.`);
  return [`${PHASES[event.phase] || event.phase}.`, ...comes].join(' ');
}

/** { node, update(event) }; `changed()` after a step, `guard(work)` handles an ended session. */
export function phasePart(base, changed, guard, offered = Object.keys(STEPS)) {
  const now = el('p', { role: 'status' });
  const reason = field('Reason, kept in the log', { maxlength: '256', autocomplete: 'off' });
  const steps = el('ul', { class: 'rows' });
  const end = el('details', { class: 'fold' });
  let event = null;

  async function turn(path) {
    await guard(() => send('POST', `${base}/${path}`, reason.value().trim() ? { reason: reason.value().trim() } : {}));
    reason.set('');
    await changed();
  }
  function cancelPart() {
    const name = field(`To cancel the event, enter its name: ${event.name}`, { autocomplete: 'off' });
    const go = action('Cancel the event for good', async () => {
      if (name.value().trim() !== event.name) {
        name.mark('This is not the name of the event.');
        name.focus();
        return;
      }
      await turn('cancel');
    }, 'secondary');
    end.replaceChildren(el('summary', {}, 'Cancel the event'), el('div', { class: 'stack wide' },
      el('p', {}, 'Everything held is released, everything sold is refunded, and everybody is notified. This cannot be taken back.'), name.node, go));
  }
  function update(known) {
    const isOther = !event || event.phase !== known.phase || event.name !== known.name;
    event = known;
    say(now, phaseWords(event));
    if (!isOther) return;
    steps.replaceChildren(...stepsFrom(event.phase).filter((name) => offered.includes(name)).map((name) => {
      const [path, words, what] = STEPS[name];
      const label = name === 'open' && event.phase === 'paused' ? 'Resume the sale' : words;
      return el('li', {}, el('span', {}, what), action(label, () => turn(path), name === 'open' ? 'primary' : 'secondary'));
    }));
    reason.node.hidden = event.phase === 'cancelled';
    end.hidden = event.phase === 'cancelled';
    cancelPart();
  }
  return { node: el('div', { class: 'stack wide' }, now, reason.node, steps, end), update };
}
