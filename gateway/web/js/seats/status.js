// Owns the wire form of seat states: the snapshot and its deltas. Pure.

export const FREE = 0;
export const HELD = 1;
export const SOLD = 2;
export const NOT_FOR_SALE = 3;

const MAGIC = 0x31414746; // "FGA1", little endian
const HEAD_BYTES = 16;

/** ArrayBuffer → { seq, states } with one byte a seat. Throws on anything else. */
export function decodeSnapshot(buffer) {
  if (buffer.byteLength < HEAD_BYTES) throw new RangeError('the snapshot has no head');
  const view = new DataView(buffer);
  if (view.getUint32(0, true) !== MAGIC) throw new RangeError('not an availability snapshot');
  const count = view.getUint32(4, true);
  const seq = view.getUint32(8, true) + view.getUint32(12, true) * 2 ** 32;
  if (buffer.byteLength < HEAD_BYTES + Math.ceil(count / 4)) {
    throw new RangeError('the snapshot is cut short');
  }
  const packed = new Uint8Array(buffer, HEAD_BYTES);
  const states = new Uint8Array(count);
  for (let seat = 0; seat < count; seat += 1) {
    states[seat] = (packed[seat >> 2] >> ((seat & 3) << 1)) & 3;
  }
  return { seq, states };
}

/** Base64 of varints (gap << 2 | state) → { seats, states }, in ascending seat order. */
export function decodeDelta(text) {
  const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  const seats = [];
  const states = [];
  let next = 0;
  let value = 0;
  let shift = 0;
  for (const byte of bytes) {
    // 2^28 covers any plan (2^20 seats) with room; more is not ours.
    if (shift > 28) throw new RangeError('a number in the delta is too long');
    value += (byte & 127) * 2 ** shift;
    shift += 7;
    if (byte & 128) continue;
    const seat = next + Math.floor(value / 4);
    seats.push(seat);
    states.push(value % 4);
    next = seat + 1;
    value = 0;
    shift = 0;
  }
  if (shift) throw new RangeError('the delta is cut short');
  return { seats, states };
}

/** Sets the states and returns the seats that really changed, with what they were. */
export function applyDelta(states, delta) {
  const changed = [];
  delta.seats.forEach((seat, at) => {
    const [was, is] = [states[seat], delta.states[at]];
    if (seat >= states.length || was === is) return;
    states[seat] = is;
    changed.push({ seat, was, is });
  });
  return changed;
}
