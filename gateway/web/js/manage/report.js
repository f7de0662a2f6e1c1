// Owns how the reading of a plan is said: what is in it, what was assumed, and what to look at.
import { el, notice } from '../dom.js';
import { count, plural } from '../format.js';

const line = (words, value) => el('div', {}, el('dt', {}, words), el('dd', {}, value));

function problemList(problems) {
  return el('ul', { class: 'rows' }, problems.map(({ severity, at, message }) => el('li', {},
    el('span', {}, el('strong', {}, severity === 'error' ? 'Must be mended. ' : 'Look at this. '), message, at ? ` (${at})` : ''))));
}

/** `{ report }`, or `{ refused }` where the plan cannot be sold as it is. */
export function reportPart({ report, refused }) {
  if (refused) {
    return notice('warn', el('strong', {}, 'This plan cannot be sold as it is. '), refused.message,
      el('ul', {}, refused.errors.map(({ message }) => el('li', {}, message))));
  }
  const marks = [[report.accessible_count, 'wheelchair space', 'wheelchair spaces'], [report.companion_count, 'companion seat', 'companion seats'],
    [report.restricted_view_count, 'seat with a restricted view', 'seats with a restricted view'], [report.not_for_sale_count, 'seat not for sale', 'seats not for sale'],
    [report.shaded_count, 'seat in the shade', 'seats in the shade']]
    .filter(([n]) => n).map(([n, one, many]) => plural(n, one, many));
  const more = Object.values(report.problem_counts).reduce((sum, n) => sum + n, 0) - report.problems.length;
  return el('section', { class: 'stack wide', 'aria-label': 'How the plan was read' },
    el('h3', { tabindex: '-1' }, 'How the plan was read'),
    el('dl', { class: 'facts' }, line('Seats', count(report.seat_count)), line('Sections', count(report.section_count)),
      line('Rows', count(report.row_count)), line('Aisles', count(report.aisle_count)),
      line('Seats alone', count(report.single_count)), line('Marked', marks.join(', ') || 'none')),
    el('p', { class: 'quiet' }, `Neighbours: ${report.adjacency}. Best seats: ${report.row_quality}. Drawing: ${report.coordinates}.`),
    report.notes.length ? el('ul', { class: 'quiet' }, report.notes.map((note) => el('li', {}, note))) : null,
    report.problems.length ? notice('warn', el('strong', {}, plural(report.problems.length, 'thing', 'things'), ' to look at'),
      problemList(report.problems), more > 0 ? el('p', {}, `And ${count(more)} more of the same kinds.`) : null)
      : notice('calm', 'Nothing looked wrong.'));
}
