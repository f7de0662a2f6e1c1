// Owns the gate: what a scanner types is redeemed, and the answer is said at once and in colour.
import { Problem, attempt, get } from './api.js';
import { freshKey } from './command.js';
import { el } from './dom.js';
import { plural } from './format.js';
import { placeWords } from './seats/book.js';

const id = decodeURIComponent(location.pathname.split('/').filter(Boolean)[1] || '');
const base = `/v1/events/${encodeURIComponent(id)}`;
const at = (name) => document.getElementById(name);
let count = 0;

function say(kind, strong, rest) {
  at('outcome').replaceChildren(el('span', { class: `notice ${kind}` }, el('strong', {}, strong), ` ${rest}`));
}

async function redeem(submitted) {
  submitted.preventDefault();
  const token = at('token').value.trim();
  at('token').value = '';
  at('token').focus();
  const headers = {
    Accept: 'application/json', 'Content-Type': 'application/json',
    Authorization: `Bearer ${at('key').value.trim()}`, 'Idempotency-Key': freshKey(),
  };
  try {
    const ticket = await attempt('POST', `${base}/tickets/redeem`, headers, JSON.stringify({ token }), 6);
    count += 1;
    say('good', 'Let in.', placeWords({ ...ticket, isGeneral: !ticket.row }));
    at('count').textContent = `${plural(count, 'person', 'people')} let in here`;
  } catch (problem) {
    const words = problem instanceof Problem ? problem.message : 'Something on this page failed. Please reload it.';
    say('warn', 'Stop.', words);
  }
}

at('scan').addEventListener('submit', redeem);
get(base).then((event) => { at('event-name').textContent = event.name; }).catch(() => {});
