// Owns the catalogue: each product with its label, and what a role may do with it: buy, agree, take back.
import { action } from '../action.js';
import { get } from '../api.js';
import { send } from '../command.js';
import { announce, el, say } from '../dom.js';
import { minorOf } from '../manage/money.js';
import { payForm } from '../pay/form.js';
import { KINDS, kindWords, labelRows, offerWords, priceWords } from './words.js';

const productPath = (id) => `/v1/events/${encodeURIComponent(id)}/product`;

/** The card: { node, load }. `changed` is called when something was bought or said. */
export function catalogue({ role, lost, changed }) {
  const list = el('ul', { class: 'house-list', id: 'products' });
  const empty = el('p', { class: 'quiet' }, '');
  const node = el('section', { class: 'card stack' }, el('h2', {}, 'Catalogue'), empty, list);
  if (role === 'manager') node.append(newOffer({ done: () => { load(); changed(); } }));

  async function load() {
    try {
      const { products } = await get('/v1/products');
      say(empty, products.length ? '' : 'Nothing is on sale yet.');
      list.replaceChildren(...products.map((one) => el('li', {}, ...row(one))));
    } catch (problem) {
      if (problem.status === 401) lost(problem);
      else say(empty, problem.message);
    }
  }

  function row(product) {
    const name = product.artist ? `${product.event_name} – ${product.artist}` : product.event_name;
    const label = el('details', {}, el('summary', {}, 'Label'),
      el('dl', { class: 'label-rows' }, labelRows(product).flatMap(([what, words]) => [el('dt', {}, what), el('dd', {}, words)])));
    const nodes = [el('div', { class: 'line' }, el('span', {}, name), el('span', { class: 'tag' }, offerWords(product))),
      el('p', {}, `${kindWords(product.kind)}: ${priceWords(product)}`), label];
    if (role === 'advertiser') nodes.push(buying(product));
    else nodes.push(el('div', { class: 'form-actions' }, agreeing(product)));
    return nodes;
  }

  function agreeing(product) {
    const agrees = role === 'manager' ? product.approved_by_manager : product.approved_by_artist;
    return action(agrees ? 'Take off sale' : 'Agree to sell', async () => {
      await send('PUT', productPath(product.event_id), { approved: !agrees, kind: product.kind });
      announce(agrees ? 'It is off sale.' : 'You have agreed.');
      await load();
    }, agrees ? 'secondary' : 'primary');
  }

  function buying(product) {
    const place = el('div', {});
    const amount = priceWords(product).split(' for ')[0];
    const buy = action('Buy', async () => {
      const offer = await get('/v1/payments/form');
      if (offer.type === 'page') {
        place.replaceChildren(el('p', { class: 'notice calm' }, 'The provider’s page is for tickets. Buy with a token: floodgate products buy.'));
        return;
      }
      buy.hidden = true;
      place.replaceChildren(payForm({}, { amount, pay: (token) => pay(product, token, [place, buy]), isAgain: false }));
    });
    return el('div', { class: 'stack' }, buy, place);
  }

  async function pay(product, token, [place, buy]) {
    const bought = await send('POST', `${productPath(product.event_id)}/orders`, { payment_method: token, kind: product.kind });
    const words = bought.state === 'paid' ? `Paid. Your invoice is ${bought.invoice}; what you bought is under Orders.`
      : 'The provider did not take this card. Nothing was charged; try another one.';
    place.replaceChildren(el('p', { class: bought.state === 'paid' ? 'said' : 'notice warn', role: 'status' }, words));
    announce(words);
    buy.hidden = false;
    buy.focus();
    changed();
  }

  return { node, load };
}

/** Offers a product of one more event. */
function newOffer({ done }) {
  const choice = el('select', { id: 'offer-event' }, el('option', { value: '' }, 'Choose an event'));
  const kind = el('select', { id: 'offer-kind' }, ...Object.entries(KINDS).map(([code, { name }]) => el('option', { value: code }, name)));
  const amount = el('input', { id: 'offer-amount', inputmode: 'decimal', autocomplete: 'off', maxlength: '12' });
  const wrong = el('p', { class: 'wrong', id: 'offer-wrong', role: 'status' });
  get('/v1/events').then(({ events }) => {
    choice.append(...events.map((one) => el('option', { value: one.event_id }, one.name)));
  }, (problem) => say(wrong, problem.message));
  const offer = action('Offer', async () => {
    const about = choice.value ? await get(`/v1/events/${encodeURIComponent(choice.value)}`) : null;
    const minor = about && minorOf(amount.value, about.currency);
    if (!minor) {
      say(wrong, choice.value ? 'Enter a price, such as 500.' : 'Choose an event.');
      (choice.value ? amount : choice).focus();
      return;
    }
    say(wrong, '');
    await send('PUT', productPath(choice.value), { approved: true, amount: minor, kind: kind.value || 'cohorts' });
    amount.value = '';
    done();
  });
  return el('div', { class: 'stack' }, el('h3', {}, 'Offer something of an event'),
    el('div', { class: 'list-row' },
      el('div', { class: 'field' }, el('label', { for: 'offer-event' }, 'Event'), choice),
      el('div', { class: 'field' }, el('label', { for: 'offer-kind' }, 'What'), kind),
      el('div', { class: 'field' }, el('label', { for: 'offer-amount' }, 'Price of a year, in the event’s currency'), amount)),
    wrong, el('div', { class: 'form-actions' }, offer));
}
