//! Which problems a call may answer with: what follows from its address, its parameters and its
//! keys, and what the engine may say to its command.
//!
//! A call that is added is complete with the first; only what the engine refuses is a row here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::problem::explain;

/// Media type of every problem (RFC 9457).
pub(super) const PROBLEM: &str = "application/problem+json";

/// What every command may hear: the log, the engine, the key.
const COMMAND: &str = "needs_newer_engine key_reused not_allowed overloaded log_unavailable \
    outcome_unknown too_many_events too_many_buyers too_many_orders";
/// Why nobody new may enter or hold.
const PHASE: &str = "sale_not_open sale_paused sale_closed event_cancelled presale_only";
const OWN_ORDER: &str = "unknown_hold not_your_hold";

/// Calls that take an Idempotency-Key and append nothing: they never answer 202.
const WITHOUT_COMMAND: &[&str] = &[
    "findPeople",
    "askPasskey",
    "addPasskey",
    "askPasskeySignIn",
    "signInByPasskey",
    "askProvider",
    "returnFromProvider",
    "joinQueue",
    "exportCodes",
    "checkVenue",
    "previewVenue",
    "offerTicket",
    "callPaymentPage",
    "addContact",
    "confirmContact",
    "followEvent",
    "readMessages",
    "askSignIn",
    "signIn",
    "forgetMe",
    "forgetPerson",
    "signInStaff",
    "previewAnnouncement",
    "testAnnouncement",
    "reportReturnedMail",
    "resendFailedMessages",
    "changeMe",
    "addWebhook",
    "changeWebhook",
    "resendWebhookDelivery",
    "resendWebhookDeliveries",
    "testWebhook",
    "offerProduct",
    "buyProduct",
    "endProductOrder",
    "setProductDelivery",
    "addBuyerKey",
    "setInvoiceAccount",
    "shareAnalytics",
];
/// What every call about people may hear: their store.
const PEOPLE: &str = "people_unavailable not_offered overloaded";
/// What a consent may hear that a call records in the log.
const CONSENT: &str = "invalid_consent needs_newer_engine too_many_followers too_many_events log_unavailable \
    outcome_unknown overloaded not_allowed";
/// What words for people may hear.
const WORDS: &str = "invalid_announcement malformed_body";

