//! The table: every code with its status, whether trying again is safe, and the fix.

use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use floodgate_domain::Refusal;
use floodgate_domain::refusal::REFUSALS;

/// Whether and how the same request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Retry {
    /// The answer will not change.
    No,
    /// Send the very same request with the same Idempotency-Key.
    SameKey,
    /// Later, as a new request under a new Idempotency-Key.
    NewKey,
    /// After the time in Retry-After.
    Later,
}

/// What is known of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CodeRow {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) retry: Retry,
    /// When to try again, where the answer itself does not know better.
    pub(crate) retry_after_ms: Option<u64>,
    pub(crate) advice: &'static str,
}

/// Names the gateway's own codes and writes their rows in one place.
macro_rules! codes {
    ($($name:ident = $status:ident $code:literal $retry:ident $advice:literal;)*) => {
        /// Every way the gateway itself says no. Refusals of the engine have rows of their own.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Code { $($name,)* }

        impl Code {
            pub(crate) const ALL: &[Code] = &[$(Code::$name,)*];

            pub(crate) const fn row(self) -> CodeRow {
                match self {
                    $(Code::$name => CodeRow {
                        status: StatusCode::$status,
                        code: $code,
                        retry: Retry::$retry,
                        retry_after_ms: None,
                        advice: $advice,
                    },)*
                }
            }
        }
    };
}

