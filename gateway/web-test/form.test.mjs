// Owns the proof that the pay page shows whatever form its provider has, and knows none.
import assert from 'node:assert/strict';
import test from 'node:test';
import { payForm } from '../web/js/pay/form.js';
import { stage } from './dom.mjs';

const order = { event_id: 'evt_1', order_id: 'ord_2' };
const settled = () => new Promise((done) => { setTimeout(done, 20); });

test('a script makes the form here, with our tools and nothing else', async () => {
  const form = { provider: 'any', type: 'script', url: '/v1/payments/pages/form.js', pages: '/v1/payments/pages' };
  stage({ 'GET /v1/payments/form': [200, form] });
  const paid = [];
  const load = async (url) => ({
    cardForm(tools, { amount, pay, isAgain, pages }) {
      assert.deepEqual(Object.keys(tools).sort(), ['busy', 'clearProblem', 'el', 'say', 'send']);
      assert.deepEqual([url, amount, isAgain, pages], [form.url, '5 €', true, form.pages]);
      return tools.el('button', { onclick: () => pay('pm_1') }, 'Pay');
    },
  });
  const node = payForm(order, { amount: '5 €', pay: (token) => paid.push(token), isAgain: true }, load);
  await settled();
  await node.find((one) => one.tag === 'button').press();
  assert.deepEqual(paid, ['pm_1']);
});

test('a page of the provider is led to, about this order', async () => {
  const form = { provider: 'any', type: 'page', url: '/v1/payments/pages/card', pages: '/v1/payments/pages' };
  stage({ 'GET /v1/payments/form': [200, form] });
  const node = payForm(order, { amount: '5 €', pay: () => assert.fail('not here') }, () => assert.fail('nothing is loaded'));
  await settled();
  const link = node.find((one) => one.tag === 'a');
  assert.equal(link.getAttribute('href'), '/v1/payments/pages/card/events/evt_1/orders/ord_2');
});

test('where there is no form, one can try again', async () => {
  stage({ 'GET /v1/payments/form': [404, { code: 'not_found', detail: 'no', retry: 'no' }] });
  const node = payForm(order, { amount: '5 €' }, () => assert.fail('nothing is loaded'));
  await settled();
  assert.equal(node.find((one) => one.tag === 'button').textContent, 'Try again');
});
