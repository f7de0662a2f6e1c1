// Owns the proof of the catalogues: every sentence a fan can read is in all of them, none is left over, and all have the same gaps and plurals.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { LANGUAGES, plural, t } from '../web/js/language.js';

const web = fileURLToPath(new URL('../web/', import.meta.url));
/** Whoever works here reads English, and so does a browser without script; the rest says nothing. */
const STAFF = new Set(['dials.js', 'scan.js', 'push-worker.js', 'language.js', 'further.js', 'choose-language.js']);
const FOLDERS = ['js', 'js/shop', 'js/seats', 'js/pay', 'js/news', 'js/mine', 'js/map', 'js/puzzle'];
const modules = FOLDERS.flatMap((folder) => readdirSync(join(web, folder), { withFileTypes: true })
  .filter((one) => one.isFile() && !STAFF.has(one.name)).map((one) => join(folder, one.name)));
/** Pages in English alone say so themselves. */
const isTranslated = (html) => !html.includes('<html lang="en" data-only="en">');
const everyPage = readdirSync(web, { recursive: true }).filter((name) => name.endsWith('.html'));
const pages = everyPage.filter((name) => isTranslated(readFileSync(join(web, name), 'utf8')));
const read = (name) => readFileSync(join(web, name), 'utf8');
const unescaped = (text) => text.replace(/\\n/g, '\n').replace(/\\(.)/g, '$1');

/** The template that begins at `at`, behind its backtick: its key, where it ends, and what is inside its gaps. */
function template(source, at) {
  let key = '';
  let gaps = 0;
  const inner = [];
  for (let from = at; ; from += 1) {
    assert.ok(from < source.length, `a template does not end: ${source.slice(at, at + 60)}`);
    if (source[from] === '\\') { key += source.slice(from, from + 2); from += 1; }
    else if (source[from] === '`') return { key: unescaped(key), end: from, inner };
    else if (source.startsWith('${', from)) {
      const end = closing(source, from + 2);
      inner.push(source.slice(from + 2, end));
      key += `{${gaps}}`;
      gaps += 1;
      from = end;
    } else key += source[from];
  }
}

/** Where the brace closes that was opened before `at`. */
function closing(source, at) {
  for (let from = at, depth = 0; from < source.length; from += 1) {
    if (source[from] === '`') from = template(source, from + 1).end;
    else if (source[from] === '{') depth += 1;
    else if (source[from] === '}' && depth === 0) return from;
    else if (source[from] === '}') depth -= 1;
  }
  throw new Error('a gap does not close');
}

/** Sentences of a script: those behind t, the plurals, and texts in templates and quotes that are behind nothing. */
function sentences(source, found = { said: [], bare: [] }) {
  const code = source.replace(/^\s*(\/\/|\/?\*).*$/gm, '');
  for (let at = 0; at < code.length; at += 1) {
    if (code[at] === '`') {
      const { key, end, inner } = template(code, at + 1);
      const isSaid = code[at - 1] === 't' && !/\w/.test(code[at - 2] || ' ');
      (isSaid ? found.said : found.bare).push(key);
      inner.forEach((one) => sentences(one, found));
      at = end;
    } else if (code[at] === '\'') {
      const text = /^'((?:[^'\\\n]|\\.)*)'/.exec(code.slice(at));
      if (text) {
        found.bare.push(unescaped(text[1]));
        at += text[0].length - 1;
      }
    }
  }
  return found;
}