codes! {
    MalformedBody = BAD_REQUEST "malformed_body" No
        "The body is not what this call accepts. See errors.";
    InvalidId = BAD_REQUEST "invalid_id" No
        "An id in the address is malformed. Copy all of it.";
    InvalidQuery = BAD_REQUEST "invalid_query" No
        "A query parameter is not what this call accepts.";
    IdempotencyKeyRequired = BAD_REQUEST "idempotency_key_required" NewKey
        "Send an Idempotency-Key header of 1 to 64 printable characters; use a new one for each request.";
    HostRequired = BAD_REQUEST "host_required" No
        "Send exactly one Host header, with the host that is meant.";
    WebhookUnsigned = BAD_REQUEST "webhook_unsigned" No
        "The signature is missing or not the provider's. Check that the settings contain this webhook's secret.";
    WebhookStale = BAD_REQUEST "webhook_stale" No
        "Signed too long ago, or in the future. Check this machine's clock.";
    KeyRequired = UNAUTHORIZED "key_required" No
        "Send a staff key: Authorization: Bearer fgk_…";
    DeviceRequired = UNAUTHORIZED "device_required" No
        "Join the queue first; then send Floodgate-Device or the cookie it set.";
    InvalidToken = UNAUTHORIZED "invalid_token" No
        "A token was changed, is for another event or device, or has expired. Join the queue again.";
    WrongRole = FORBIDDEN "wrong_role" No
        "The role of this key may not do that. Use a key with the right role.";
    PassRequired = FORBIDDEN "pass_required" No
        "Enter the shop first; then send Floodgate-Pass.";
    CrossSite = FORBIDDEN "cross_site" No
        "This request comes from a page of another site. Send it from a page of this one, or with a key or token in a header.";
    SignInRefused = FORBIDDEN "sign_in_refused" No
        "The sign in did not go through or took too long. Begin again.";
    PasskeyRefused = FORBIDDEN "passkey_refused" No
        "This passkey cannot be used here. See errors; ask for a new question and try again, or sign in another way.";
    RoleMissing = FORBIDDEN "role_missing" No
        "Your account is known, but gives no role here. Ask whoever runs this installation to add you to a group of sign_in.staff.";
    SignedInAsAnother = CONFLICT "signed_in_as_another" No
        "This browser is signed in as somebody else. Sign it out at /me first.";
    NotFound = NOT_FOUND "not_found" No
        "There is nothing at this address. See /docs for all calls.";
    LinkUnknown = NOT_FOUND "link_unknown" No
        "This link is not one of ours, or too old. Ask for a new one.";
    LinkSpent = GONE "link_spent" No
        "This link has been used already, or there is a newer one. If that was not you, ask for a new one.";
    ContactRequired = CONFLICT "contact_required" NewKey
        "Leave an address for this channel with POST /v1/me/contacts and open the link that is sent there; or follow on the page.";
    CodesTooFew = CONFLICT "codes_too_few" NewKey
        "The batch has fewer codes left than there are people in the audience. Mint more with POST /v1/events/{event_id}/codes, or choose fewer people. See errors.";
    NotOnSale = CONFLICT "not_on_sale" NewKey
        "The tables of this event are not on sale, or this key has as many orders as it may. See GET /v1/products.";
    NotDelivered = FORBIDDEN "not_delivered" No
        "This order is not paid for, was ended, or its year is over. See GET /v1/product-orders.";
    NotOffered = NOT_IMPLEMENTED "not_offered" No
        "This installation keeps no addresses. Its operator names a store with people.postgres.";
    SearchOff = NOT_IMPLEMENTED "search_off" No
        "Search is off in this installation. GET /v1/events lists all events; its operator turns search on with search.backend.";
    MethodNotAllowed = METHOD_NOT_ALLOWED "method_not_allowed" No
        "This address does not support this method. See /docs.";
    BodyTooSlow = REQUEST_TIMEOUT "body_too_slow" SameKey
        "The body did not arrive in time. Send it without delay.";
    SignInRequired = FORBIDDEN "sign_in_required" NewKey
        "This event is for people who are signed in. Sign in at /sign-in, then join.";
    NotYourTurn = CONFLICT "not_your_turn" Later
        "Your place is kept. Wait until the frontier has passed it.";
    TurnLapsed = CONFLICT "turn_lapsed" NewKey
        "You were called, did not come, and others are waiting. Join the queue again with the ticket you have: it gives you a place behind those who are there.";
    WentIdle = CONFLICT "went_idle" No
        "Your turn ended because nothing happened for too long, so that others can come. Join the queue again.";
    PuzzleNotReady = CONFLICT "puzzle_not_ready" Later
        "Wait as long as Retry-After says, then send the same challenge.";
    PuzzleWrong = UNPROCESSABLE_ENTITY "puzzle_wrong" NewKey
        "Get a new challenge with GET /v1/events/{event_id}/queue/challenge, from the same network and device, and solve that.";
    PuzzleExpired = UNPROCESSABLE_ENTITY "puzzle_expired" NewKey
        "A challenge is valid for two minutes. Get a new one with GET /v1/events/{event_id}/queue/challenge.";
    PuzzleSpent = UNPROCESSABLE_ENTITY "puzzle_spent" NewKey
        "This challenge was already used for a place. For a new place get a new one with GET /v1/events/{event_id}/queue/challenge.";
    PuzzleRequired = PRECONDITION_REQUIRED "puzzle_required" NewKey
        "Get a challenge with GET /v1/events/{event_id}/queue/challenge, solve it, and send challenge and solution with the join. With ?wait=true you wait instead of computing.";
    BodyTooLarge = PAYLOAD_TOO_LARGE "body_too_large" No
        "The body is larger than this call allows.";
    RateLimited = TOO_MANY_REQUESTS "rate_limited" Later
        "Too many requests. Wait as long as Retry-After says.";
    TooManyLinks = CONFLICT "too_many_links" No
        "The event has as many links as it may. Withdraw one, then make another.";
    TooManyStreams = TOO_MANY_REQUESTS "too_many_streams" Later
        "This address follows as much as one may. Ask for the object itself now and then instead.";
    Overloaded = SERVICE_UNAVAILABLE "overloaded" SameKey
        "The server is overloaded. It is safe to send the same request again in a moment.";
    ProviderUnavailable = SERVICE_UNAVAILABLE "provider_unavailable" SameKey
        "The payment provider is not answering. It is safe to send the same request again in a moment.";
    PeopleUnavailable = SERVICE_UNAVAILABLE "people_unavailable" SameKey
        "The store of addresses is not answering, and nothing was written. It is safe to send the same request again in a moment.";
    SignInUnavailable = SERVICE_UNAVAILABLE "sign_in_unavailable" NewKey
        "The provider that knows you does not answer. Begin again in a moment, or sign in another way.";
    SearchUnavailable = SERVICE_UNAVAILABLE "search_unavailable" SameKey
        "The search index does not answer, or has not heard of this yet. Try again in a moment; GET /v1/events lists all events.";
    LogUnavailable = SERVICE_UNAVAILABLE "log_unavailable" SameKey
        "The log accepts nothing at the moment, and nothing was written. It is safe to send the same request again in a moment.";
    OutcomeUnknown = SERVICE_UNAVAILABLE "outcome_unknown" SameKey
        "It is not known whether this was written. Send the same request with the same key.";
    Internal = INTERNAL_SERVER_ERROR "internal" SameKey
        "Something went wrong on our side. It was logged.";
}

/// The row of a refusal: code and advice are the engine's, the rest is about HTTP.
pub(crate) fn row_of(refusal: Refusal) -> CodeRow {
    CodeRow {
        status: status_of(refusal),
        code: refusal.code(),
        retry: if refusal.retry_may_help() { Retry::NewKey } else { Retry::No },
        retry_after_ms: match refusal {
            Refusal::ShopFull | Refusal::SalePaused | Refusal::SaleNotOpen => Some(1_000),
            Refusal::PresaleOnly => Some(60_000),
            Refusal::CoolingDown => Some(5_000),
            _ => None,
        },
        advice: refusal.advice(),
    }
}

