// Owns the way through the door: a small puzzle that the device solves by itself, or a wait for
// those who cannot compute, and what is shown meanwhile. Where an event is for people who are signed
// in, the way leads through that and back.
import { Problem, get } from './api.js';
import { pause } from './backoff.js';
import { clock } from './clock.js';
import { send } from './command.js';
import { announce, el, say } from './dom.js';
import { t } from './further.js';
import { solve } from './puzzle/solve.js';

/** Challenges tried: each may expire on a slow device, or meet another network. */
const TRIES = 4;
/** What is over sooner needs no words. */
const QUIET_MS = 400;
const WORKING = t`One moment: your device is solving a small puzzle, so that bots cannot crowd people out. It costs you nothing.`;

/** { node, join }: what to show near the button, and what the button does. */
export function door(page) {
  const words = el('p', {});
  const bar = el('progress', { max: 1, value: 0, 'aria-label': t`Progress of joining` });
  const instead = el('button', { type: 'button', class: 'button secondary' }, t`Wait instead`);
  const node = el('div', { class: 'notice calm', hidden: true }, words, bar, instead);
  let waits = false;

  function show(text, canWait) {
    node.hidden = false;
    instead.hidden = !canWait;
    say(words, text);
    announce(text);
  }

  async function work(asks) {
    const stop = new AbortController();
    instead.onclick = () => {
      waits = true;
      stop.abort();
    };
    bar.value = 0;
    const shown = setTimeout(() => show(WORKING, true), QUIET_MS);
    const onPart = (solved, parts) => { bar.value = solved / parts; };
    const solution = await solve(asks, { onPart, signal: stop.signal });
    clearTimeout(shown);
    return solution;
  }

  /** Sits out the wait; the bar fills and the words count down. */
  async function sitOut(ms) {
    const ends = Date.now() + ms;
    show(t`No puzzle needed: you will join in ${clock(ms)}. Stay on this page.`, false);
    for (let left = ms; left > 0; left = ends - Date.now()) {
      bar.value = 1 - left / ms;
      say(words, t`You will join in ${clock(left)}. Stay on this page.`);
      await pause(Math.min(left, 1000));
    }
  }

  /** What opens the door: nothing, a solved challenge, or one that was waited for. */
  async function opener() {
    const path = `${page.base}/queue/challenge`;
    if (!waits) {
      const { required, asks } = await get(path);
      if (!required) return {};
      const { challenge } = asks;
      const solution = await work(asks);
      if (solution) return { challenge, solution };
      waits = true;
    }
    const { required, asks } = await get(`${path}?wait=true`);
    if (!required) return {};
    await sitOut(asks.wait_ms);
    return { challenge: asks.challenge };
  }

  async function join() {
    let body = page.queue?.puzzle_level === 0 ? {} : null;
    let failure = new Problem(0);
    try {
      for (let tries = 0; tries < TRIES; tries += 1) {
        body ??= await opener();
        try {
          await send('POST', `${page.base}/queue`, body);
          return;
        } catch (problem) {
          if (!problem.code?.startsWith('puzzle_')) throw problem;
          failure = problem;
        }
        // Our clock runs ahead of the server's: the same challenge is good in a moment.
        if (failure.code === 'puzzle_not_ready') await pause(failure.retryAfterMs || 1000);
        else body = null;
      }
      throw failure;
    } catch (problem) {
      if (problem.code !== 'sign_in_required') throw problem;
      // There and back again; until the page is gone the button stays busy.
      location.assign(`/sign-in?back=${encodeURIComponent(location.pathname)}`);
      await new Promise(() => {});
    } finally {
      node.hidden = true;
    }
  }
  return { node, join };
}
