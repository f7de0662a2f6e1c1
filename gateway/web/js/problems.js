// Owns what a fan reads of each problem: the server's codes in the words, and the language, of the pages. Loaded when
// something is refused; where it does not come, or knows nothing of a code, the server's own words stay.
import { say } from './dom.js';
import { language } from './language.js';
import { t } from './further.js';

/** Sentences, each with the codes it is said for. */
const WORDS = [
  ['malformed_body invalid_query invalid_id idempotency_key_required host_required key_reused method_not_allowed not_found invalid_token cross_site body_too_slow body_too_large stale_attempt not_allowed seats_repeated no_seats_named invalid_consent wrong_phase', t`Something on this page is out of date. Reload it; nothing is lost.`],
  ['internal log_unavailable outcome_unknown people_unavailable too_many_events too_many_orders search_unavailable overloaded', t`The server is busy. It is safe to press again in a moment.`],
  ['rate_limited too_many_streams', t`That was a lot at once. Wait a moment, then try again.`],
  ['device_required place_unknown not_in_shop', t`You are not in the queue on this device. Join it first.`],
  ['pass_required no_pass pass_expired', t`Your time in the shop is over. Join the queue again.`],
  ['sign_in_required', t`This event is for people who are signed in. Sign in, then join.`],
  ['sign_in_refused', t`The sign-in did not go through or took too long. Begin again.`],
  ['passkey_refused', t`This passkey cannot be used here. Try again, or sign in another way.`],
  ['signed_in_as_another', t`This browser is signed in as somebody else. Sign it out at My addresses first.`],
  ['sign_in_unavailable', t`The provider that knows you does not answer. Begin again in a moment, or sign in another way.`],
  ['link_unknown', t`This link is not one of ours, or too old. Ask for a new one.`],
  ['link_spent', t`This link has been used already, or there is a newer one. If that was not you, ask for a new one.`],
  ['contact_required', t`Leave an address first, and open the link that is sent there.`],
  ['not_offered search_off needs_newer_engine', t`That is not offered here.`],
  ['not_your_turn', t`It is not your turn yet. Your place is kept.`],
  ['turn_lapsed', t`You were called, did not come, and others are waiting. Join again: you get a place behind those who are there.`],
  ['place_moved', t`Your place went on with another device. Go on there, or join the queue again for a new one.`],
  ['has_place', t`This device has a place in this queue already, and one device has one place. Go on with that one.`],
  ['went_idle', t`Your turn ended because nothing happened for too long, so that others can come. Join the queue again.`],
  ['puzzle_not_ready puzzle_wrong puzzle_expired puzzle_spent puzzle_required', t`The door did not open this time. Press again.`],
  ['provider_unavailable', t`The payment provider is not answering. It is safe to press again in a moment.`],
  ['unknown_event', t`This event does not exist.`],
  ['sale_not_open', t`The sale has not opened yet. Wait for it to open.`],
  ['sale_paused', t`The sale is paused. Your held seats are safe; try again when it resumes.`],
  ['sale_closed', t`The sale is closed.`],
  ['event_cancelled', t`The event was cancelled. Paid orders are refunded.`],
  ['presale_only', t`This is a presale for those with a code. Enter yours first.`],
  ['code_unknown', t`This event has no such code. Check it character by character against the message it came in.`],
  ['code_used code_claimed_already', t`This code was used already, or this device has one.`],
  ['shop_full', t`The shop is full. Your place is kept; try again in a moment.`],
  ['place_spent', t`This place has already entered. Join the queue again.`],
  ['too_many_buyers too_many_followers', t`The event is full for now. Try again later.`],
  ['unknown_seat no_such_category', t`There are no such seats here. Choose others.`],
  ['seat_taken', t`A seat is taken. Choose another, or ask for the best available.`],
  ['seat_not_for_sale', t`A seat is not for sale. Choose another.`],
  ['accessible_seat', t`A seat is kept for wheelchair users and companions. Choose another, or ask for wheelchair seats.`],
  ['not_enough_together', t`There are not that many seats together. Request fewer, or another category.`],
  ['sold_out only_accessible_left no_wheelchair_space price_above_limit', t`Nothing you asked for is free. Held seats may come back.`],
  ['buyer_limit hold_too_large', t`That is more than one buyer may have for this event.`],
  ['too_many_holds', t`You already hold seats. Pay for them or release them first.`],
  ['cooling_down', t`You gave seats back unpaid. Wait a moment before the next hold; the wait grows until you buy.`],
  ['unknown_hold hold_ended', t`This hold is over. Hold seats again.`],
  ['not_your_hold', t`This order belongs to another device or person.`],
  ['no_extension_left', t`There is no more time to add. Pay, or release the seats.`],
  ['payment_pending payment_unanswered', t`A payment is in progress. Wait for its outcome.`],
  ['no_attempt_left', t`No further payment attempt is allowed for this order.`],
  ['already_purchased', t`This order is already paid.`],
  ['not_confirmed', t`This order is not paid.`],
  ['payment_too_late', t`The payment came too late and the seats are gone. What the bank has reserved is released.`],
  ['already_refunded', t`This order was already refunded.`],
  ['not_your_ticket ticket_superseded', t`This ticket now belongs to somebody else.`],
  ['already_yours', t`This ticket is already yours. Nothing was changed.`],
  ['handed_on_too_often', t`This ticket was transferred as often as is allowed. Ask the organiser for a refund instead.`],
  ['ticket_used', t`Somebody was already admitted with this ticket.`],
  ['ticket_revoked', t`This ticket was refunded or its order cancelled, so it admits nobody any more.`],
];

const BY_CODE = new Map(WORDS.flatMap(([codes, words]) => codes.split(' ').map((code) => [code, words])));

/** Which codes there are words for; tests look here. */
export const known = (code) => BY_CODE.has(code);

/** The words for a problem; the server's own in English, of a field that it names, and of a code of tomorrow. Pure. */
export function wordsFor(problem, to = language) {
  const isOwn = to === 'en' || problem.errors?.length > 0;
  return (!isOwn && BY_CODE.get(problem.code)) || problem.message;
}

/** Says it in `node`, where the server's words stand. */
export function reword(node, problem) {
  if (problem?.code) say(node, wordsFor(problem));
}
