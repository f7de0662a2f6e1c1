// Owns the words for a turn that ended because nothing happened. Pure.

/** How long nothing happened, in words. Pure. */
export function idleWords(ms) {
  const minutes = Math.round(ms / 60000);
  if (minutes < 1) return `${Math.max(1, Math.round(ms / 1000))} seconds`;
  return minutes === 1 ? 'a minute' : `${minutes} minutes`;
}

/** Said where a turn has ended by that; null where it has not. Pure. */
export const wentIdle = (me) => (me?.went_idle_after_ms
  ? `Your turn ended because nothing happened for ${idleWords(me.went_idle_after_ms)}, so that others can come. `
    + 'Join again to get a new place.' : null);
