// Owns what is sent as an announcement: made of the form's values, with what is wrong with each and
// how to mend it, before the server sees it. Pure.

export const SUBJECT_BYTES = 200;
export const TEXT_BYTES = 8192;
export const LINK_BYTES = 512;
const AHEAD_DAYS = 365;

/** How long a text is as the server counts it: in bytes, of which accents and emoji take several. */
export const bytes = (text) => new TextEncoder().encode(text).length;

function isSecure(text) {
  try {
    return new URL(text).protocol === 'https:';
  } catch {
    return false;
  }
}

function linkFault(link, what) {
  if (!link) return null;
  if (!isSecure(link)) return `${what} must begin with https: copy it from the address bar of a browser.`;
  return bytes(link) > LINK_BYTES ? `${what} is too long: at most ${LINK_BYTES} bytes.` : null;
}

function timeFault(at, now) {
  if (Number.isNaN(at)) return 'Choose a day and a time.';
  if (at <= now) return 'This time has passed: choose a later one, or send it now.';
  return at > now + AHEAD_DAYS * 86400000 ? `At most ${AHEAD_DAYS} days ahead.` : null;
}

/**
 * { body, faults } of the values `{ who, categories, sections, channels, subject, text, link,
 * picture, codes, also, at }`; `codes` is the number of a batch, or nothing; `also` are ids of further events; `at` is null
 * for now, or a text as a field for day and time gives it.
 */
export function bodyOf(values, now = Date.now()) {
  const [subject, text, link, picture] = ['subject', 'text', 'link', 'picture'].map((name) => values[name].trim());
  const faults = {};
  const fault = (name, words) => { if (words) faults[name] = words; };
  fault('who', values.who.length ? null : 'Choose at least one group: who is it for?');
  fault('channels', values.channels.length ? null : 'Choose at least one way to reach them.');
  const over = (value, most) => (bytes(value) > most ? `Too long by ${bytes(value) - most}: shorten it.` : null);
  fault('subject', subject ? over(subject, SUBJECT_BYTES) : 'Enter a subject: it is what people see first.');
  fault('text', text ? over(text, TEXT_BYTES) : 'Enter the text.');
  fault('link', linkFault(link, 'The link'));
  fault('link', values.codes && link ? 'Leave the link out where codes go with it: each message leads to where its code is entered.' : null);
  fault('also_events', values.codes && values.also?.length ? 'Choose no other events where codes go with it: a code is of one event.' : null);
  fault('picture', linkFault(picture, 'The address of the picture'));
  const at = values.at === null ? null : new Date(values.at).getTime();
  fault('send_at', at === null ? null : timeFault(at, now));
  const narrows = values.who.includes('holders');
  const body = {
    who: values.who, channels: values.channels, subject, text,
    ...(narrows && values.categories.length ? { categories: values.categories } : {}),
    ...(narrows && values.sections.length ? { sections: values.sections } : {}),
    ...(link ? { link } : {}), ...(picture ? { picture } : {}),
    ...(values.codes ? { codes: values.codes } : {}), ...(values.also?.length ? { also_events: values.also } : {}),
    ...(at !== null && !Number.isNaN(at) ? { send_at: new Date(at).toISOString() } : {}),
  };
  return { body, faults };
}
