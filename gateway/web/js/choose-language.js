// Owns the choice of a language at the end of a page, each by its own name: who cannot read this page
// finds it there. A page in one language alone has none.
import { el } from './dom.js';
import { LANGUAGES, language } from './language.js';
import { local } from './storage.js';

export function chooseLanguage() {
  const options = Object.entries(LANGUAGES).map(([code, name]) =>
    el('option', { value: code, lang: code, selected: code === language }, name));
  const choice = el('select', { id: 'language', 'aria-label': 'Language · Sprache · Idioma · اللغة', onchange() {
    local.setItem('fg-language', choice.value);
    globalThis.location.reload();
  } }, options);
  return el('footer', { class: 'bottom' }, choice);
}

const main = globalThis.document?.getElementById('main');
if (main && !document.documentElement.dataset.only && !document.getElementById('language')) main.after(chooseLanguage());