const PLURAL = /\bplural\([^;]*?,\s*'([^']+)',\s*'([^']+)'\s*\)/g;
const keys = new Set();
/** Words behind a count. */
const counted = new Set();
for (const name of modules) {
  const source = read(name);
  sentences(source).said.forEach((key) => keys.add(key));
  for (const [, one, many] of source.matchAll(PLURAL)) {
    keys.add(`{0} ${many}`);
    counted.add(one).add(many);
  }
}
for (const name of pages) {
  const html = read(name).replace(/<(noscript|script|svg|style)[\s\S]*?<\/\1>/g, '');
  const texts = [...html.matchAll(/>([^<]+)</g)].map(([, text]) => text.trim().replace(/\s+/g, ' '));
  const labels = [...html.matchAll(/(?:aria-label|placeholder)="([^"]+)"/g)].map(([, text]) => text);
  [...texts, ...labels].filter((text) => /[a-z]{2}/.test(text) && text !== 'Floodgate').forEach((text) => keys.add(text));
}
const gaps = (text) => [...text.matchAll(/\{\d\}/g)].map(String).sort().join();

for (const language of Object.keys(LANGUAGES).filter((one) => one !== 'en')) {
  const parts = ['first', 'further'].map((part) => JSON.parse(read(`words/${language}/${part}.json`)));
  const catalogue = { ...parts[0], ...parts[1] };
  test(`${LANGUAGES[language]} has every sentence, and no other`, () => {
    assert.deepEqual([...keys].filter((key) => !(key in catalogue)), [], 'missing');
    assert.deepEqual(Object.keys(catalogue).filter((key) => !keys.has(key)), [], 'said by nobody');
    assert.deepEqual(Object.keys(parts[0]).filter((key) => key in parts[1]), [], 'in both parts');
  });
  test(`${LANGUAGES[language]} has the gaps and plurals that are needed`, () => {
    const wanted = new Intl.PluralRules(language).resolvedOptions().pluralCategories.filter((one) => language === 'ar' || one !== 'many');
    for (const [key, said] of Object.entries(catalogue)) {
      if (typeof said === 'string') assert.equal(gaps(said), gaps(key), key);
      else {
        assert.deepEqual(Object.keys(said).sort(), [...wanted].sort(), key);
        assert.equal(gaps(said.other), gaps(key), key);
      }
    }
  });
}

test('no sentence stays out of the catalogues', () => {
  // Three words in a row are a sentence; a list of classes or a shader is none.
  const isSentence = (text) => /[A-Za-z’,]+ [a-z’]+ [a-z’]+/.test(text) && !/^[a-z-]+( [a-z-]+)*$|^#version|[{;=<]/.test(text);
  for (const name of modules) {
    const bare = sentences(read(name)).bare.filter(isSentence).filter((text) => !keys.has(text) && !counted.has(text));
    const thrown = [...read(name).matchAll(/new \w*Error\('([^']+)'/g)].map(([, text]) => text);
    assert.deepEqual(bare.filter((text) => !thrown.includes(text)), [], name);
  }
});

/** The modules of a page: its script, and what that takes from or loads later. */
function modulesOf(page) {
  const found = new Set();
  const left = [...read(page).matchAll(/<script type="module" src="\/assets\/([^"]+)"/g)].map(([, path]) => path);
  while (left.length) {
    const path = left.pop();
    if (found.has(path)) continue;
    found.add(path);
    const named = read(path).matchAll(/(?:from |import |import\()'(\.[^']+\.js)'/g);
    left.push(...[...named].map(([, other]) => join(path, '..', other)));
  }
  return found;
}

test('no page is half translated', () => {
  const known = new Set(modules);
  const silent = new Set(['js/language.js', 'js/further.js', 'js/choose-language.js', 'js/push-worker.js']);
  for (const page of everyPage) {
    const parts = [...modulesOf(page)];
    const isWhole = pages.includes(page);
    if (isWhole) {
      assert.deepEqual(parts.filter((path) => !known.has(path) && !silent.has(path)), [], `${page} uses what no catalogue has`);
      assert.ok(parts.includes('js/language.js'), `${page} has no language`);
    }
    assert.match(read(page), /^<!doctype html>\n<html lang="en"( data-only="en")?>\n/, page);
    // Digits and names of months follow the language of the page, not the browser's.
    for (const path of parts.filter((one) => one !== 'js/language.js')) {
      assert.doesNotMatch(read(path), /toLocale\w*\(\)|navigator\??\.languages?\b/, `${page}: ${path}`);
    }
  }
  assert.ok(pages.length > 5 && everyPage.length - pages.length > 5, `${pages.length} of ${everyPage.length}`);
});

/** language.js as a browser with these languages loads it on such a page, and what is asked for. */
async function inBrowser(languages, page, name) {
  const asked = [];
  Object.assign(globalThis, { navigator: { languages }, NodeFilter: { SHOW_TEXT: 4 },
    document: { documentElement: page, createTreeWalker: () => ({ nextNode: () => false }) },
    fetch: async (address) => {
      asked.push(address.pathname.split('/').slice(-2).join('/'));
      return { ok: true, json: async () => ({ 'Row {0}': 'Reihe {0}', '{0} seats': { one: '{0} Platz', other: '{0} Plätze' } }) };
    } });
  try {
    const made = await import(`../web/js/language.js?${name}`);
    await made.learn('further');
    return { asked, ...made };
  } finally {
    for (const one of ['navigator', 'document', 'fetch', 'NodeFilter']) delete globalThis[one];
  }
}

test('a page in English alone stays English, whole', async () => {
  const page = { lang: 'en', dir: '', dataset: { only: 'en' }, querySelectorAll: () => [] };
  const german = await inBrowser(['de-AT', 'en-GB'], page, 'staff');
  assert.deepEqual([german.asked, page.lang, page.dir, german.language, german.locale], [[], 'en', '', 'en', 'en-GB']);
  assert.deepEqual([german.t`Row ${3}`, german.count(1234.5)], ['Row 3', '1,234.5']);
  const arab = await inBrowser(['ar-EG'], page, 'staff-in-cairo');
  assert.deepEqual([arab.language, arab.locale], ['en', 'en']);
});

test('another language is asked for once, and says what it can', async () => {
  const page = { lang: '', dir: '', dataset: {}, querySelectorAll: () => [] };
  const { asked, locale, plural: many, t: said } = await inBrowser(['fr', 'de-AT', 'en'], page, 'german');
  assert.deepEqual(asked, ['de/first.json', 'de/further.json']);
  assert.deepEqual([page.lang, page.dir, locale], ['de', 'ltr', 'de-AT']);
  assert.deepEqual([said`Row ${3}`, said`Nobody knows ${1}`], ['Reihe 3', 'Nobody knows 1']);
  assert.deepEqual([many(1, 'seat', 'seats'), many(1200, 'seat', 'seats')], ['1 Platz', '1\u00a0200 Plätze']);
});

test('English is in the source', () => {
  assert.equal(t`Row ${7} of ${'A'}`, 'Row 7 of A');
  assert.equal(t('As it is'), 'As it is');
  assert.deepEqual([1, 2, 0].map((n) => plural(n, 'seat', 'seats')), ['1 seat', '2 seats', '0 seats']);
});
