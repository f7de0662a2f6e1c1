// Owns the words for channels, addresses and what one gets news of, and the check of an address
// before it is sent. Pure.
import { t } from '../further.js';
import { locale } from '../language.js';

export const CHANNELS = {
  page: t`on this site`, email: t`by e-mail`, sms: t`by text message`, 'web_push': t`as a notice of the browser`,
};
export const STATES = {
  unconfirmed: t`Not confirmed yet: press the link in the message that was sent there`,
  confirmed: t`Confirmed`, suppressed: t`Nothing is sent there: the address refused messages`, };

export const by = (channel) => CHANNELS[channel] || channel;

/** What a consent covers, of an event and its artist. */
export const of = (scope, artist) => (scope === 'artist' ? artist || t`The artist` : t`This event`);

/** “This event and The Examples”. */
export const both = (words) => (words.length > 1
  ? t`${words.slice(0, -1).join(', ')} and ${words.at(-1)}` : words[0] || '');

/** Digits of a phone number in the form all networks take (ITU-T E.164): + and country code first. */
export const phone = (text) => text.replace(/[\s().\-/]/g, '').replace(/^00/, '+');

/** The address as it is sent, or what is wrong with it and how to mend it. */
export function addressOf(channel, text) {
  const address = channel === 'sms' ? phone(text) : text.trim();
  if (!address) {
    return { wrong: channel === 'sms' ? t`Enter your phone number.` : t`Enter your e-mail address.` };
  }
  if (channel === 'sms') {
    if (!address.startsWith('+')) {
      return { wrong: t`The country code is missing: begin with +, as in +44 7700 900123.` };
    }
    return /^\+[1-9]\d{6,14}$/.test(address) ? { address }
      : { wrong: t`This is no phone number: after the + come 7 to 15 digits, as in +44 7700 900123.` };
  }
  const isAddress = address.length <= 254 && /^[^\s@]+@[^\s@]+\.[^\s@.]+$/.test(address);
  return isAddress ? { address }
    : { wrong: t`This is no e-mail address: it needs one @ and an ending, as in name@example.org.` };
}

/** The language in which messages are written to this reader. */
export const languageOf = (where = locale) =>
  (/^de\b/i.test(where) ? 'de' : 'en');

export const zoneHere = () => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