/// What a call may hear beyond what its form says, as lists of codes by its name.
const OWN: &[(&str, &[&str])] = &[
    ("findPeople", &[PEOPLE]),
    ("listPasskeys", &[PEOPLE]),
    ("askPasskey", &[PEOPLE, "not_found"]),
    ("addPasskey", &[PEOPLE, "passkey_refused not_found"]),
    ("removePasskey", &[PEOPLE]),
    ("askPasskeySignIn", &["not_found"]),
    ("signInByPasskey", &[PEOPLE, "passkey_refused signed_in_as_another not_found"]),
    ("askProvider", &["sign_in_unavailable not_found"]),
    (
        "returnFromProvider",
        &[PEOPLE, "sign_in_refused sign_in_unavailable role_missing signed_in_as_another"],
    ),
    ("listStaffSessions", &[PEOPLE]),
    ("listShares", &[PEOPLE]),
    ("exportRows", &["log_unavailable overloaded"]),
    ("shareAnalytics", &[PEOPLE, "too_many_links malformed_body"]),
    ("withdrawShare", &[PEOPLE]),
    ("getAnalytics", &[PEOPLE]),
    ("getSellingTimes", &[PEOPLE]),
    ("signOutStaffEverywhere", &[PEOPLE]),
    ("endStaffSession", &[PEOPLE]),
    ("removeDevices", &[PEOPLE]),
    ("listContacts", &[PEOPLE]),
    ("addContact", &[PEOPLE, CONSENT]),
    ("removeContact", &[PEOPLE]),
    ("confirmContact", &[PEOPLE, CONSENT, "link_unknown link_spent unknown_event"]),
    ("getFollows", &[PEOPLE]),
    ("followEvent", &[PEOPLE, CONSENT, "contact_required"]),
    ("unfollowEvent", &[PEOPLE, CONSENT]),
    ("getSubscription", &[PEOPLE, "link_unknown"]),
    ("unsubscribe", &[PEOPLE, CONSENT, "link_unknown unknown_event"]),
    ("listMessages", &[PEOPLE]),
    ("readMessages", &[PEOPLE]),
    ("askSignIn", &[PEOPLE]),
    ("signIn", &[PEOPLE, "link_unknown link_spent signed_in_as_another"]),
    ("listDevices", &[PEOPLE]),
    ("removeDevice", &[PEOPLE]),
    ("reportReturnedMail", &[PEOPLE]),
    ("getLog", &["overloaded log_unavailable"]),
    ("listFailedMessages", &[PEOPLE, "invalid_id"]),
    ("resendFailedMessages", &[PEOPLE, "invalid_id malformed_body"]),
    ("reportTextMessage", &[PEOPLE, "webhook_unsigned malformed_body"]),
    ("changeMe", &[PEOPLE]),
    ("listProducts", &[PEOPLE]),
    ("offerProduct", &[PEOPLE]),
    ("buyProduct", &[PEOPLE, "not_on_sale not_found provider_unavailable"]),
    ("listProductOrders", &[PEOPLE]),
    ("endProductOrder", &[PEOPLE, "provider_unavailable"]),
    ("getProductTables", &[PEOPLE, "not_delivered"]),
    ("getConcurrentStreams", &[PEOPLE]),
    ("getProductDelivery", &[PEOPLE]),
    ("listBuyerKeys", &[PEOPLE]),
    ("addBuyerKey", &[PEOPLE]),
    ("getInvoiceAccount", &[PEOPLE]),
    ("setInvoiceAccount", &[PEOPLE]),
    ("withdrawBuyerKey", &[PEOPLE]),
    ("takePaymentWebhook", &[PEOPLE]),
    ("setProductDelivery", &[PEOPLE, "not_delivered"]),
    ("listWebhooks", &[PEOPLE]),
    ("addWebhook", &[PEOPLE]),
    ("getWebhook", &[PEOPLE]),
    ("changeWebhook", &[PEOPLE]),
    ("removeWebhook", &[PEOPLE]),
    ("listWebhookDeliveries", &[PEOPLE]),
    ("resendWebhookDelivery", &[PEOPLE]),
    ("resendWebhookDeliveries", &[PEOPLE]),
    ("testWebhook", &[PEOPLE]),
    ("listFollows", &[PEOPLE]),
    ("forgetMe", &[PEOPLE, CONSENT, "unknown_event"]),
    ("forgetPerson", &[PEOPLE, CONSENT, "unknown_event"]),
    ("searchEvents", &["search_unavailable search_off overloaded"]),
    ("searchSeats", &["search_unavailable search_off overloaded"]),
    ("blockSeats", &[SEATS, "seats_in_use"]),
    ("unblockSeats", &[SEATS]),
    ("giveSeats", &[SEATS, "seats_in_use seats_repeated hold_too_large"]),
    ("getCompQr", &["unknown_hold not_your_ticket"]),
    ("findOrders", &["unknown_hold unknown_seat"]),
    ("signInStaff", &[PEOPLE, "key_required"]),
    (
        "announce",
        &[
            PEOPLE,
            WORDS,
            "announcement_exists too_many_announcements codes_too_few",
            "codes_out_of_bounds",
        ],
    ),
    ("listAnnouncements", &[PEOPLE]),
    ("getAnnouncement", &[PEOPLE, "unknown_announcement"]),
    ("listVerdicts", &[PEOPLE, "unknown_announcement"]),
    ("previewAnnouncement", &[PEOPLE, WORDS]),
    ("testAnnouncement", &[PEOPLE, WORDS]),
    ("steerAnnouncement", &[PEOPLE, "unknown_announcement announcement_stopped not_found"]),
    (
        "acquireLock",
        &[
            PHASE,
            "no_pass went_idle pass_expired no_seats_named hold_too_large buyer_limit \
        too_many_holds cooling_down seats_repeated unknown_seat seat_taken seat_not_for_sale \
        accessible_seat no_such_category not_enough_together sold_out \
        only_accessible_left no_wheelchair_space price_above_limit",
        ],
    ),
    (
        "extendHold",
        &[
            OWN_ORDER,
            PHASE,
            "no_pass pass_expired already_purchased hold_ended \
        no_extension_left payment_pending",
        ],
    ),
    ("releaseHold", &[OWN_ORDER, "already_purchased hold_ended payment_pending"]),
    (
        "purchaseTicket",
        &[
            OWN_ORDER,
            "event_cancelled already_purchased hold_ended \
        no_attempt_left payment_pending payment_unanswered provider_unavailable",
        ],
    ),
    ("getOrder", &[OWN_ORDER]),
    ("streamOrder", &[OWN_ORDER]),
    ("refundOrder", &["unknown_hold not_confirmed already_refunded ticket_used"]),
    ("askCommand", &["*"]),
    ("enterShop", &[PHASE, "not_your_turn turn_lapsed shop_full place_spent place_unknown"]),
    ("leaveShop", &["not_in_shop no_pass went_idle"]),
    ("stayInShop", &["not_in_shop no_pass went_idle pass_expired needs_newer_engine"]),
    ("notifyMyTurn", &["place_spent place_unknown sale_closed event_cancelled"]),
    (
        "joinQueue",
        &[
            "presale_only puzzle_required puzzle_wrong puzzle_expired puzzle_spent puzzle_not_ready \
        sign_in_required people_unavailable not_offered",
        ],
    ),
    ("getChallenge", &["sign_in_required people_unavailable not_offered"]),
    ("mintCodes", &["codes_out_of_bounds sale_closed event_cancelled"]),
    ("listCodes", &[PEOPLE]),
    ("exportCodes", &[PEOPLE, "codes_out_of_bounds"]),
    ("claimCode", &["code_unknown code_used code_claimed_already sale_closed event_cancelled"]),
    ("shareCohort", &["no_pass"]),
    ("withdrawCohort", &["no_pass"]),
    ("getTickets", &[OWN_ORDER, "not_confirmed"]),
    ("getTicketQr", &[OWN_ORDER, "not_confirmed unknown_seat"]),
    ("offerTicket", &[OWN_ORDER, "not_confirmed not_your_ticket ticket_used"]),
    ("takeTicket", &[TRANSFER, "invalid_token already_yours"]),
    ("transferTicket", &[TRANSFER, "already_yours"]),
    (
        "redeemTicket",
        &["unknown_hold unknown_seat not_confirmed ticket_used ticket_superseded ticket_revoked"],
    ),
    ("createEvent", &["invalid_plan invalid_prices invalid_policy invalid_details event_exists"]),
    ("changeEvent", &["invalid_details details_changed"]),
    ("setPicture", &["invalid_details details_changed"]),
    ("setLogo", &["invalid_details details_changed"]),
    ("getCalendarEntry", &["not_found"]),
    ("checkVenue", &["invalid_plan"]),
    ("previewVenue", &["invalid_plan"]),
    ("setPrices", &["invalid_prices wrong_phase event_cancelled sale_closed"]),
    ("setPolicy", &["invalid_policy"]),
    ("setDials", &["invalid_dials wrong_phase", PHASE]),
    ("openSale", &["wrong_phase invalid_dials", PHASE]),
    ("beginPresale", &["wrong_phase invalid_dials", PHASE]),
    ("pauseSale", &["wrong_phase invalid_dials", PHASE]),
    ("closeSale", &["wrong_phase invalid_dials", PHASE]),
    ("cancelEvent", &["wrong_phase invalid_dials", PHASE]),
    ("getPaymentForm", &["not_found"]),
    ("getPaymentPage", &["not_found malformed_body provider_unavailable"]),
    ("callPaymentPage", &["not_found provider_unavailable"]),
    ("getOrderPaymentPage", &[OWN_ORDER, "not_found malformed_body provider_unavailable"]),
    (
        "callOrderPaymentPage",
        &[
            OWN_ORDER,
            "not_found stale_attempt already_purchased \
        payment_too_late provider_unavailable",
        ],
    ),
];
/// What staff may hear who name seats.
const SEATS: &str = "unknown_seat no_seats_named event_cancelled";
const TRANSFER: &str = "unknown_hold unknown_seat not_confirmed not_your_ticket \
    handed_on_too_often ticket_used ticket_superseded ticket_revoked buyer_limit";

