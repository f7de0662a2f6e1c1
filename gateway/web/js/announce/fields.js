// Owns the fields of the composer: groups with boxes, the order of channels, texts with what is left
// of them, the time on both clocks. Each field has its fault right at it, under `ann-NAME-wrong`.
import { get } from '../api.js';
import { el, say } from '../dom.js';
import { count } from '../format.js';
import { bytes } from './body.js';
import { AUDIENCES, CHANNELS, onBothClocks } from './words.js';

const wrongOf = (name) => el('p', { class: 'wrong', id: `ann-${name}-wrong`, role: 'alert' });

/** Says what is wrong with a field, or that nothing is. */
function marks(wrong, inputs) {
  return (words) => {
    say(wrong, words || '');
    for (const input of inputs()) {
      if (words) input.setAttribute('aria-invalid', 'true');
      else input.removeAttribute('aria-invalid');
    }
  };
}

function check(name, value, words) {
  const box = el('input', { type: 'checkbox', id: `ann-${name}-${value}`, value, 'aria-describedby': `ann-${name}-wrong` });
  return { box, node: el('label', { class: 'check', for: `ann-${name}-${value}` }, box, el('span', {}, words)) };
}

/** A group of boxes: { node, boxes, values, mark }. */
export function boxes(name, legend, entries, hint) {
  const wrong = wrongOf(name);
  const all = entries.map(([value, words], at) => ({ value, ...check(name, typeof value === 'string' && /^\w+$/.test(value) ? value : at, words) }));
  return {
    node: el('fieldset', { class: 'checks' }, el('legend', {}, legend), hint ? el('p', { class: 'quiet' }, hint) : null,
      all.map((one) => one.node), wrong),
    all,
    values: () => all.filter(({ box }) => box.checked).map(({ value }) => value),
    clear: () => all.forEach(({ box }) => { box.checked = false; }),
    mark: marks(wrong, () => all.map(({ box }) => box)),
    focus: () => all[0]?.box.focus(),
  };
}

export const audience = () => boxes('who', 'To', Object.entries(AUDIENCES));

/** Categories and sections, for those with tickets; the plan is fetched when it is unfolded. */
export function narrowing(base, categories) {
  const kinds = boxes('categories', 'Price categories', categories.map(({ name }) => [name, name]), 'Nothing ticked: all of them.');
  let blocks = null;
  const place = el('div', {}, el('p', { class: 'quiet' }, 'A moment…'));
  const node = el('details', { class: 'fold' }, el('summary', {}, 'Only some of the people with tickets'),
    el('div', { class: 'stack' }, kinds.node, place));
  const load = async () => {
    try {
      const { sections } = await get(`${base}/plan`);
      const names = [...new Set(sections.map(({ name }) => name))];
      blocks = boxes('sections', 'Sections', names.map((name) => [name, name]), 'Nothing ticked: all of them.');
      place.replaceChildren(blocks.node);
    } catch (problem) {
      place.replaceChildren(el('p', { class: 'problem' }, `The sections did not load. ${problem.message} Fold this and unfold it again.`));
    }
  };
  node.addEventListener('toggle', () => node.open && !blocks && load());
  return {
    node, kinds,
    values: () => ({ categories: kinds.values(), sections: blocks ? blocks.values() : [] }),
    clear: () => [kinds, blocks].forEach((one) => one?.clear()),
    mark: (name, words) => (name === 'sections' && blocks ? blocks : kinds).mark(words),
  };
}

