// Owns the first step of a new event: choosing the file of the plan, seeing how it was read (every
// row, aisle and mark), and mending what the file does not say. Nothing is stored before the event is made.
import { action } from '../action.js';
import { send } from '../command.js';
import { announce, el, say } from '../dom.js';
import { plural } from '../format.js';
import { field } from './fields.js';
import { mendPart } from './mend.js';
import { wordsOf } from './mends.js';
import { reportPart } from './report.js';

/** As the server takes it: a plan of 200,000 seats has 20 MB at most. */
const BYTES_MAX = 32 * 1024 * 1024;
const FOCUS = [['', 'As the file shows it'], ['top', 'Top'], ['bottom', 'Bottom'], ['left', 'Left'], ['right', 'Right'], ['middle', 'Middle']];

/** The format of a file, by its first bytes. Pure. */
export function formatOf(text) {
  const start = text.trimStart().slice(0, 200);
  if (start.startsWith('{')) return 'pretix';
  return /[,;\t]/.test(start.split('\n')[0]) ? 'csv' : 'native';
}

/** { node, upload(), name(), categories(), ready() }; `changed()` is called when the plan was read anew. */
export function planPart(changed, lost) {
  const file = field('File of the seating plan', { type: 'file', accept: '.csv,.json,.txt,.plan,text/csv,application/json',
    hint: 'A table (CSV) with section, row, seat and category; a plan of the pretix editor (JSON); or Floodgate’s own.' });
  const focus = field('Where the stage is', { choices: FOCUS, hint: 'Best seats are those nearest to it. The report says what was taken.' });
  const status = el('p', { class: 'quiet', role: 'status' });
  const list = el('ol', { class: 'rows' });
  const mendsNode = el('section', { class: 'stack wide', hidden: true }, el('h3', {}, 'What you have mended'), list);
  const shown = el('div', { class: 'stack wide' });
  let content = '';
  let fileName = '';
  let mends = [];
  let read = null;
  let part = null;

  const body = () => ({ format: formatOf(content), content, mends, ...(focus.value() ? { focus: focus.value() } : {}) });

  function drawMends() {
    mendsNode.hidden = !mends.length;
    list.replaceChildren(...mends.map((mend, at) => el('li', {}, el('span', {}, wordsOf(mend)),
      action('Undo', () => apply(mends.filter((_, other) => other !== at)), 'secondary'))));
  }
  /** Reads the plan with these mendings; those before stay where it is refused. */
  async function apply(wanted) {
    const before = mends;
    mends = wanted;
    try {
      await look();
    } catch (problem) {
      mends = before;
      throw problem;
    } finally {
      drawMends();
    }
  }
  async function look() {
    if (!content) {
      file.mark('Choose a file first.');
      file.focus();
      return;
    }
    say(status, 'Reading the plan…');
    try {
      read = await send('POST', '/v1/venues/preview', body());
    } catch (problem) {
      say(status, '');
      if (problem.status === 401) {
        lost();
        return;
      }
      if (problem.code === 'invalid_plan' && !mends.length) {
        read = null;
        shown.replaceChildren(reportPart({ refused: problem }));
        changed();
        return;
      }
      throw problem.errors?.length ? Object.assign(problem, { message: problem.errors.map(({ message }) => message).join(' ') }) : problem;
    }
    const { report } = read;
    say(status, `${plural(report.seat_count, 'seat', 'seats')} in ${plural(report.row_count, 'row', 'rows')} and ${plural(report.section_count, 'section', 'sections')}.`);
    announce(status.textContent);
    const at = part?.where();
    part?.close();
    part = mendPart(read.plan, (mend) => apply([...mends, mend]), at);
    shown.replaceChildren(reportPart(read), part.node);
    changed();
  }
  file.input.addEventListener('change', async () => {
    const chosen = file.input.files?.[0];
    if (!chosen) return;
    if (chosen.size > BYTES_MAX) {
      file.mark('This file is larger than 32 MiB: is it a seating plan?');
      return;
    }
    content = await chosen.text();
    fileName = chosen.name.replace(/\.[^.]*$/, '');
    mends = [];
    part?.close();
    part = null;
    drawMends();
    shown.replaceChildren();
    look().catch((problem) => file.mark(problem.message));
  });
  focus.input.addEventListener('change', () => content && look().catch((problem) => focus.mark(problem.message)));
  return {
    node: el('div', { class: 'stack wide' }, el('div', { class: 'two-columns' }, file.node, focus.node), status, shown, mendsNode),
    upload: body,
    name: () => read?.plan.name || fileName,
    categories: () => (read ? read.report.categories.map(({ name, seat_count: seats }) => ({ name, seats })) : []),
    ready: () => Boolean(read),
    focus: () => file.focus(),
    close: () => part?.close(),
  };
}
