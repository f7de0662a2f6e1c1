// Owns a relay before a server that makes up changes of seats, as many a second as asked for: a crowd that
// costs the measurement nothing. All else it passes on as it is.
import http from 'node:http';

/** The server sends at most so many deltas a second. */
const FRAMES_A_SECOND = 4;
/** Above every number that a server gives a frame: its own begin at the clock. */
const FIRST_ID = 2 ** 52;

/** Ascending seats and their states, as the stream writes them. */
export function delta(seats) {
  const bytes = [];
  let next = 0;
  for (const [seat, state] of seats) {
    let value = (seat - next) * 4 + state;
    for (; value > 127; value = Math.floor(value / 128)) bytes.push((value & 127) | 128);
    bytes.push(value);
    next = seat + 1;
  }
  return Buffer.from(bytes).toString('base64');
}

/** → { base, start, stop, close }: while started, `changesASecond` seats of `seatCount` change, held or free again. */
export async function changing(target, changesASecond, seatCount) {
  const streams = new Set();
  const held = new Uint8Array(seatCount);
  let number = FIRST_ID;
  let timer = null;

  const server = http.createServer((request, answer) => {
    const { method, headers, url } = request;
    if (url.includes('/availability/stream')) {
      answer.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      answer.write('event: alive\ndata: 1\n\n');
      streams.add(answer);
      answer.on('close', () => streams.delete(answer));
      return;
    }
    const onward = http.request(target + url, { method, headers }, (got) => {
      answer.writeHead(got.statusCode, got.headers);
      got.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    answer.on('close', () => onward.destroy());
    request.pipe(onward);
  });

  function change() {
    const seats = new Set();
    while (seats.size < changesASecond / FRAMES_A_SECOND) seats.add(Math.floor(Math.random() * seatCount));
    const list = [...seats].sort((a, b) => a - b).map((seat) => {
      held[seat] ^= 1;
      return [seat, held[seat]];
    });
    const frame = `event: delta\nid: ${number}\ndata: ${delta(list)}\n\n`;
    number += 1;
    for (const stream of streams) stream.write(frame);
  }

  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  return {
    base: `http://127.0.0.1:${server.address().port}`,
    start() {
      timer = setInterval(change, 1000 / FRAMES_A_SECOND);
    },
    stop() {
      clearInterval(timer);
    },
    close() {
      clearInterval(timer);
      server.close();
      server.closeAllConnections();
    },
  };
}