/** Channels in their order: each person gets a message by the first that reaches them. */
export function channelOrder() {
  const wrong = wrongOf('channels');
  const list = el('ol', { class: 'order' });
  let ranked = Object.keys(CHANNELS).map((channel) => ({ channel, ...check('channels', channel, CHANNELS[channel]) }));
  const move = (one, by) => {
    const at = ranked.indexOf(one);
    const to = Math.min(ranked.length - 1, Math.max(0, at + by));
    ranked = ranked.filter((other) => other !== one);
    ranked.splice(to, 0, one);
    draw();
    one[by < 0 ? 'up' : 'down'].focus();
    say(moved, `${CHANNELS[one.channel]} is number ${to + 1} now.`);
  };
  const moved = el('p', { class: 'vh', role: 'status' });
  for (const one of ranked) {
    const button = (by, sign, words) => el('button', { type: 'button', class: 'button step', onclick: () => move(one, by),
      'aria-label': `${words}: ${CHANNELS[one.channel]}` }, sign);
    one.up = button(-1, '↑', 'Earlier');
    one.down = button(1, '↓', 'Later');
    one.row = el('li', {}, one.node, el('span', { class: 'steps-pair' }, one.up, one.down));
  }
  const draw = () => {
    list.replaceChildren(...ranked.map(({ row }) => row));
    ranked.forEach(({ up, down }, at) => {
      up.setAttribute('aria-disabled', String(at === 0));
      down.setAttribute('aria-disabled', String(at === ranked.length - 1));
    });
  };
  draw();
  return {
    node: el('fieldset', { class: 'checks' }, el('legend', {}, 'By, in this order'),
      el('p', { class: 'quiet' }, 'Everybody gets it once: by the first of these that they agreed to and that reaches them.'),
      list, moved, wrong),
    values: () => ranked.filter(({ box }) => box.checked).map(({ channel }) => channel),
    mark: marks(wrong, () => ranked.map(({ box }) => box)),
    focus: () => ranked[0].box.focus(),
    get ranked() { return ranked; },
  };
}

/** A text with what is left of it, if it has a bound in bytes. */
export function text(name, label, { most, rows, hint, ...attributes } = {}) {
  const id = `ann-${name}`;
  const wrong = wrongOf(name);
  const about = el('p', { class: 'quiet', id: `${id}-hint` });
  const input = el(rows ? 'textarea' : 'input', { id, name, rows: rows ? String(rows) : null,
    'aria-describedby': `${id}-hint ${id}-wrong`, ...attributes });
  const left = () => {
    const free = most - bytes(input.value);
    return free < 0 ? `${count(-free)} too many.` : `${count(free)} of ${count(most)} characters left; accents and emoji count more.`;
  };
  const tick = () => say(about, [hint, most ? left() : null].filter(Boolean).join(' '));
  const mark = marks(wrong, () => [input]);
  input.addEventListener('input', () => {
    tick();
    mark('');
  });
  tick();
  return { node: el('div', { class: 'field' }, el('label', { for: id }, label), input, about, wrong), input, mark,
    value: () => input.value, clear: () => { input.value = ''; tick(); }, focus: () => input.focus() };
}

/** Now, or at a time that is shown on the reader's clock and the venue's. */
export function when(venueZone) {
  const wrong = wrongOf('send_at');
  const dot = (value, words, isOn) => {
    const input = el('input', { type: 'radio', name: 'ann-when', id: `ann-when-${value}`, value, checked: isOn });
    return { input, node: el('label', { class: 'check', for: `ann-when-${value}` }, input, el('span', {}, words)) };
  };
  const atOnce = dot('now', 'Now', true);
  const later = dot('later', 'At a time', false);
  const at = el('input', { type: 'datetime-local', id: 'ann-send_at', 'aria-describedby': 'ann-clocks ann-send_at-wrong' });
  const clocks = el('p', { class: 'quiet', id: 'ann-clocks', role: 'status' });
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const field = el('div', { class: 'field', hidden: true }, el('label', { for: 'ann-send_at' }, `Day and time, on your clock (${zone})`), at, clocks);
  const mark = marks(wrong, () => [at]);
  const update = () => {
    field.hidden = !later.input.checked;
    const ms = new Date(at.value).getTime();
    say(clocks, Number.isNaN(ms) ? '' : onBothClocks(new Date(ms).toISOString(), venueZone));
    mark('');
  };
  for (const input of [atOnce.input, later.input]) input.addEventListener('change', update);
  at.addEventListener('input', update);
  return {
    node: el('fieldset', { class: 'checks' }, el('legend', {}, 'When'), atOnce.node, later.node, field, wrong),
    value: () => (later.input.checked ? at.value : null), mark, focus: () => at.focus(), later: later.input, at, update,
    clear: () => {
      atOnce.input.checked = true;
      later.input.checked = false;
      at.value = '';
      update();
    },
  };
}