/// Codes that a call may answer with, from all that is known of it.
fn codes(path: &str, method: &str, operation: &Value) -> BTreeSet<&'static str> {
    let name = operation["operationId"].as_str().unwrap_or_default();
    let needs = |scheme: &str| {
        let ways = operation["security"].as_array().into_iter().flatten();
        ways.into_iter().any(|way| way.get(scheme).is_some())
    };
    let mut found = BTreeSet::from(["internal", "host_required", "rate_limited"]);
    let mut may = |codes: &'static str| found.extend(codes.split_whitespace());
    if path.starts_with("/v1") {
        may("overloaded");
    }
    if method != "get" {
        may("cross_site");
    }
    if path.contains("{event_id}") {
        may("invalid_id unknown_event");
    } else if path.contains('{') {
        may("invalid_id not_found");
    }
    if operation.pointer("/responses/200/content/text~1event-stream").is_some() {
        may("too_many_streams");
    }
    if path.starts_with("/v1/") && !path.starts_with("/v1/payments/") {
        may("invalid_query");
    }
    if takes_key(operation) {
        may("idempotency_key_required malformed_body body_too_slow body_too_large");
        if !WITHOUT_COMMAND.contains(&name) {
            may(COMMAND);
        }
    }
    if needs("device") {
        may("device_required invalid_token");
    }
    if needs("pass") {
        may("pass_required sign_in_required people_unavailable not_offered");
    }
    if needs("staff") {
        may("key_required wrong_role");
    }
    let own = OWN.iter().find(|(call, _)| *call == name);
    for codes in own.into_iter().flat_map(|(_, lists)| lists.iter()) {
        may(codes);
    }
    found
}

