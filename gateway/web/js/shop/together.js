// Owns what of the free seats can be had side by side: the best so many, two groups near each other, what is left
// alone, what takes the place of a seat that was lost. Pure, over the states a page has.

/** How far from a lost seat, by number, another is looked for: a few rows of a large block. */
const NEAR = 400;

/** Whether a seat would be free between two that are not: `isOpen` says which are. */
const isAlone = (seat, first, end, isOpen) => seat >= first && seat < end && isOpen(seat) && !(seat > first && isOpen(seat - 1))
  && !(seat + 1 < end && isOpen(seat + 1));

const alone = (first, end, isOpen) => {
  const list = [];
  for (let seat = first; seat < end; seat += 1) if (isAlone(seat, first, end, isOpen)) list.push(seat);
  return list;
};

/** Free seats that taking `taken` leaves alone, and that were not alone before. */
export function leftAlone(book, isFree, taken) {
  const set = new Set(taken);
  const runs = new Set([...set].map((seat) => book.runOf(seat)));
  return [...runs].flatMap(({ first, length }) => {
    const before = new Set(alone(first, first + length, isFree));
    return alone(first, first + length, (seat) => isFree(seat) && !set.has(seat)).filter((seat) => !before.has(seat));
  });
}

/**
 * The best `wanted` seats side by side of those that `accept` takes: in the best row, rather leaving nobody alone of those
 * that `isOpen` calls free, rather in the middle. Null when there are none.
 */
export function together(book, wanted, accept, isOpen = accept) {
  let [best, bestWorth] = [null, Infinity];
  for (const { first, length, sectionAt, rowAt } of book.runs) {
    if (length < wanted) continue;
    const { rank } = book.plan.sections[sectionAt].rows[rowAt];
    let open = 0;
    for (let seat = first; seat < first + length; seat += 1) {
      open = accept(seat) ? open + 1 : 0;
      if (open < wanted) continue;
      const start = seat - wanted + 1;
      // A seat left alone counts more than any row; of one row, the middle counts.
      const isLonely = isAlone(start - 1, first, start, isOpen) || isAlone(seat + 1, seat + 1, first + length, isOpen);
      const worth = (isLonely ? 1e9 : 0) + rank + Math.abs(start + wanted / 2 - first - length / 2) / 1000;
      if (worth < bestWorth) [best, bestWorth] = [start, worth];
    }
  }
  return best === null ? null : Array.from({ length: wanted }, (_, at) => best + at);
}

/** As many in two groups of one section, rather so that nobody sits alone; null when that is not to be had either. */
export function inTwo(book, wanted, accept) {
  for (let large = Math.ceil(wanted / 2); large < wanted; large += 1) {
    const group = together(book, large, accept);
    if (!group) continue;
    const section = book.section[group[0]];
    const rest = together(book, wanted - large, (seat) => book.section[seat] === section && !group.includes(seat) && accept(seat));
    if (rest) return [group, rest];
  }
  return null;
}

/** The most that are side by side, up to so many; null when none is free. */
export function longest(book, upTo, accept) {
  for (let count = upTo; count > 0; count -= 1) {
    const group = together(book, count, accept);
    if (group) return group;
  }
  return null;
}

/** What may stand in for a lost seat: the nearest of its category and section that is free and not chosen. */
export function instead(book, lost, chosen, accept) {
  const isLike = (seat) => seat >= 0 && seat < book.category.length && !chosen.has(seat)
    && book.section[seat] === book.section[lost] && book.category[seat] === book.category[lost] && accept(seat);
  // Beside one that is still chosen, so that people stay together.
  for (const seat of chosen) {
    const { first, length } = book.runOf(seat);
    const side = [seat - 1, seat + 1].find((other) => other >= first && other < first + length && isLike(other));
    if (side !== undefined) return side;
  }
  for (let by = 1; by <= NEAR; by += 1) {
    const seat = [lost - by, lost + by].find(isLike);
    if (seat !== undefined) return seat;
  }
  return null;
}
