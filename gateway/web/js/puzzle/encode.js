// Owns how a solution is written: all that a page needs of the puzzle, which its workers solve.

/** Numbers as the server reads them: four bytes each, base64url without padding. */
export function encode(numbers) {
  const bytes = numbers.flatMap((number) => [24, 16, 8, 0].map((by) => (number >>> by) & 255));
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_')
    .replace(/=+$/, '');
}