/// Whether a call is a request that may be sent again under the same key.
pub(super) fn takes_key(operation: &Value) -> bool {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    parameters.into_iter().any(|parameter| parameter["name"] == "Idempotency-Key")
}

/// Adds every answer that a call may give, each with its media type and words.
pub(super) fn complete(path: &str, method: &str, operation: &mut Value) {
    let name = operation["operationId"].as_str().unwrap_or_default().to_owned();
    let is_command = takes_key(operation) && !WITHOUT_COMMAND.contains(&name.as_str());
    let mut codes: BTreeSet<String> =
        codes(path, method, operation).into_iter().map(str::to_owned).collect();
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    let mut words: BTreeMap<String, String> = BTreeMap::new();
    for (status, response) in responses.iter_mut() {
        if is_problem(response) {
            let text = response["description"].as_str().unwrap_or_default();
            let (named, rest) = text.split_once(": ").unwrap_or((text, ""));
            codes.extend(named.trim_end_matches(['…', ' ']).split(", ").map(str::to_owned));
            if !rest.is_empty() {
                words.insert(status.clone(), rest.to_owned());
            }
            continue;
        }
        if response["description"].as_str().is_none_or(str::is_empty) {
            response["description"] = json!(meaning(status));
        }
        if let Some(stream) = response.pointer_mut("/content/text~1event-stream/schema") {
            *stream = json!({ "$ref": "#/components/schemas/StreamEvent" });
        }
    }
    responses.retain(|_, response| !is_problem(response));
    if is_command && !responses.contains_key("202") {
        responses.insert("202".into(), pending());
    }
    let any = codes.remove("*");
    add_problems(responses, &codes, &words);
    if any {
        let about = "Whatever the command itself was refused with; see that call.";
        responses.insert("default".into(), problem(about));
    }
}

fn add_problems(
    responses: &mut Map<String, Value>,
    codes: &BTreeSet<String>,
    words: &BTreeMap<String, String>,
) {
    let mut by_status: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for code in codes {
        // A code that does not exist is left to the test that says so.
        let status = explain(code).map_or_else(|| "500".into(), |row| row.status.as_str().into());
        by_status.entry(status).or_default().push(code);
    }
    for (status, codes) in by_status {
        let rest = words.get(&status).map(|words| format!(": {words}")).unwrap_or_default();
        let mut answer = problem(&format!("{}{rest}", codes.join(", ")));
        if matches!(status.as_str(), "429" | "503") {
            let about = "Seconds until it makes sense to try again.";
            answer["headers"] = json!({
                "Retry-After": { "description": about, "schema": { "type": "integer" } }
            });
        }
        // The readiness of a process is an answer of its own.
        responses.entry(status).or_insert(answer);
    }
}

fn is_problem(response: &Value) -> bool {
    let content = response["content"].as_object().into_iter().flatten();
    content.into_iter().any(|(_, body)| body["schema"]["$ref"] == "#/components/schemas/Problem")
}

fn problem(about: &str) -> Value {
    json!({
        "description": about,
        "content": { PROBLEM: { "schema": { "$ref": "#/components/schemas/Problem" } } },
    })
}

fn pending() -> Value {
    json!({
        "description": meaning("202"),
        "content": {
            "application/json": { "schema": { "$ref": "#/components/schemas/PendingAnswer" } },
        },
    })
}

/// What an answer without words of its own means.
fn meaning(status: &str) -> &'static str {
    match status {
        "201" => "Made.",
        "202" => {
            "Written, not decided yet: ask where `ask` says, or repeat the request with its key."
        }
        "304" => "What you have is still so.",
        "503" => "Not ready: the body says which service is not, and why.",
        _ => "As asked.",
    }
}
