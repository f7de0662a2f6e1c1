// Owns the way between a clock at the venue, as a person reads and enters it, and an instant. Pure.

const parts = (zone) => new Intl.DateTimeFormat('en-CA', {
  timeZone: zone || 'UTC', hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit',
  hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** Whether this browser knows the zone. */
export function knowsZone(zone) {
  try {
    parts(zone);
    return Boolean(zone);
  } catch {
    return false;
  }
}

function wallOf(ms, zone) {
  const of = Object.fromEntries(parts(zone).formatToParts(new Date(ms)).map(({ type, value }) => [type, value]));
  return `${of.year}-${of.month}-${of.day}T${of.hour}:${of.minute}`;
}

/** An RFC 3339 instant as a field for day and time shows it, on a clock in `zone`; '' for none. */
export function localOf(iso, zone) {
  const ms = Date.parse(iso || '');
  return Number.isNaN(ms) ? '' : wallOf(ms, zone);
}

/**
 * What a field for day and time says, on a clock in `zone`, as an RFC 3339 instant: null for an empty
 * field, undefined for a time that no clock there shows, because it is set forward over it. Of two
 * instants with one time, when it is set back, the first.
 */
export function instantOf(local, zone) {
  if (!local) return null;
  const asUtc = Date.parse(`${local.slice(0, 16)}:00Z`);
  if (Number.isNaN(asUtc)) return undefined;
  // Zones are within 14 hours of UTC, and their offsets are whole minutes.
  const offsets = [-14, 14].map((hours) => {
    const at = asUtc + hours * 3600000;
    return Date.parse(`${wallOf(at, zone)}:00Z`) - at;
  });
  const found = [Math.max(...offsets), Math.min(...offsets)].map((offset) => asUtc - offset)
    .find((ms) => wallOf(ms, zone) === local.slice(0, 16));
  return found === undefined ? undefined : new Date(found).toISOString();
}
