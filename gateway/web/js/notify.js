// Owns being notified of one's turn: the request, the browser's permission, and the notice when it comes.
// Works where browsers have no notices at all: then the tab's title says it, as it always does.
import { action } from './action.js';
import { send } from './command.js';
import { el, say } from './dom.js';
import { t } from './further.js';
import { allowSound, chime } from './sound.js';

const GRANTED = t`You will be notified: your browser shows a notice and plays a sound, even while you look at something else.`;
const SILENT = t`Listen for a sound and watch the title of this tab: they say when it is your turn. Your browser shows no notices for this page.`;
const OPEN = t` Keep this page open. Should your phone put it to sleep, your place is safe all the same.`;

/** Whether notices are granted, denied, still to be asked for (default), or missing. */
export function permission(scope = globalThis) {
  try {
    return scope.Notification?.permission || 'missing';
  } catch {
    return 'missing';
  }
}

/** What to expect, once one has asked to be notified. Pure. */
export const expectation = (leave) => (leave === 'granted' ? GRANTED : SILENT) + OPEN;

/** Asks the browser for permission where it can be asked; never throws, resolves to what it is then. */
export async function askLeave(scope = globalThis) {
  try {
    if (permission(scope) === 'default') {
      // Older browsers take a function and return nothing.
      await new Promise((done, fail) => {
        scope.Notification.requestPermission(done)?.then(done, fail);
      });
    }
  } catch {
    // A browser that will not be asked says no.
  }
  return permission(scope);
}

/** One request per place: a new place has to ask again. Storage may be closed to us; then it is kept here. */
const kept = new Map();
const requestName = (page) => `fg-notify ${page.id} ${page.me?.place}`;

function recall(name) {
  try {
    return sessionStorage.getItem(name) ?? kept.get(name) ?? null;
  } catch {
    return kept.get(name) ?? null;
  }
}

function keep(name, value) {
  kept.set(name, value);
  try {
    sessionStorage.setItem(name, value);
  } catch {
    // Kept until the page is closed, then.
  }
}

/** The button in the queue, and what it has come to. */
export function notifyMe(page) {
  const name = requestName(page);
  const status = el('p', { class: 'quiet', role: 'status', tabindex: '-1', id: 'notify-status' });
  const hint = el('p', { class: 'quiet', id: 'notify-hint' },
    t`The browser may ask for permission to show a notice. You need not do this: your place is safe anyway.`);
  const settle = (leave) => {
    say(status, expectation(leave));
    button.hidden = true;
    hint.hidden = true;
  };
  const button = action(t`Notify me when it is my turn`, async () => {
    allowSound();
    // Asked first, while the press counts as one; not waited for, as some people never answer.
    const leave = askLeave();
    await send('POST', `${page.base}/queue/notify`, {});
    keep(name, 'asked');
    settle(permission());
    status.focus({ preventScroll: true });
    leave.then(settle);
  }, 'secondary');
  button.setAttribute('aria-describedby', 'notify-hint');
  if (recall(name)) settle(permission());
  return el('div', { class: 'notify' }, button, hint, status);
}

/** It is one's turn: says so to whoever asked and looks elsewhere; once a place. */
export function turnCame(page, scope = globalThis) {
  const name = requestName(page);
  if (recall(name) === 'asked') chime();
  if (recall(name) !== 'asked' || !scope.document?.hidden || permission(scope) !== 'granted') return null;
  keep(name, 'notified');
  try {
    const shown = new scope.Notification(t`It is your turn`, {
      body: t`${page.event?.name || t`The shop`}: the door is open for you. Press Continue on the page.`,
      tag: name,
    });
    shown.onclick = () => {
      scope.focus?.();
      shown.close?.();
    };
    return shown;
  } catch {
    // Some phones have notices only for installed pages; the title says it there.
    return null;
  }
}