/// The status of each refusal, once; a test finds one that is missing.
const STATUSES: &[(StatusCode, &[Refusal])] = {
    use Refusal as R;
    &[
        (
            StatusCode::NOT_FOUND,
            &[
                R::UnknownEvent,
                R::UnknownHold,
                R::UnknownSeat,
                R::NoSuchCategory,
                R::UnknownAnnouncement,
                R::CodeUnknown,
            ],
        ),
        (
            StatusCode::FORBIDDEN,
            &[
                R::NotAllowed,
                R::PresaleOnly,
                R::NotYourHold,
                R::NotYourTicket,
                R::NoPass,
                R::PassExpired,
            ],
        ),
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            &[
                R::InvalidPlan,
                R::InvalidPrices,
                R::InvalidPolicy,
                R::InvalidDials,
                R::InvalidDetails,
                R::InvalidAnnouncement,
                R::InvalidConsent,
                R::KeyReused,
                R::CodesOutOfBounds,
                R::SeatsRepeated,
                R::NoSeatsNamed,
                R::HoldTooLarge,
            ],
        ),
        (StatusCode::TOO_MANY_REQUESTS, &[R::CoolingDown]),
        (StatusCode::NOT_IMPLEMENTED, &[R::NeedsNewerEngine]),
        (
            StatusCode::SERVICE_UNAVAILABLE,
            &[R::TooManyEvents, R::TooManyBuyers, R::TooManyOrders, R::TooManyFollowers],
        ),
        (
            StatusCode::CONFLICT,
            &[
                R::EventExists,
                R::CodeUsed,
                R::CodeClaimedAlready,
                R::PrivacyBudgetSpent,
                R::ReleaseOutOfOrder,
                R::SeatsInUse,
                R::AnnouncementExists,
                R::AnnouncementStopped,
                R::TooManyAnnouncements,
                R::DetailsChanged,
                R::VersionGoesBack,
                R::WrongPhase,
                R::SaleNotOpen,
                R::SalePaused,
                R::SaleClosed,
                R::EventCancelled,
                R::ShopFull,
                R::PlaceSpent,
                R::PlaceUnknown,
                R::NotInShop,
                R::SeatTaken,
                R::SeatNotForSale,
                R::AccessibleSeat,
                R::NotEnoughTogether,
                R::SoldOut,
                R::OnlyAccessibleLeft,
                R::NoWheelchairSpace,
                R::PriceAboveLimit,
                R::BuyerLimit,
                R::TooManyHolds,
                R::HoldEnded,
                R::NoExtensionLeft,
                R::PaymentPending,
                R::NoAttemptLeft,
                R::AlreadyPurchased,
                R::StaleAttempt,
                R::NotConfirmed,
                R::PaymentTooLate,
                R::AlreadyRefunded,
                R::AlreadyYours,
                R::HandedOnTooOften,
                R::TicketUsed,
                R::TicketSuperseded,
                R::PaymentUnanswered,
                R::TicketRevoked,
            ],
        ),
    ]
};

fn status_of(refusal: Refusal) -> StatusCode {
    let found = STATUSES.iter().find(|(_, refusals)| refusals.contains(&refusal));
    // Of what a row is missing for, nobody should hear that it was their mistake.
    found.map_or(StatusCode::INTERNAL_SERVER_ERROR, |(status, _)| *status)
}

/// Every row there is: the gateway's own and the engine's.
pub(crate) fn rows() -> impl Iterator<Item = CodeRow> {
    let own = Code::ALL.iter().map(|code| code.row());
    own.chain(REFUSALS.into_iter().map(row_of))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_refusal_has_one_status() {
        for refusal in REFUSALS {
            let rows = STATUSES.iter().flat_map(|(_, refusals)| *refusals);
            assert_eq!(rows.filter(|one| **one == refusal).count(), 1, "{refusal:?}");
        }
    }

    #[test]
    fn codes_are_words_that_stand_once_and_say_what_to_do() {
        let mut seen = BTreeSet::new();
        for row in rows() {
            assert!(seen.insert(row.code), "{} stands twice", row.code);
            assert!(row.code.bytes().all(|b| b == b'_' || b.is_ascii_lowercase()), "{}", row.code);
            assert!(row.status.is_client_error() || row.status.is_server_error(), "{}", row.code);
            assert!(row.advice.ends_with(['.', '?', '…', '`']), "{}: {}", row.code, row.advice);
        }
        assert!(seen.len() > 60);
    }

    #[test]
    fn clients_know_the_ways_to_retry_by_name() {
        let ways = [Retry::No, Retry::SameKey, Retry::NewKey, Retry::Later];
        let names = serde_json::to_value(ways).expect("names always serialise");
        assert_eq!(names, serde_json::json!(["no", "same_key", "new_key", "later"]));
    }
}
