// Owns the card on which one may let oneself be counted, and take it back. Off unless one agrees;
// what was said is remembered here only, because the server never says it back.
import { action } from './action.js';
import { send } from './command.js';
import { el, say } from './dom.js';
import { t } from './further.js';
import { locale } from './language.js';

export const AGES = ['18-24', '25-34', '35-44', '45-54', '55-64', '65+'];
/** ISO 3166-1, as the server takes them; a test compares the two lists. */
export const REGIONS = 'AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW'.split(' ');

/** Countries by name, in the language of the page's reader; by their codes where names are missing. */
export function regionNames(where = locale) {
  let name = (code) => code;
  try {
    const names = new Intl.DisplayNames([where], { type: 'region' });
    name = (code) => names.of(code) || code;
  } catch {
    // The codes are names enough.
  }
  return REGIONS.map((code) => [code, name(code)])
    .sort(([, one], [, other]) => one.localeCompare(other, where));
}

/** The answer as it is sent: what is not said is not in it. Pure. */
export function answerOf({ agreed, age, region }) {
  return { consent: agreed === true, ...(age ? { age } : {}), ...(region ? { region } : {}) };
}

/** What one is counted under, in words. Pure. */
export function sharedWords({ age, region }, names = regionNames()) {
  const country = names.find(([code]) => code === region)?.[1];
  const parts = [age ? `${age.replace('-', '–')} years` : null, country].filter(Boolean);
  return parts.length ? t`You are counted as: ${parts.join(', ')}.`
    : t`You are counted, without age or country.`;
}

const place = (page) => `fg-counted ${page.id}`;

function recall(page) {
  try {
    return JSON.parse(localStorage.getItem(place(page)));
  } catch {
    return null;
  }
}

function remember(page, answer) {
  try {
    if (answer) localStorage.setItem(place(page), JSON.stringify(answer));
    else localStorage.removeItem(place(page));
  } catch {
    // Nothing can be kept; taking it back works all the same.
  }
}

function choice(id, label, none, options) {
  const select = el('select', { id }, el('option', { value: '' }, none),
    options.map(([value, words]) => el('option', { value }, words)));
  return { select, node: el('div', { class: 'field' }, el('label', { for: id }, label), select) };
}

/** The card; nothing in it is needed for the tickets. */
export function share(page) {
  const names = regionNames();
  const status = el('p', { role: 'status', tabindex: '-1' });
  const wrong = el('p', { class: 'wrong', id: 'share-wrong', hidden: true }, t`If you agree, tick the box first.`);
  const box = el('input', { type: 'checkbox', id: 'share-agree', 'aria-describedby': 'share-wrong' });
  box.addEventListener('change', () => {
    wrong.hidden = true;
    box.removeAttribute('aria-invalid');
  });
  const age = choice('share-age', t`Age`, t`Not said`, AGES.map((band) => [band, band.replace('-', '–')]));
  const region = choice('share-region', t`Country`, t`Not said`, names);
  const path = `${page.base}/me/cohort`;

  const form = el('div', { class: 'share-form' },
    el('label', { class: 'check', for: 'share-agree' }, box,
      el('span', {}, t`I am 18 or older, and I agree to be counted in these totals.`)),
    wrong,
    el('div', { class: 'pair' }, age.node, region.node),
    action(t`Count me in`, async () => {
      if (!box.checked) {
        wrong.hidden = false;
        box.setAttribute('aria-invalid', 'true');
        box.focus();
        return;
      }
      const answer = answerOf({ agreed: box.checked, age: age.select.value, region: region.select.value });
      await send('PUT', path, answer);
      remember(page, answer);
      show(answer, true);
    }, 'secondary'));
  const back = action(t`Take it back`, async () => {
    await send('DELETE', path);
    remember(page, null);
    box.checked = false;
    show(null, true, t`You are not counted. Totals published from now on do not include you.`);
  }, 'secondary');
  const before = el('p', { class: 'quiet' }, t`You agreed before, but it does not show here? You can still take it back.`);

  function show(answer, acted, words = '') {
    form.hidden = Boolean(answer);
    before.hidden = Boolean(answer);
    say(status, answer ? sharedWords(answer, names) : words);
    if (acted) status.focus({ preventScroll: true });
  }
  show(recall(page), false);
  return el('section', { class: 'card share', 'aria-labelledby': 'share-title' },
    el('h3', { id: 'share-title' }, t`May we count you? It is up to you`),
    el('p', {}, t`The organiser and advertisers get weekly totals of this event, which are sold: about how many people, by age band and country. No name, no seat, no order is in them, groups of few people are left out, and every number is a little off on purpose. It changes nothing about your tickets, and you can take it back here at any time.`),
    form, status, before, back);
}
