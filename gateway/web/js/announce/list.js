// Owns the list of announcements: state, progress, the steps one may take, and asking the server
// while something moves. Whoever reads by ear hears quarters and changes of state, not every number.
import { get } from '../api.js';
import { action } from '../action.js';
import { backoff } from '../backoff.js';
import { send } from '../command.js';
import { announce, el, say } from '../dom.js';
import { day } from '../format.js';
import { reportPart } from './report.js';
import { STATES, audienceWords, channelWords, onBothClocks, progressOf, progressWords, stepsFor } from './words.js';

const STEPS = { approve: 'Approve and send', pause: 'Pause', resume: 'Go on', stop: 'Stop' };
/** While something is being sent, and when nothing is. */
const FAST_MS = 2000;
const SLOW_MS = 30000;
/** Asked about one by one; more than a crew sends at a time. */
const MOVING_MAX = 8;

/** Which quarter a share is in; said when it changes. Pure. */
export const quarter = (share) => Math.floor(share * 4);

/** What is to be known of one that has not begun. Pure. */
export function beforeWords({ state, send_at: at }, venueZone) {
  if (state === 'stopped') return 'It never went out.';
  return at ? `When it goes out: ${onBothClocks(at, venueZone).replace(/^On/, 'on')}` : '';
}

/** When to ask again: soon while something moves, later the longer nothing changes or fails. Pure. */
export function nextAsk({ moves, idle, failures, random = Math.random() }) {
  if (failures) return backoff(failures, FAST_MS, 60000, random);
  if (!moves) return SLOW_MS;
  return Math.min(SLOW_MS, FAST_MS * 2 ** Math.max(0, idle - 4));
}

const isMoving = ({ state, send_at: at }) => state === 'sending'
  || (state === 'scheduled' && Date.parse(at) - Date.now() < 60000);

function row(page, report, { changed, lost }) {
  const path = `${page.base}/announcements/${encodeURIComponent(report.announcement_id)}`;
  const title = el('h3', { tabindex: '-1' }, report.subject);
  const tag = el('span', { class: 'tag' });
  const about = el('p', { class: 'quiet' });
  const bar = el('progress', { max: 1, value: 0, 'aria-label': `Progress of ${report.subject}` });
  const words = el('p', {});
  const steps = el('div', { class: 'form-actions' });
  const details = reportPart(path);
  const node = el('li', { class: 'card stack announcement' },
    el('div', { class: 'event-row' }, title, tag), about, el('p', { class: 'about excerpt' }, report.text), bar, words, steps, details.node);
  let state = null;
  let heard = null;

  async function take(step) {
    try {
      await send('POST', `${path}/${step}`, {});
    } catch (problem) {
      if (problem.status !== 401) throw problem;
      lost(problem);
      return;
    }
    await changed();
    title.focus();
  }
  function buttons() {
    return stepsFor(state, page.role).map((step) => {
      if (step !== 'stop') return action(STEPS[step], () => take(step), step === 'approve' ? 'primary' : 'secondary');
      return action(STEPS.stop, async () => {
        const sure = action('Yes, stop it for good', () => take('stop'));
        steps.replaceChildren(el('p', {}, 'What was not sent yet is never sent. To write to the rest, make a new announcement.'),
          sure, action('Do not stop it', async () => {
            steps.replaceChildren(...buttons());
            title.focus();
          }, 'secondary'));
        sure.focus();
      }, 'secondary');
    });
  }
  function update(now) {
    const { share } = progressOf(now.counts);
    const isUnderWay = Boolean(now.started_at);
    bar.hidden = !isUnderWay;
    bar.value = share;
    details.node.hidden = !isUnderWay;
    if (isUnderWay) details.update(now);
    say(words, isUnderWay ? progressWords(now) : beforeWords(now, page.event.time_zone));
    words.hidden = !words.textContent;
    say(about, [audienceWords(now), channelWords(now.channels), day(now.started_at || now.made_at)].filter(Boolean).join(' · '));
    if (now.state !== state) {
      const hadFocus = steps.contains?.(document.activeElement);
      if (state !== null) announce(`${now.subject}: ${STATES[now.state] || now.state}`);
      state = now.state;
      say(tag, STATES[state] || state);
      tag.setAttribute('class', `tag ${{ sending: 'open', sent: 'open', stopped: 'cancelled' }[state] || 'paused'}`);
      steps.replaceChildren(...buttons());
      if (hadFocus) title.focus();
    } else if (heard !== null && isUnderWay && quarter(share) > heard) {
      announce(`${now.subject}: ${progressWords(now)}`);
    }
    heard = quarter(share);
  }
  update(report);
  return { node, update };
}

