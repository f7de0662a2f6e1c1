// Owns the language of a page. Sentences stand in the source in English, as t`…`; the catalogue of
// another language is words/LANGUAGE/, in two parts: what waiting needs is loaded before anything is
// shown, the rest with the modules that need it (further.js). Where it does not come, English is.
// Numbers, money and dates follow the same language. A page is translated whole, or says in its first
// tag that it is not: `data-only="en"`.

import { local } from './storage.js';

/** Languages there is a catalogue for, by their own names. */
export const LANGUAGES = { en: 'English', de: 'Deutsch', es: 'Español', ar: 'العربية' };

/** A page for staff says that it is in one language alone: English, whole, whatever its readers prefer. */
const root = globalThis.document?.documentElement;
const wanted = globalThis.navigator?.languages || [];
const known = (tag) => tag && tag.slice(0, 2) in LANGUAGES && tag.slice(0, 2);
export const language = root?.dataset.only || known(local.getItem('fg-language')) || wanted.map(known).find(Boolean) || 'en';
/** With the reader's country where it is known, for numbers, money and dates. */
export const locale = wanted.find((tag) => known(tag) === language) || language;

const said = {};
const fill = (text, values) => text.replace(/\{(\d)\}/g, (_, at) => values[at]);

/** t`Row ${row}`, or t('A sentence that is kept elsewhere'): in the language of the page. */
export function t(parts, ...values) {
  const key = parts.raw ? parts.reduce((all, part, at) => `${all}{${at - 1}}${part}`) : parts;
  return fill(said[key] ?? key, values);
}

const forms = new Intl.PluralRules(locale);
const numbers = new Intl.NumberFormat(locale);
export const count = (n) => numbers.format(n);

/** plural(2, 'seat', 'seats'). A catalogue has `{0} seats` with every form its language knows. */
export function plural(n, one, many) {
  const form = said[`{0} ${many}`];
  return fill(form ? form[forms.select(n)] ?? form.other : `{0} ${n === 1 ? one : many}`, [count(n)]);
}

/** What the page itself says. */
function translate(root) {
  const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const { data, parentNode } = walk.currentNode;
    const text = said[data.trim().replace(/\s+/g, ' ')];
    if (text && parentNode.nodeName !== 'NOSCRIPT') walk.currentNode.data = data.replace(data.trim(), text);
  }
  for (const name of ['aria-label', 'placeholder', 'content']) {
    for (const node of root.querySelectorAll(`[${name}]`)) node.setAttribute(name, t(node.getAttribute(name)));
  }
}

/** Loads a part of the catalogue. */
export async function learn(part) {
  if (language === 'en') return;
  const answer = await fetch(new URL(`../words/${language}/${part}.json`, import.meta.url)).catch(() => null);
  Object.assign(said, answer?.ok ? await answer.json() : {});
  translate(root);
}

if (language !== 'en') Object.assign(root, { lang: language, dir: language === 'ar' ? 'rtl' : 'ltr' });
await learn('first');
// Who cannot read this page looks for it at its end; whoever can needs nothing of it.
if (globalThis.document?.readyState) setTimeout(() => import('./choose-language.js').catch(() => {}), 1000);
