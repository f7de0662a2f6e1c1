// Owns small plans and the writing side of the wire forms, for the tests only.

/** A repeatable stream of numbers in [0, 1). */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export function encodeSnapshot(states, seq) {
  const bytes = Buffer.alloc(16 + Math.ceil(states.length / 4));
  bytes.write('FGA1', 0, 'latin1');
  bytes.writeUInt32LE(states.length, 4);
  bytes.writeBigUInt64LE(BigInt(seq), 8);
  states.forEach((state, seat) => { bytes[16 + (seat >> 2)] |= state << ((seat & 3) * 2); });
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
}

export function encodeDelta(changes) {
  const bytes = [];
  let next = 0;
  for (const [seat, state] of changes) {
    let value = (seat - next) * 4 + state;
    next = seat + 1;
    while (value > 127) {
      bytes.push((value % 128) | 128);
      value = Math.floor(value / 128);
    }
    bytes.push(value);
  }
  return Buffer.from(bytes).toString('base64');
}

/** Two blocks and a standing area: lines, points, both kinds of labels, flags. */
export function bowl() {
  const line = (first, y, labels, extra = {}) => ({ category: 0, first_seat: first, labels,
    line: [0, y, 256 * 100, 0], flags: [], ...extra });
  return {
    venue_id: 'ven_0000000000001', name: 'Small bowl', seat_count: 19, size: [1000, 1000],
    categories: [{ name: 'Near', color: '#c2410c' }, { name: 'Far', color: '#1d6fb8' }],
    sections: [
      { name: 'East', kind: 'seated', rows: [
        { label: 'A', rank: 0, runs: [line(0, 0, { first: 11, step: 2, count: 3 }, { flags: [[1, 1]] }),
          line(3, 0, ['1a', '1b'], { line: [400, 0, 25600, 0] })] },
        { label: 'B', rank: 1, runs: [line(5, 100, { first: 1, step: 1, count: 5 })] },
      ] },
      { name: 'West', kind: 'seated', rows: [{ label: '1', rank: 0, runs: [{ category: 1, first_seat: 10,
        labels: { first: 1, step: 1, count: 3 }, points: [[2000, 0], [2100, 20], [2200, 0]], flags: [] }] }] },
      { name: 'Floor', kind: 'general', rows: [{ label: '', rank: 0, runs: [{ category: 1, first_seat: 13,
        labels: ['', '', '', '', '', ''], flags: [] }] }] },
    ],
  };
}

/** Two rings of twelve blocks around a pitch, one of them of three seats: straight rows, curved blocks. */
export function arena() {
  let next = 0;
  const sections = [0, 1].flatMap((ring) => Array.from({ length: 12 }, (_, block) => {
    const isTiny = ring === 1 && block === 5;
    const rows = Array.from({ length: isTiny ? 1 : 12 }, (_, rowAt) => {
      const radius = 4000 + ring * 2200 + rowAt * 130;
      const from = (block / 12) * 2 * Math.PI;
      const count = isTiny ? 3 : Math.floor((radius * (Math.PI / 6.8)) / 100);
      const points = Array.from({ length: count }, (_, at) => {
        const turn = from + (at * 100) / radius;
        return [Math.round(Math.cos(turn) * radius), Math.round(Math.sin(turn) * radius)];
      });
      const run = { category: ring, first_seat: next, labels: { first: 1, step: 1, count }, points, flags: [] };
      next += count;
      return { label: `${rowAt + 1}`, rank: rowAt, runs: [run] };
    });
    return { name: `${ring + 1}${String(block + 1).padStart(2, '0')}`, kind: 'seated', rows };
  }));
  return { venue_id: 'ven_0000000000002', name: 'Arena', seat_count: next, size: [16000, 16000], focus: [0, 0],
    categories: [{ name: 'Near', color: '#c2410c' }, { name: 'Far', color: '#1d6fb8' }], sections };
}
