// Owns how long to wait before another try: doubling, capped, jittered, so that a crowd that
// failed together does not come back together.

/** Milliseconds before try number `attempt` (from 0); never longer than `cap`. */
export function backoff(attempt, base = 500, cap = 15000, random = Math.random()) {
  const full = Math.min(cap, base * 2 ** Math.min(attempt, 16));
  return Math.round(full * (0.5 + random / 2));
}

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));
