// Owns drawing an address as a QR code (ISO/IEC 18004), so that another device need not type it: bytes, level M,
// versions 1 to 6, which is 106 bytes at most. Pure but for the picture's address.

const BYTES_MAX = 106;
/** Of versions 1 to 6 at level M: blocks, bytes of data in each, bytes that correct each. */
const VERSIONS = [[1, 16, 10], [1, 28, 16], [1, 44, 26], [2, 32, 18], [2, 43, 24], [4, 27, 16]];
/** A light edge, by the standard four modules wide. */
const EDGE = 4;

const EXP = [];
const LOG = [];
for (let at = 0, value = 1; at < 255; at += 1) {
  EXP[at] = value;
  LOG[value] = at;
  value = (value << 1) ^ (value & 128 ? 0x11d : 0);
}
const times = (a, b) => (a && b ? EXP[(LOG[a] + LOG[b]) % 255] : 0);

/** The bytes that correct `data`: the remainder by a polynomial of that degree (Reed–Solomon). */
function correction(data, degree) {
  let divisor = [1];
  for (let at = 0; at < degree; at += 1) {
    divisor = [...divisor, 0].map((value, index) => value ^ (index ? times(divisor[index - 1], EXP[at]) : 0));
  }
  const rest = [...data, ...new Array(degree).fill(0)];
  for (let at = 0; at < data.length; at += 1) {
    const lead = rest[at];
    if (lead) divisor.forEach((value, index) => { rest[at + index] ^= times(value, lead); });
  }
  return rest.slice(data.length);
}

/** All bytes in the order in which they are drawn: those of the blocks in turn. */
function codewords(bytes, [blocks, each, degree]) {
  const bits = [0, 1, 0, 0];
  const put = (value, count) => { for (let at = count - 1; at >= 0; at -= 1) bits.push((value >> at) & 1); };
  put(bytes.length, 8);
  bytes.forEach((byte) => put(byte, 8));
  put(0, Math.min(4, blocks * each * 8 - bits.length));
  while (bits.length % 8) bits.push(0);
  const data = Array.from({ length: bits.length / 8 }, (_, at) => bits.slice(at * 8, at * 8 + 8).reduce((all, bit) => all * 2 + bit, 0));
  for (let fill = 0xec; data.length < blocks * each; fill ^= 0xec ^ 0x11) data.push(fill);
  const parts = Array.from({ length: blocks }, (_, at) => data.slice(at * each, (at + 1) * each));
  const checks = parts.map((part) => correction(part, degree));
  const inTurn = (lists, length) => Array.from({ length }, (_, at) => lists.map((list) => list[at])).flat();
  return [...inTurn(parts, each), ...inTurn(checks, degree)];
}

const MASKS = [(x, y) => (x + y) % 2, (x, y) => y % 2, (x) => x % 3, (x, y) => (x + y) % 3, (x, y) => ((y >> 1) + Math.floor(x / 3)) % 2,
  (x, y) => ((x * y) % 2) + ((x * y) % 3), (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2, (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2];

/** Level M is 0; with the mask it is fifteen bits that correct themselves. */
function formatBits(mask) {
  let rest = mask << 10;
  for (let at = 14; at >= 10; at -= 1) if ((rest >> at) & 1) rest ^= 0x537 << (at - 10);
  return ((mask << 10) | rest) ^ 0x5412;
}

/** The fixed parts: null where data go. */
function frame(version, mask) {
  const size = 17 + 4 * version;
  const rows = Array.from({ length: size }, () => new Array(size).fill(null));
  const square = (x, y, reach) => {
    for (let dy = -reach; dy <= reach; dy += 1) {
      for (let dx = -reach; dx <= reach; dx += 1) {
        const ring = Math.max(Math.abs(dx), Math.abs(dy));
        if (rows[y + dy]?.[x + dx] !== undefined) rows[y + dy][x + dx] = Number(ring !== 4 && ring !== (reach === 2 ? 1 : 2));
      }
    }
  };
  for (let at = 8; at < size - 8; at += 1) rows[6][at] = rows[at][6] = Number(at % 2 === 0);
  if (version > 1) square(size - 7, size - 7, 2);
  [[3, 3], [size - 4, 3], [3, size - 4]].forEach(([x, y]) => square(x, y, 4));
  const bits = formatBits(mask);
  for (let at = 0; at < 15; at += 1) {
    const bit = (bits >> at) & 1;
    rows[at < 6 ? at : at < 8 ? at + 1 : size - 15 + at][8] = bit;
    rows[8][at < 8 ? size - 1 - at : at === 8 ? 7 : 14 - at] = bit;
  }
  rows[size - 8][8] = 1;
  return rows;
}

function drawn(version, words, mask) {
  const rows = frame(version, mask);
  const size = rows.length;
  let at = 0;
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right = 5;
    const isUp = ((right + 1) & 2) === 0;
    for (let step = 0; step < size; step += 1) {
      const y = isUp ? size - 1 - step : step;
      for (const x of [right, right - 1]) {
        if (rows[y][x] !== null) continue;
        rows[y][x] = ((words[at >> 3] >> (7 - (at & 7))) & 1) ^ Number(MASKS[mask](x, y) === 0);
        at += 1;
      }
    }
  }
  return rows;
}

/** How hard a drawing is to read: long runs and plain squares. */
function cost(rows) {
  const size = rows.length;
  let sum = 0;
  for (const read of [(a, b) => rows[a][b], (a, b) => rows[b][a]]) {
    for (let a = 0; a < size; a += 1) {
      for (let b = 1, run = 1; b <= size; b += 1) {
        if (b < size && read(a, b) === read(a, b - 1)) run += 1;
        else {
          if (run >= 5) sum += run - 2;
          run = 1;
        }
      }
    }
  }
  for (let y = 1; y < size; y += 1) {
    for (let x = 1; x < size; x += 1) {
      if (rows[y][x] === rows[y - 1][x] && rows[y][x] === rows[y][x - 1] && rows[y][x] === rows[y - 1][x - 1]) sum += 3;
    }
  }
  return sum;
}

/** Rows of 0 and 1, or null where the text is too long. Pure. */
export function qrRows(text) {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > BYTES_MAX) return null;
  const version = 1 + VERSIONS.findIndex(([blocks, each]) => bytes.length <= blocks * each - 2);
  const words = codewords([...bytes], VERSIONS[version - 1]);
  return MASKS.map((_, mask) => drawn(version, words, mask)).reduce((best, rows) => (cost(rows) < cost(best) ? rows : best));
}

/** The address of a picture of it; null where the text is too long. */
export function qrPicture(text) {
  const rows = qrRows(text);
  if (!rows) return null;
  const side = rows.length + 2 * EDGE;
  const path = rows.map((row, y) => row.map((is, x) => (is ? `M${x + EDGE} ${y + EDGE}h1v1h-1z` : '')).join('')).join('');
  return `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${side}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h${side}v${side}H0z"/><path d="${path}"/></svg>`)}`;
}
