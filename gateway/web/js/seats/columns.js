// Owns the plan as it comes over the wire, by columns, and putting it together by rows. Pure but for `planOf`.
import { get } from '../api.js';

/** The plan of an event, by rows. */
export const planOf = async (base, tries = 1) => fromColumns(await get(`${base}/plan?form=columns`, tries));

/** Columns → sections, rows and runs, as `/plan` without a form has them. */
export function fromColumns(columns) {
  const { sections, labels, ranks, runs, category, count, first, step, line, texts, points, flags, ...rest } = columns;
  const [texted, pointed, flagged] = [new Map(texts), new Map(points), new Map(flags)];
  let [row, number, seat, rank] = [0, 0, 0, 0];
  let last = [0, 0, 0, 0];

  function runFrom(from) {
    const run = { category: category[number], first_seat: seat, flags: flagged.get(number) || [],
      labels: texted.get(number) || { first: first[number], step: step[number], count: count[number] } };
    last = line.map((column, at) => from[at] + column[number]);
    if (pointed.has(number)) run.points = pointed.get(number);
    else run.line = last;
    seat += count[number];
    number += 1;
    return run;
  }

  const made = sections.map(([name, kind, rowCount]) => {
    let above = [];
    const rows = Array.from({ length: rowCount }, () => {
      const lines = [];
      const list = Array.from({ length: runs[row] }, (_, at) => {
        const run = runFrom(above[at] || last);
        lines.push(last);
        return run;
      });
      above = lines;
      rank += ranks[row];
      row += 1;
      return { label: labels[row - 1], rank, runs: list };
    });
    return { name, kind, rows };
  });
  return { ...rest, sections: made };
}
