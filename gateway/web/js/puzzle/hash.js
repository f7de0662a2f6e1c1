// Owns SHA-256 as the door's puzzle needs it: the seed of a challenge and the search for a number.
// Plain arithmetic, because SubtleCrypto answers each hash by a promise, thirty times slower.

const K = new Int32Array(64);
const START = new Int32Array(8);
/** The constants of the standard: the first 32 bits of roots of the first primes. */
function makeConstants() {
  const part = (root) => ((root - Math.floor(root)) * 2 ** 32) | 0;
  for (let number = 2, found = 0; found < 64; number += 1) {
    let isPrime = true;
    for (let by = 2; by * by <= number; by += 1) if (number % by === 0) isPrime = false;
    if (!isPrime) continue;
    if (found < 8) START[found] = part(Math.sqrt(number));
    K[found] = part(Math.cbrt(number));
    found += 1;
  }
}
makeConstants();

const W = new Int32Array(64);

/** One block: the first 16 words of `W` onto `state`. */
function compress(state) {
  for (let t = 16; t < 64; t += 1) {
    const x = W[t - 15];
    const y = W[t - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    W[t] = (W[t - 16] + s0 + W[t - 7] + s1) | 0;
  }
  let a = state[0];
  let b = state[1];
  let c = state[2];
  let d = state[3];
  let e = state[4];
  let f = state[5];
  let g = state[6];
  let h = state[7];
  for (let t = 0; t < 64; t += 1) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const one = (h + s1 + ((e & f) ^ (~e & g)) + K[t] + W[t]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

/** The digest of an ASCII text as eight 32-bit words. */
export function digest(text) {
  const blocks = Math.ceil((text.length + 9) / 64);
  const bytes = new Uint8Array(blocks * 64);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  bytes[text.length] = 0x80;
  const view = new DataView(bytes.buffer);
  view.setUint32(bytes.length - 4, text.length * 8);
  const state = START.slice();
  for (let block = 0; block < blocks; block += 1) {
    for (let t = 0; t < 16; t += 1) W[t] = view.getInt32(block * 64 + t * 4);
    compress(state);
  }
  return state;
}

/**
 * The first number whose hash with `seed` and `part` begins with `bits` zero bits, 32 at most; null
 * when there is none. The message is one block: seed, part, number.
 */
export function firstFit(seed, part, bits) {
  const state = new Int32Array(8);
  W.set(seed);
  W.fill(0, 10, 15);
  W[8] = part;
  W[10] = 0x80000000;
  W[15] = 40 * 8;
  for (let number = 0; number < 2 ** 32; number += 1) {
    W[9] = number;
    state.set(START);
    compress(state);
    if (Math.clz32(state[0]) >= bits) return number;
  }
  return null;
}
