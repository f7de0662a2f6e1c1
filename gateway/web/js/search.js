// Owns the search box of the list: words, filters, and what fits, in the address so that a reload or a link
// keeps it. Results come as one types; an answer that a newer question has overtaken is dropped.
import { get } from './api.js';
import { el, say } from './dom.js';
import { day, money, plural, timeOfDay } from './format.js';
import { t } from './language.js';

/** A pause in typing; shorter ones would ask at every key. */
const PAUSE_MS = 250;
const FACETS = [['town', 'towns', t`Any town`], ['venue', 'venues', t`Any venue`], ['artist', 'artists', t`Any artist`],
  ['month', 'months', t`Any month`], ['phase', 'phases', t`Any state of sale`], ['price_band', 'price_bands', t`Any price`]];
const NAMES = [...FACETS.map(([name]) => name), 'near'];

/** A text with what fits of it marked; pieces are text, never markup. */
export function marked(matches, field, text) {
  const found = (matches || []).find((one) => one.field === field);
  return found ? found.pieces.map(({ text: piece, hit }) => (hit ? el('mark', {}, piece) : piece)) : [text];
}

/** What a facet's value is called: `2027-06`, `EUR 50-100`. */
export function valueWords(name, value, phases) {
  if (name === 'month') return day(`${value}-15T12:00:00Z`, 'UTC', { month: 'long', year: 'numeric' });
  if (name === 'phase') return phases[value] || value;
  if (name !== 'price_band') return value;
  const [currency, band] = value.split(' ');
  const [from, to] = band.split('-').map(Number);
  const minor = (whole) => money(whole * (/^(JPY|KRW|CLP|ISK|VND)$/.test(currency) ? 1 : 100), currency);
  if (!to) return t`from ${minor(from)}`;
  return from ? `${minor(from)} to ${minor(to)}` : t`below ${minor(to)}`;
}

/** What is asked for, as the query of the call; `null` when nothing is. */
export function queryOf(asked) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) if (value.trim()) query.set(name, value);
  return [...query].length ? query : null;
}

export function searchBox({ phases, show, showAll }) {
  const form = document.getElementById('search');
  const input = document.getElementById('q');
  const filters = document.getElementById('filters');
  const found = document.getElementById('found');
  const from = new URLSearchParams(location.search);
  const asked = { q: from.get('q') || '' };
  for (const name of NAMES) asked[name] = from.get(name) || '';
  input.value = asked.q;
  let turn = 0;
  let waiting = 0;

  const near = el('button', { type: 'button', class: 'button secondary', 'aria-pressed': String(asked.near !== ''), onclick() {
    if (asked.near) {
      asked.near = '';
      near.setAttribute('aria-pressed', 'false');
      search();
      return;
    }
    say(found, t`Asking your browser where you are…`);
    navigator.geolocation?.getCurrentPosition(({ coords }) => {
      // To a kilometre: nobody needs to know more to find a town.
      asked.near = `${coords.latitude.toFixed(2)},${coords.longitude.toFixed(2)}`;
      near.setAttribute('aria-pressed', 'true');
      search();
    }, () => say(found, t`Your browser does not say where you are. Choose a town instead.`));
  } }, t`Near me`);

  function drawFilters(facets) {
    const selects = FACETS.map(([name, plural, any]) => {
      const values = facets[plural];
      if (asked[name] && !values.some(({ value }) => value === asked[name])) values.push({ value: asked[name], count: 0 });
      if (values.length < 2 && !asked[name]) return null;
      const options = values.map(({ value, count }) => el('option', { value, selected: value === asked[name] },
        `${valueWords(name, value, phases)} (${count})`));
      return el('select', { 'aria-label': any, id: `filter-${name}`, onchange(happened) {
        asked[name] = happened.target.value;
        search();
      } }, el('option', { value: '' }, any), options);
    });
    const focused = document.activeElement?.id;
    filters.replaceChildren(...selects.filter(Boolean), near);
    // A filter that was used keeps the focus when its values are drawn anew.
    if (focused?.startsWith('filter-')) document.getElementById(focused)?.focus();
  }

  async function search(cursor = null) {
    const mine = turn += 1;
    clearTimeout(waiting);
    const query = queryOf(asked);
    if (!cursor) history.replaceState(null, '', query ? `?${query}` : location.pathname);
    if (!query) {
      filters.replaceChildren();
      say(found, '');
      await showAll();
      return;
    }
    if (cursor) query.set('cursor', cursor);
    try {
      const answer = await get(`/v1/search?${query}`, 2);
      if (mine !== turn) return;
      show(answer.events, { isMore: Boolean(cursor), more: answer.next && (() => search(answer.next)) });
      drawFilters(answer.facets);
      const words = answer.count ? plural(answer.count, 'event fits', 'events fit') : t`No event fits. Try fewer words or filters.`;
      say(found, t`${words} · as of ${timeOfDay(answer.as_of.at)}`);
    } catch (problem) {
      if (mine !== turn) return;
      asked.near = '';
      say(found, `${problem.message} ${(problem.errors || []).map((one) => one.message || '').join(' ')}`.trim());
    }
  }

  input.addEventListener('input', () => {
    asked.q = input.value;
    clearTimeout(waiting);
    waiting = setTimeout(search, PAUSE_MS);
  });
  form.addEventListener('submit', (happened) => {
    happened.preventDefault();
    asked.q = input.value;
    search();
  });
  return { isAsked: () => queryOf(asked) !== null, search };
}
