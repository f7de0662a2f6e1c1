// Owns the words for a turn that ended without seats: its time was over, or nothing happened. Pure.
import { t } from './language.js';

/** How long nothing happened, in words. Pure. */
export function idleWords(ms) {
  const minutes = Math.round(ms / 60000);
  if (minutes < 1) return t`${Math.max(1, Math.round(ms / 1000))} seconds`;
  return minutes === 1 ? t`a minute` : t`${minutes} minutes`;
}

/** { title, words } where a turn has ended; null where there was none, or it came to something. Pure. */
export function turnEnded(me) {
  if (me?.went_idle_after_ms) {
    return { title: t`Your turn ended`, words: t`Nothing happened for ${idleWords(me.went_idle_after_ms)}, so the next person came in. Join again to get a new place.` };
  }
  return me?.visit_ended === 'pass_expired' ? { title: t`Your time ran out`,
    words: t`Your time in the shop is over, and you hold no seats. Join again to get a new place.` } : null;
}
