// Owns making an event: the plan, what it says of itself, prices, rules; then one press.
import { action } from '../action.js';
import { send } from '../command.js';
import { announce, el, say } from '../dom.js';
import { plural } from '../format.js';
import { detailsForm } from './details.js';
import { faultsOf } from './fields.js';
import { lookChanges, lookForm } from './look.js';
import { planPart } from './plan.js';
import { pricesForm } from './prices.js';
import { ruleChanges, rulesForm } from './rules.js';

/** The rules a new event begins with, shown so that they can be changed. */
const FIRST_RULES = { hold: '5m', 'extensions_max': 1, extension: '2m', payment: '10m', retry: '3m', 'payment_attempts_max': 3, 'seats_per_buyer_max': 6,
  'seats_per_hold_max': 6, 'holds_per_buyer_max': 1, cooldown: '5s', 'pass_required': true, 'shoppers_max': 2000, pass: '15m', 'buyers_max': 1048576,
  idle: '3m', 'approve_announcements': false };

const step = (number, title, ...nodes) => el('section', { class: 'card stack', 'aria-labelledby': `step-${number}` },
  el('h2', { id: `step-${number}`, class: 'part-title', tabindex: '-1' }, `${number}. ${title}`), ...nodes);

/** What is sent to make an event. Pure. */
export const eventBody = ({ details, plan, prices, currency, rules, look }) => {
  const said = Object.fromEntries(Object.entries(details).filter(([, value]) => value !== null));
  return { ...said, plan, currency, prices, ...(Object.keys(rules).length ? { policy: rules } : {}), ...(look ? { look } : {}) };
};

/** { nodes, close }; `made(answer)` is called with what the server made. */
export function creator({ made, lost }) {
  const details = detailsForm();
  const colors = lookForm();
  const prices = pricesForm(() => details.fields.time_zone.value() || 'UTC');
  const rules = rulesForm(FIRST_RULES);
  const status = el('p', { class: 'quiet', role: 'status' });
  const chosen = planPart(() => {
    prices.show(chosen.categories());
    if (chosen.ready() && !details.fields.venue_name.value()) details.fields.venue_name.set(chosen.name());
  }, lost);
  async function make() {
    if (!chosen.ready()) {
      say(status, 'The plan comes first: choose its file.');
      chosen.focus();
      return;
    }
    const asked = prices.read();
    const changes = ruleChanges(rules.values(), FIRST_RULES);
    const wrong = [[rules, changes.faults], [prices, asked.faults], [details, details.faults()], [colors, colors.faults()]]
      .reduce((sum, [form, faults]) => sum + form.mark(faults), 0);
    if (wrong) {
      say(status, `${plural(wrong, 'field needs', 'fields need')} your attention.`);
      return;
    }
    say(status, '');
    try {
      made(await send('POST', '/v1/events', eventBody({ details: details.values(), plan: chosen.upload(), prices: asked.prices,
        currency: prices.currency(), rules: changes.rules, look: lookChanges(colors.values(), {}) })));
    } catch (problem) {
      if (problem.status === 401) {
        lost();
        return;
      }
      const faults = faultsOf(problem);
      if (details.mark(faults) + colors.mark(faults) + rules.mark(faults) === 0) throw problem;
      announce(problem.message);
    }
  }
  return {
    nodes: [
      step(1, 'Seating plan', chosen.node),
      step(2, 'The event', details.node, el('h3', {}, 'Colours of its pages'), colors.node,
        el('p', { class: 'quiet' }, 'A picture and a logo are uploaded once the event is there.')),
      step(3, 'Prices', prices.node),
      step(4, 'Rules', rules.node),
      el('div', { class: 'stack' }, action('Create the event', make), status,
        el('p', { class: 'quiet' }, 'Nobody can buy before the sale is opened.')),
    ],
    close: () => chosen.close(),
  };
}
