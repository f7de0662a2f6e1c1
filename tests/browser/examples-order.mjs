// Owns the order of the examples, what each gives to the next, and why a few cannot run. A call stands once: `as` is
// whose key is $KEY, `learn` what its answer fills in, `env` what else is filled in, `on` another event than the one that
// is printed, `edit` another body than printed, `follows` that it reads what was made a moment ago, `until` what has
// come by then.
import { buyer, solve } from './scene.mjs';

const ADA = 'ada@example.org';
const get = (...names) => names.map((call) => ({ call }));
const as = (role, ...names) => names.map((call) => ({ call, as: role }));
/** The pages of a provider have bodies of their own, which the document does not know: these are the sandbox's. */
const body = (value) => (command) => command.replace("-d '{}'", `-d '${JSON.stringify(value)}'`);
/** What stands behind a link that was sent. */
const mailed = (start) => async ({ mail }) => ({ TOKEN: (await mail.linkTo(ADA, start)).split(/[#/]/).at(-1) });
/** Sent along as this browser's, which keeps its device in a cookie otherwise. */
const asDevice = (command) => command.replace(' \\\n', ' \\\n  -H "Floodgate-Device: $DEVICE" \\\n');
async function tokenOf(base, { EVENT, TAKER, TAKEN }) {
  const { tickets } = await (await fetch(`${base}/v1/events/${EVENT}/orders/${TAKEN}/tickets`, { headers: { 'Floodgate-Device': TAKER } })).json();
  return tickets[0].token;
}
/** What is no example, or has been one already. */
async function also(base, method, path, headers, value) {
  const answer = await fetch(base + path, { method, body: JSON.stringify(value),
    headers: { ...headers, 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() } });
  if (!answer.ok) throw new Error(`${method} ${path} says ${await answer.text()}`);
}
const keyed = (key) => ({ Authorization: `Bearer ${key}` });
async function freeSeats(base, known) {
  const { groups: [{ seats }] } = await (await fetch(`${base}/v1/events/${known.EVENT}/seats/search?count=2`)).json();
  return seats.map((seat) => seat.seat_id);
}
/** So that there is a mail with a way out. */
async function followsByMail({ base, known }) {
  await also(base, 'PUT', `/v1/events/${known.EVENT}/follow`, { 'Floodgate-Device': known.DEVICE }, { channel: 'email', scopes: ['event'] });
}
/** Both say what is sold; the manager has, by the example. */
async function artistAgrees({ base, known, keys }) {
  await also(base, 'PUT', `/v1/events/${known.EVENT}/product`, keyed(keys.artist), { approved: true });
}
/** What was paused is sent. */
async function goesOn({ base, known, keys }) {
  await also(base, 'POST', `/v1/events/${known.EVENT}/announcements/${known.ANNOUNCEMENT}/resume`, keyed(keys.artist), {});
}
/** Whoever has an address got the first one there. */
async function saysOnThePage({ base, known, keys }) {
  await also(base, 'POST', `/v1/events/${known.EVENT}/announcements`, keyed(keys.artist),
    { who: ['followers'], channels: ['page'], subject: 'On the page', text: 'As well.' });
}
/** An order of somebody else, whom nobody has let in yet. */
async function bought({ base, known }) {
  const one = await buyer(base, known.EVENT);
  return { ORDER: (await one.buy(await freeSeats(base, known))).order_id };
}
/** Somebody else, in the shop, holding two seats. */
async function another({ base, known }) {
  const one = await buyer(base, known.EVENT);
  const { hold_id: hold } = await one.hold(await freeSeats(base, known));
  return { DEVICE: one.tokens['Floodgate-Device'], PASS: one.tokens['Floodgate-Pass'], TICKET: one.tokens['Floodgate-Queue-Ticket'], HOLD: hold };
}

/** Anybody reads these. */
const OPEN = [...get('getTicketKey', 'isHealthy', 'isLive', 'isReady', 'getMetrics', 'getOpenApi', 'listProblems', 'explainProblem', 'listEvents',
  'getEvent', 'getEventStatus', 'getCalendarEntry', 'getPlan', 'getAvailability', 'streamAvailability', 'getQueue', 'streamQueue',
  'searchEvents', 'searchSeats', 'getPaymentForm', 'getRevokedTickets', 'listSignInWays', 'getMe', 'getFollows', 'listMyOrders', 'askPasskey', 'askPasskeySignIn')];

/** A manager makes an event, looks at it from all sides, and sets what can be set. */
const MANAGE = [
  ...get('getStaffMe', 'getConnection', 'checkVenue', 'previewVenue'),
  { call: 'createEvent', learn: (answer) => ({ CREATED: answer.event_id }) },
  { call: 'changeEvent', on: 'CREATED' },
  { call: 'setPicture', env: () => ({ FILE: 'src/command/demo/picture.jpg' }) },
  { call: 'setLogo', env: () => ({ FILE: 'src/command/demo/picture.jpg' }) },
  ...get('getDials', 'setDials', 'setPolicy', 'getPrices', 'setPrices', 'listChanges', 'getHouse', 'getAnalytics', 'getSellingTimes', 'exportRows', 'getLog'),
  { call: 'shareAnalytics', learn: (answer) => ({ SHARE: answer.share_id }) },
  ...get('listShares', 'withdrawShare'),
  { call: 'mintCodes', on: 'CREATED' },
  { call: 'listCodes', on: 'CREATED' },
  { call: 'exportCodes', on: 'CREATED', learn: (text) => ({ CODE: /\w{4}(-\w{4}){3}/.exec(text)[0] }) },
  { call: 'beginPresale', on: 'CREATED' },
  { call: 'claimCode', on: 'CREATED' },
  { call: 'openSale', on: 'CREATED' },
  { call: 'pauseSale', on: 'CREATED' },
  ...get('blockSeats', 'unblockSeats'),
  { call: 'giveSeats', learn: ({ order_id: id, tickets }) => ({ COMP: id, COMP_SEAT: String(tickets[0].seat_id) }) },
  { call: 'getCompQr', follows: true, env: ({ known }) => ({ ORDER: known.COMP, SEAT: known.COMP_SEAT }) },
  ...as('operator', 'reportReturnedMail'),
];

/** Somebody comes, buys, passes a ticket on; a gate lets in; the rest is given back. */
const BUY = [
  { call: 'getChallenge', learn: ({ asks }) => (asks ? { DEVICE: asks.device, CHALLENGE: asks.challenge, SOLUTION: solve(asks) } : {}) },
  { call: 'joinQueue', learn: (answer) => ({ DEVICE: answer.device, TICKET: answer.queue_ticket }) },
  ...get('notifyMyTurn'),
  { call: 'enterShop', learn: (answer) => ({ PASS: answer.pass }) },
  ...get('stayInShop'),
  { call: 'acquireLock', learn: (answer) => ({ HOLD: answer.hold_id, COMMAND: answer.command_id }) },
  ...get('extendHold'),
  { call: 'callPaymentPage', env: () => ({ PAGE: 'tokenise' }), edit: body({ card_number: '4000000000003220' }),
    learn: (answer) => ({ PAYMENT_METHOD: answer.payment_method }) },
  { call: 'getPaymentPage', env: () => ({ PAGE: 'form.js' }) },
  { call: 'purchaseTicket', learn: (answer) => ({ ORDER: answer.order_id }) },
  { call: 'getOrder', follows: true },
  { call: 'getOrderPaymentPage', follows: true, env: () => ({ PAGE: 'challenge' }) },
  { call: 'callOrderPaymentPage', env: () => ({ PAGE: 'challenge' }), edit: body({ approve: true }) },
  ...get('streamOrder'),
  { call: 'getTickets', follows: true, learn: ({ tickets }) => ({ SEAT: String(tickets[0].seat_id), OTHER_SEAT: String(tickets[1].seat_id), QR: tickets[0].token }) },
  ...get('getTicketQr'),
  { call: 'offerTicket', learn: (answer) => ({ OFFER: answer.offer }) },
  { call: 'takeTicket', learn: (answer) => ({ TAKER: answer.device, TAKEN: answer.order_id }) },
  { call: 'redeemTicket', as: 'operator', follows: true, env: async ({ base, known }) => ({ QR: await tokenOf(base, known) }) },
  { call: 'releaseHold', env: another },
  { call: 'findOrders', learn: ({ orders }) => ({ BUYER: orders[0].user_id }) },
  // Of one that nobody has sent there is no news yet, and that is an answer.
  { call: 'askCommand', env: () => ({ COMMAND: 'cmd_00000000000000000000000000' }) },
  { call: 'leaveShop', env: another },
  ...get('shareCohort', 'withdrawCohort'),
];

/** What reaches somebody. */
const PEOPLE = [
  { call: 'addContact', edit: asDevice, learn: (answer) => ({ CONTACT: answer.contact_id }) },
  { call: 'confirmContact', edit: asDevice, env: mailed('/confirm#') },
  { call: 'followEvent', edit: asDevice },
  ...get('listFollows', 'listContacts', 'changeMe', 'listPasskeys'),
];

/** In another browser. */
const SIGN_IN = [
  { call: 'askSignIn' },
  { call: 'signIn', env: mailed('/sign-in#') },
  { call: 'listDevices', learn: ({ devices }) => ({ DEVICE_ID: devices.find((one) => !one.is_this_one)?.device_id }) },
  { call: 'removeDevice' },
  ...get('removeDevices'),
  ...get('findPeople'),
  { call: 'transferTicket', env: ({ known }) => ({ SEAT: known.OTHER_SEAT }) },
];

/** What an artist says to them. */
const NEWS = [
  ...get('previewAnnouncement', 'testAnnouncement'),
  { call: 'announce', as: 'artist', env: followsByMail, learn: (answer) => ({ ANNOUNCEMENT: answer.announcement_id }) },
  { call: 'steerAnnouncement', follows: true, as: 'artist', env: () => ({ STEP: 'pause' }) },
  ...get('listAnnouncements'),
  { call: 'getAnnouncement', follows: true, env: goesOn },
  { call: 'listVerdicts', follows: true },
  { call: 'listMessages', env: saysOnThePage, until: ({ messages }) => messages.length, learn: ({ messages }) => ({ UP_TO: messages[0].message_id }) },
  ...get('readMessages', 'listFailedMessages', 'resendFailedMessages'),
  { call: 'getSubscription', env: mailed('/unsubscribe/') },
  { call: 'unsubscribe', env: mailed('/unsubscribe/') },
  ...get('unfollowEvent'),
];

const WEBHOOKS = [
  { call: 'addWebhook', learn: (answer) => ({ WEBHOOK: answer.webhook_id }) },
  ...get('listWebhooks', 'getWebhook', 'changeWebhook', 'testWebhook'),
  { call: 'listWebhookDeliveries', learn: ({ deliveries }) => ({ DELIVERY: deliveries[0]?.delivery_id }) },
  ...get('resendWebhookDelivery', 'resendWebhookDeliveries', 'removeWebhook'),
];

/** What an advertiser buys. */
const MARKET = [
  ...as('manager', 'offerProduct'),
  ...as('advertiser', 'listProducts', 'setInvoiceAccount', 'getInvoiceAccount'),
  { call: 'buyProduct', as: 'advertiser', env: artistAgrees, follows: true, learn: (answer) => ({ PRODUCT_ORDER: String(answer.number) }) },
  ...as('advertiser', 'listProductOrders', 'getProductDelivery', 'setProductDelivery', 'getProductTables', 'getConcurrentStreams'),
  { call: 'addBuyerKey', as: 'advertiser', learn: (answer) => ({ BUYER_KEY: answer.key_id }) },
  ...as('advertiser', 'listBuyerKeys', 'withdrawBuyerKey'),
  { call: 'endProductOrder', env: () => ({ REASON: 'refund' }) },
];

/** The end of everything. */
const END = [
  { call: 'refundOrder', follows: true, env: bought },
  ...get('removeContact', 'forgetPerson', 'forgetMe', 'closeSale', 'cancelEvent'),
  { call: 'signInStaff' },
  { call: 'listStaffSessions', learn: ({ sessions }) => ({ SESSION: sessions[0]?.session_id }) },
  ...get('endStaffSession', 'signOutStaff', 'signOutStaffEverywhere'),
];

export const ORDER = [...OPEN, ...MANAGE, ...BUY, ...PEOPLE, ...NEWS, ...SIGN_IN, ...WEBHOOKS, ...MARKET, ...END];
export const NOT_RUN = {
  addPasskey: 'an authenticator signs it', signInByPasskey: 'an authenticator signs it', removePasskey: 'there is none without an authenticator',
  askProvider: 'the demo has no provider of identities', returnFromProvider: 'the demo has no provider of identities',
  takePaymentWebhook: 'the provider signs it', reportTextMessage: 'the gateway of text messages signs it',
};
