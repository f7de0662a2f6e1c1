// Owns a mail server that takes everything and hands out the links in it: enough of SMTP (RFC 5321)
// for a walk to read its own mail. It keeps what comes until it is closed.
import net from 'node:net';

/** Text as it was before quoted-printable (RFC 2045, section 6.7), as far as links need it. */
const plain = (mail) => mail.replace(/=\r\n/g, '')
  .replace(/=([0-9A-F]{2})/g, (_, digits) => String.fromCharCode(parseInt(digits, 16)));

function converse(socket, take) {
  let rest = '';
  let mail = null;
  let to = '';
  const line = (text) => {
    if (mail !== null) {
      if (text !== '.') mail += `${text}\r\n`;
      else {
        take({ to, text: plain(mail) });
        mail = null;
        socket.write('250 taken\r\n');
      }
      return;
    }
    const verb = text.slice(0, 4).toUpperCase();
    if (verb === 'RCPT') [, to] = /<([^>]*)>/.exec(text) || [null, ''];
    if (verb === 'DATA') mail = '';
    if (verb === 'QUIT') socket.end('221 bye\r\n');
    else socket.write(verb === 'DATA' ? '354 go on\r\n' : '250 mailbox\r\n');
  };
  socket.on('error', () => {});
  socket.on('data', (bytes) => {
    rest += bytes;
    for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
      const text = rest.slice(0, end);
      rest = rest.slice(end + 2);
      line(text);
    }
  });
  socket.write('220 mailbox\r\n');
}

/**
 * { linkTo, comes, close }: `linkTo(address, start)` is the first link to a page that begins so,
 * `comes(address, words)` is there once a mail with these words is.
 */
export async function mailbox(port, waitMs) {
  const mails = [];
  const waiting = new Set();
  const server = net.createServer((socket) => converse(socket, (mail) => {
    mails.push(mail);
    for (const look of waiting) look();
  }));
  await new Promise((done, fail) => {
    server.once('error', fail);
    server.listen(port, '127.0.0.1', done);
  });
  const first = (address, find, what) => new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`no mail to ${address} with ${what} in ${waitMs} ms; `
      + `there were ${mails.length} mails`)), waitMs);
    const look = () => {
      const found = mails.filter(({ to }) => to === address).map(({ text }) => find(text)).find(Boolean);
      if (!found) return;
      clearTimeout(timer);
      waiting.delete(look);
      done(found);
    };
    waiting.add(look);
    look();
  });
  return {
    linkTo: (address, start) => first(address,
      (text) => new RegExp(`https?://[^/\\s]+(${start}[\\w.~%-]+)`).exec(text)?.[1], `a link to ${start}`),
    comes: (address, words) => first(address, (text) => text.includes(words), `the words ${words}`),
    close: () => server.close(),
  };
}