/** { node, load, ask, close }; asks by itself while the page is looked at. */
export function announcementList(page, { lost = () => {} } = {}) {
  const list = el('ul', { class: 'announcements' });
  const note = el('p', { class: 'quiet', role: 'status' });
  const rule = el('p', { class: 'quiet' });
  const rows = new Map();
  let timer = null;
  let drawn = '';
  let moving = [];
  let readAt = 0;
  let asked = 0;
  let idle = 0;
  let failures = 0;
  let isClosed = false;

  function show(reports) {
    const newest = [...reports].sort((one, other) => Date.parse(other.made_at) - Date.parse(one.made_at));
    newest.forEach((report, at) => {
      const known = rows.get(report.announcement_id);
      if (known) {
        known.update(report);
        return;
      }
      const made = row(page, report, { changed: load, lost });
      rows.set(report.announcement_id, made);
      // What is there stays where it is, so that focus does.
      if (at === 0) list.prepend(made.node);
      else list.append(made.node);
    });
    say(note, rows.size ? '' : 'None has been made yet.');
  }
  /** All of them, or only those that move, while what else there is was seen a moment ago. */
  async function read() {
    const path = `${page.base}/announcements`;
    if (moving.length && Date.now() - readAt < SLOW_MS) {
      return Promise.all(moving.map((name) => get(`${path}/${encodeURIComponent(name)}`, 1)));
    }
    const { announcements, needs_approval: needsApproval } = await get(path, 1);
    say(rule, needsApproval ? 'A manager has to approve each announcement before it goes out.' : '');
    readAt = Date.now();
    return announcements;
  }
  async function ask() {
    clearTimeout(timer);
    // Of two questions at once, only the later one counts and asks again.
    const ticket = ++asked;
    try {
      const reports = await read();
      if (ticket !== asked) return;
      failures = 0;
      const now = JSON.stringify(reports.map(({ state, counts }) => [state, counts]));
      idle = now === drawn ? idle + 1 : 0;
      drawn = now;
      moving = reports.filter(isMoving).map(({ announcement_id: name }) => name).slice(0, MOVING_MAX);
      show(reports);
    } catch (problem) {
      if (ticket !== asked) return;
      if (problem.status === 401) {
        lost(problem);
        return;
      }
      failures += 1;
      say(note, `Not up to date. ${problem.message} We keep trying.`);
    }
    if (!isClosed) timer = setTimeout(() => (document.hidden ? null : ask()), nextAsk({ moves: moving.length > 0, idle, failures }));
  }
  /** Something was done here: the whole list is read, and soon again. */
  function load() {
    readAt = 0;
    idle = 0;
    return ask();
  }
  const seen = () => !document.hidden && !isClosed && load();
  document.addEventListener('visibilitychange', seen);
  return {
    ask,
    node: el('section', { 'aria-labelledby': 'list-title', class: 'stack' },
      el('h2', { id: 'list-title', class: 'part-title' }, 'Announcements made'), rule, note, list),
    load,
    close() {
      isClosed = true;
      clearTimeout(timer);
      document.removeEventListener?.('visibilitychange', seen);
    },
  };
}
