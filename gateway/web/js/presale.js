// Owns the code of a presale: its field, claiming it, and the code that comes with a link.
import { instant } from './about.js';
import { action } from './action.js';
import { announce, el, heading, say } from './dom.js';
import { send } from './command.js';
import { t } from './further.js';
import { sheet } from './sheet.js';
import { offer, words } from './frame.js';

/** The code behind `#code=`, or ''. Pure. */
export function codeIn(hash) {
  const found = /^#code=([^&]{1,64})$/.exec(hash || '');
  try {
    return found ? decodeURIComponent(found[1]) : '';
  } catch {
    return '';
  }
}

/** What was typed, in groups of four as it was printed. Pure. */
export function grouped(text) {
  const bare = text.toUpperCase().replace(/[^0-9A-Z]/g, '').slice(0, 16);
  return bare.replace(/(.{4})(?=.)/g, '$1-');
}

/** The field for a code; claims what came with the link at once. */
export function codePart(page) {
  // Fields look like those of the shop and of the news.
  sheet('shop');
  sheet('news');
  const wrong = el('p', { class: 'wrong', id: 'code-wrong', role: 'alert' });
  const done = el('p', { role: 'status' });
  const input = el('input', { id: 'code', autocomplete: 'off', autocapitalize: 'characters', spellcheck: 'false',
    maxlength: '40', placeholder: t`XXXX-XXXX-XXXX-XXXX`, 'aria-describedby': 'code-hint code-wrong' });
  const form = el('div', { class: 'stack' },
    el('div', { class: 'field' }, el('label', { for: 'code' }, t`Your code`), input,
      el('p', { class: 'quiet', id: 'code-hint' }, t`Sixteen characters, from the message you got.`), wrong),
    action(t`Use this code`, () => claim(true)));
  input.addEventListener('input', () => {
    say(wrong, '');
    input.removeAttribute('aria-invalid');
  });

  async function claim(byHand) {
    const code = grouped(input.value);
    if (code.length < 19) {
      refuse(t`Enter all sixteen characters of your code.`);
      return;
    }
    try {
      page.setDone((await send('POST', `${page.base}/me/code`, { code })).as_of);
    } catch (problem) {
      if (!['code_unknown', 'code_used', 'code_claimed_already'].includes(problem.code)) throw problem;
      refuse(problem.message);
      return;
    }
    if (codeIn(location.hash)) history.replaceState(null, '', location.pathname);
    page.acted = byHand;
    page.changed();
    await page.refresh();
    update();
    announce(t`Your code is good.`);
  }
  function refuse(text) {
    say(wrong, text);
    input.setAttribute('aria-invalid', 'true');
    input.focus();
  }
  function update() {
    form.hidden = Boolean(page.me?.has_code);
    done.hidden = !page.me?.has_code;
    say(done, page.me?.has_code ? t`Your code is good: you may buy in the presale, on this device.` : '');
  }
  update();
  const linked = codeIn(location.hash);
  if (linked && !page.me?.has_code) {
    input.value = grouped(linked);
    claim(false).catch((problem) => refuse(problem.message));
  }
  return { node: el('div', { class: 'stack' }, form, done), update };
}

/** The presale, for whoever has no code yet. */
export function presale(page) {
  const message = words(page);
  const side = offer(page);
  const code = codePart(page);
  const opens = el('p', {});
  let saidFor;
  const update = () => {
    message.update();
    side.update();
    code.update();
    const at = page.event?.opens_at;
    if (at !== saidFor) {
      opens.replaceChildren(...(at ? [t`The sale opens to all `, instant(at, page.event.time_zone), '.']
        : [t`The sale opens to all later.`]));
    }
    saidFor = at;
  };
  update();
  const node = el('div', { class: 'two' },
    el('div', { class: 'card' }, heading(t`Presale`), message.node,
      el('p', {}, t`For now, only people with a code can buy. With yours you join the queue here.`), code.node, opens),
    side.node);
  return { node, update };
}
