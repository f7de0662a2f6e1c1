// Owns how time left is written. Pure.

/** 299,000 ms → 4:59. Rounds up, so that 0:00 means over. */
export function clock(ms) {
  const left = Math.max(0, Math.ceil(ms / 1000));
  const [hours, minutes] = [Math.floor(left / 3600), Math.floor(left / 60) % 60];
  const seconds = String(left % 60).padStart(2, '0');
  return hours ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}` : `${minutes}:${seconds}`;
}
