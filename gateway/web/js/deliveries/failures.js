// Owns the messages to people that were given up: why, and sending them again once the reason is gone.
import { action } from '../action.js';
import { get } from '../api.js';
import { send } from '../command.js';
import { announce, el } from '../dom.js';
import { day, plural } from '../format.js';

const PATH = '/v1/channels/failures';
const CHANNELS = { email: 'e-mail', sms: 'text message', 'web_push': 'push message', page: 'the page' };

/** “order confirmed”. Pure. */
export const occasionWords = (occasion) => occasion.replaceAll('_', ' ');

/** Messages by kind and reason, the most frequent first: [{ occasion, reason, channel, count, canBeResent }]. Pure. */
export function byReason(messages) {
  const groups = new Map();
  for (const { occasion, reason, channel, can_be_resent: canBeResent } of messages) {
    const name = JSON.stringify([occasion, reason, channel]);
    const group = groups.get(name) || { occasion, reason, channel, canBeResent, count: 0 };
    group.count += 1;
    groups.set(name, group);
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}

/** { node, load }. */
export function failuresPart(guard) {
  const found = el('div', { class: 'wide', role: 'status' });
  const again = (body, words) => async () => {
    const { resent } = await guard(() => send('POST', `${PATH}/resend`, body));
    announce(resent ? `${plural(resent, 'message is', 'messages are')} on the way again${words}.` : 'Nothing is left to send again.');
    await load();
  };
  async function load() {
    const { messages, next } = await guard(() => get(PATH));
    if (!messages.length) {
      found.replaceChildren(el('p', {}, 'No message was given up.'));
      return;
    }
    const canAny = messages.some((one) => one.can_be_resent);
    found.replaceChildren(
      el('table', { class: 'parts' }, el('caption', {}, next ? `The oldest ${messages.length}; there are more` : plural(messages.length, 'message', 'messages')),
        el('thead', {}, el('tr', {}, ['About', 'By', 'Last answer', 'Messages', ''].map((words) => el('th', { scope: 'col' }, words || el('span', { class: 'vh' }, 'What to do'))))),
        el('tbody', {}, byReason(messages).map((group) => el('tr', {},
          el('th', { scope: 'row' }, occasionWords(group.occasion)),
          el('td', {}, CHANNELS[group.channel] || '–'), el('td', {}, group.reason || '–'),
          el('td', { class: 'number' }, String(group.count)),
          el('td', {}, group.canBeResent ? action('Send again', again({ occasion: group.occasion }, ''), '') : el('span', { class: 'quiet' }, 'too late to send')))))),
      el('p', { class: 'quiet' }, `The first was given up ${day(messages[0].at)}. Each keeps its name, so that its receiver knows it from before.`),
      ...(canAny ? [action('Send all again', again({ all: true }, ''))] : []));
  }
  const node = el('section', { class: 'card stack', 'aria-labelledby': 'failures-title' },
    el('h2', { id: 'failures-title' }, 'Messages that were given up'),
    el('p', { class: 'quiet' }, 'Each was tried for as long as it was of use. Send them again once the reason is gone; what was true for minutes only stays given up.'),
    found, action('Look again', () => load(), 'secondary'));
  return { node, load };
}
