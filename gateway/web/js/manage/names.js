// Owns which names look like keys of records, not like what people say. The same rule reads plans
// (core/seating/src/names.rs). Pure.

/** Short numbers are names of blocks and rows. */
const DIGITS_MIN = 6;
const HEX_MIN = 16;
const UUID = /^\{?[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}\}?$/i;
const NUMBERED = /^([a-z]{2,}|[A-Z]{2,})-(?=.*\d)[A-Za-z0-9-]+$/;

/** `evt_12`, `SEC_A1`, `cat-3`, a UUID, a long number. */
export function isIdentifier(name) {
  if (!/^[\x21-\x7e]+$/.test(name)) return false;
  return UUID.test(name) || (name.includes('_') && /[A-Za-z0-9]/.test(name)) || (/^\d+$/.test(name) && name.length >= DIGITS_MIN)
    || (/^[0-9a-f]+$/i.test(name) && /\d/.test(name) && name.length >= HEX_MIN) || NUMBERED.test(name);
}

/** What is said beside a field with such a name; empty for any other. */
export const namedFor = (name, example) => (isIdentifier(name.trim())
  ? `This looks like a key of a program, and people will read it. Name it as they know it, such as ${example}.` : '');
