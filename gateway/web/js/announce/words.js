// Owns the words of the console: audiences, channels, states, verdicts and why somebody is not
// reached. Pure.
import { count, day, plural } from '../format.js';
import { both } from '../news/words.js';

export const AUDIENCES = { holders: 'People with tickets', waiters: 'People waiting in the queue', followers: 'People who asked for news' };
export const LANGUAGES = { en: 'English', de: 'German' };
export const CHANNELS = { email: 'E-mail', page: 'Messages on this site', sms: 'Text message', 'web_push': 'Notice of the browser' };
export const STATES = {
  'awaiting_approval': 'Waits for a manager', scheduled: 'Scheduled', sending: 'Being sent', paused: 'Paused',
  stopped: 'Stopped', sent: 'Sent',
};
/** What became of a message; the order of reports. */
export const VERDICTS = {
  sent: 'Sent',
  due: 'Waiting for their turn',
  quiet: 'Waiting for the morning: it is night where they are',
  paused: 'Waiting: it is paused',
  capped: 'Left out: they had as many announcements this week as anybody gets',
  suppressed: 'Left out: they stopped these messages, or the address refused them',
  'no_consent': 'Left out: they have not asked for these messages',
  'no_address': 'Left out: no address for the channels you chose',
  bounced: 'Came back: the address does not exist or is full',
  failed: 'Not delivered: the channel failed, tries included',
  stopped: 'Not sent: it was stopped',
  'no_code': 'Left out: no code was left. Once more are minted, they get theirs',
  repeated: 'Once is enough: the same address has it for another device',
};
const WAITING = ['due', 'quiet', 'paused'];

/** How far a sending is: people with a verdict, and all of them. */
export function progressOf({ total, ...rest }) {
  const open = WAITING.reduce((sum, name) => sum + (rest[name] || 0), 0);
  return { done: total - open, total, share: total ? (total - open) / total : 1 };
}

const lower = (words) => words[0].toLowerCase() + words.slice(1);

export function audienceWords({ who = [], categories = [], sections = [] }) {
  const some = [...categories, ...sections];
  const kinds = who.map((kind) => lower(AUDIENCES[kind] || kind)
    + (kind === 'holders' && some.length ? ` (${some.join(', ')} only)` : ''));
  const words = both(kinds);
  return words ? words[0].toUpperCase() + words.slice(1) : '';
}

export const channelWords = (channels = []) =>
  channels.map((channel, at) => (at ? lower(CHANNELS[channel] || channel) : CHANNELS[channel] || channel)).join(', then ');

/** One line on how far it is. */
export function progressWords({ state, counts }) {
  const { done, total } = progressOf(counts);
  const open = { sending: 'done so far', paused: 'done; the rest waits', stopped: 'got it before it was stopped' }[state];
  if (!open) return state === 'sent' ? `Done: ${plural(counts.sent, 'message', 'messages')} sent.` : '';
  const night = counts.quiet ? ` ${count(counts.quiet)} wait for the morning.` : '';
  return `${count(state === 'stopped' ? counts.sent : done)} of ${count(total)} people ${open}.${night}`;
}

/** An instant on the reader's clock and the venue's, with the zones named. Pure but for the reader's zone. */
export function onBothClocks(iso, venueZone, here = Intl.DateTimeFormat().resolvedOptions().timeZone) {
  const mine = day(iso, here);
  if (!mine) return '';
  const there = venueZone && day(iso, venueZone);
  const differs = there && there !== mine ? `; at the venue (${venueZone}) ${there}` : '';
  return `On your clock (${here}) ${mine}${differs}.`;
}

export const percent = (share) => `${share > 0 && share < 0.01 ? '< 1' : Math.round(share * 100)} %`;

/** What each role may press, by state. */
export function stepsFor(state, role) {
  const steps = {
    'awaiting_approval': role === 'manager' ? ['approve', 'stop'] : ['stop'],
    scheduled: ['stop'], sending: ['pause', 'stop'], paused: ['resume', 'stop'],
  }[state] || [];
  return ['artist', 'manager'].includes(role) ? steps : [];
}
