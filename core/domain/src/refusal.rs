//! Refusals: a legitimate "no" with a stable code. Not errors: they are decided, remembered and
//! repeated like any other outcome. Codes are only added; a number is never reused.

/// Why a command was refused. The discriminant is the wire code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Refusal {
    UnknownEvent = 1,
    EventExists = 2,
    NotAllowed = 3,
    KeyReused = 4,
    NeedsNewerEngine = 5,
    WrongPhase = 6,
    SaleNotOpen = 7,
    SalePaused = 8,
    SaleClosed = 9,
    EventCancelled = 10,
    InvalidPlan = 11,
    InvalidPrices = 12,
    InvalidPolicy = 13,
    TooManyEvents = 14,
    VersionGoesBack = 15,
    InvalidDials = 16,
    InvalidDetails = 17,
    DetailsChanged = 18,
    NoPass = 20,
    PassExpired = 21,
    ShopFull = 22,
    PlaceSpent = 23,
    PlaceUnknown = 24,
    NotInShop = 25,
    TooManyBuyers = 26,
    UnknownSeat = 30,
    SeatTaken = 31,
    SeatNotForSale = 32,
    SeatsRepeated = 33,
    NoSeatsNamed = 34,
    AccessibleSeat = 35,
    NotEnoughTogether = 36,
    SoldOut = 37,
    BuyerLimit = 38,
    HoldTooLarge = 39,
    TooManyHolds = 40,
    CoolingDown = 41,
    NoSuchCategory = 42,
    TooManyOrders = 43,
    SeatsInUse = 45,
    UnknownHold = 50,
    NotYourHold = 51,
    HoldEnded = 52,
    NoExtensionLeft = 53,
    PaymentPending = 54,
    NoAttemptLeft = 55,
    AlreadyPurchased = 56,
    StaleAttempt = 57,
    NotConfirmed = 58,
    PaymentTooLate = 59,
    AlreadyRefunded = 60,
    NotYourTicket = 61,
    AlreadyYours = 62,
    HandedOnTooOften = 63,
    TicketUsed = 64,
    TicketSuperseded = 65,
    PaymentUnanswered = 66,
    TicketRevoked = 67,
    OnlyAccessibleLeft = 68,
    NoWheelchairSpace = 69,
    PriceAboveLimit = 70,
    PresaleOnly = 71,
    CodeUnknown = 72,
    CodeUsed = 73,
    CodeClaimedAlready = 74,
    CodesOutOfBounds = 75,
    AnnouncementExists = 80,
    UnknownAnnouncement = 81,
    AnnouncementStopped = 82,
    TooManyAnnouncements = 83,
    InvalidAnnouncement = 84,
    InvalidConsent = 85,
    TooManyFollowers = 86,
    PrivacyBudgetSpent = 90,
    ReleaseOutOfOrder = 91,
}

/// Every refusal, for tables, docs and tests.
pub const REFUSALS: [Refusal; 75] = {
    let mut all = [Refusal::UnknownEvent; TABLE.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = TABLE[at].0;
        at += 1;
    }
    all
};

/// Every refusal: its stable code, and what to do about it.
const TABLE: [(Refusal, &str, &str); 75] = [
    (Refusal::UnknownEvent, "unknown_event", "This event does not exist. Check the event id."),
    (
        Refusal::EventExists,
        "event_exists",
        "An event with this id already exists. Read it, or create one under another Idempotency-Key.",
    ),
    (
        Refusal::NotAllowed,
        "not_allowed",
        "You are not allowed to do this. Use a key or pass with the right role.",
    ),
    (
        Refusal::KeyReused,
        "key_reused",
        "This Idempotency-Key was used for a different request. Use a new key.",
    ),
    (
        Refusal::NeedsNewerEngine,
        "needs_newer_engine",
        "The engine of this installation does not support this yet.",
    ),
    (
        Refusal::WrongPhase,
        "wrong_phase",
        "The event's phase does not allow this. Read its status first.",
    ),
    (Refusal::SaleNotOpen, "sale_not_open", "The sale has not opened yet. Wait for it to open."),
    (
        Refusal::SalePaused,
        "sale_paused",
        "The sale is paused. Your held seats are safe; try again when it resumes.",
    ),
    (Refusal::SaleClosed, "sale_closed", "The sale is closed."),
    (
        Refusal::EventCancelled,
        "event_cancelled",
        "The event was cancelled. Paid orders are refunded.",
    ),
    (
        Refusal::InvalidPlan,
        "invalid_plan",
        "The seating plan cannot be sold. Check it with `floodgate venue check`.",
    ),
    (
        Refusal::InvalidPrices,
        "invalid_prices",
        "The prices do not fit the plan: at most one list of tiers per category.",
    ),
    (
        Refusal::InvalidPolicy,
        "invalid_policy",
        "A rule is out of range. See the policy's documentation.",
    ),
    (
        Refusal::TooManyEvents,
        "too_many_events",
        "This partition has as many events as it may have. Add partitions or remove old events.",
    ),
    (
        Refusal::InvalidDials,
        "invalid_dials",
        "A dial is out of range, or none is given. GET /v1/events/{event_id}/dials lists them.",
    ),
    (
        Refusal::InvalidDetails,
        "invalid_details",
        "Something the event says of itself cannot be. Times must be in their order, and those of the \
         sale lie ahead.",
    ),
    (
        Refusal::DetailsChanged,
        "details_changed",
        "Somebody else changed the event meanwhile. Read it again, then send the change again.",
    ),
    (
        Refusal::VersionGoesBack,
        "version_goes_back",
        "The log already follows newer rules. Older rules cannot continue from what they decided.",
    ),
    (
        Refusal::NoPass,
        "no_pass",
        "You are not in the shop. Join the queue and enter first; whoever has bought or left joins \
         again for a new place, and may buy up to the limit of the event.",
    ),
    (Refusal::PassExpired, "pass_expired", "Your time in the shop is over. Join the queue again."),
    (
        Refusal::ShopFull,
        "shop_full",
        "The shop is full. Your place is kept; try again in a moment.",
    ),
    (Refusal::PlaceSpent, "place_spent", "This place has already entered. Join the queue again."),
    (Refusal::PlaceUnknown, "place_unknown", "This place was never issued. Join the queue."),
    (Refusal::NotInShop, "not_in_shop", "You are not in the shop."),
    (
        Refusal::TooManyBuyers,
        "too_many_buyers",
        "The event has as many buyers as it may have. Try again later.",
    ),
    (Refusal::UnknownSeat, "unknown_seat", "This venue has no such seat. Read the event's plan."),
    (
        Refusal::SeatTaken,
        "seat_taken",
        "A seat is taken. Choose another, or ask for the best available.",
    ),
    (Refusal::SeatNotForSale, "seat_not_for_sale", "A seat is not for sale. Choose another."),
    (Refusal::SeatsRepeated, "seats_repeated", "A seat is listed twice. List each seat once."),
    (Refusal::NoSeatsNamed, "no_seats_named", "No seat was requested. Request at least one."),
    (
        Refusal::AccessibleSeat,
        "accessible_seat",
        "A seat is reserved for wheelchair users and companions. Request it with `accessible: true`.",
    ),
    (
        Refusal::NotEnoughTogether,
        "not_enough_together",
        "There are not that many seats together. Request fewer, or another category.",
    ),
    (Refusal::SoldOut, "sold_out", "Nothing you asked for is free. Held seats may come back."),
    (Refusal::BuyerLimit, "buyer_limit", "That is more than one buyer may have for this event."),
    (
        Refusal::HoldTooLarge,
        "hold_too_large",
        "That is more than one hold may contain. Request fewer seats.",
    ),
    (
        Refusal::TooManyHolds,
        "too_many_holds",
        "You already hold seats. Pay for them or release them first.",
    ),
    (
        Refusal::CoolingDown,
        "cooling_down",
        "You gave seats back unpaid. Wait a moment before the next hold; the wait grows until you buy.",
    ),
    (Refusal::NoSuchCategory, "no_such_category", "This event has no such price category on sale."),
    (
        Refusal::TooManyOrders,
        "too_many_orders",
        "The event's order table is full. Try again later.",
    ),
    (Refusal::UnknownHold, "unknown_hold", "This hold or order does not exist."),
    (Refusal::NotYourHold, "not_your_hold", "This hold or order belongs to somebody else."),
    (Refusal::HoldEnded, "hold_ended", "This hold is over. Hold seats again."),
    (
        Refusal::NoExtensionLeft,
        "no_extension_left",
        "This hold cannot be extended again. Pay or release it.",
    ),
    (Refusal::PaymentPending, "payment_pending", "A payment is in progress. Wait for its outcome."),
    (
        Refusal::NoAttemptLeft,
        "no_attempt_left",
        "No further payment attempt is allowed for this order.",
    ),
    (Refusal::AlreadyPurchased, "already_purchased", "This order is already paid."),
    (Refusal::StaleAttempt, "stale_attempt", "This payment attempt is not the current one."),
    (Refusal::NotConfirmed, "not_confirmed", "Only a confirmed order can be refunded."),
    (
        Refusal::PaymentTooLate,
        "payment_too_late",
        "The payment came too late and the seats are gone. What the bank has reserved is released.",
    ),
    (Refusal::AlreadyRefunded, "already_refunded", "This order was already refunded."),
    (
        Refusal::NotYourTicket,
        "not_your_ticket",
        "This ticket now belongs to somebody else. Only its owner can transfer it.",
    ),
    (Refusal::AlreadyYours, "already_yours", "This ticket is already yours. Nothing was changed."),
    (
        Refusal::HandedOnTooOften,
        "handed_on_too_often",
        "This ticket was transferred as often as is allowed. Ask the organiser for a refund instead.",
    ),
    (Refusal::TicketUsed, "ticket_used", "Somebody was already admitted with this ticket."),
    (
        Refusal::TicketSuperseded,
        "ticket_superseded",
        "This ticket was transferred, so this code is no longer valid. Its new owner has the valid one.",
    ),
    (
        Refusal::PaymentUnanswered,
        "payment_unanswered",
        "An earlier payment of yours has no answer yet and may still go through. To pay again all the \
         same, send despite_unanswered: the first that goes through counts, the other is given back.",
    ),
    (
        Refusal::TicketRevoked,
        "ticket_revoked",
        "This ticket was refunded or its order cancelled, so it admits nobody any more.",
    ),
    (
        Refusal::OnlyAccessibleLeft,
        "only_accessible_left",
        "Only wheelchair spaces and the seats beside them are left. Who needs one asks with \
         `accessible: true`; other seats may come back.",
    ),
    (
        Refusal::NoWheelchairSpace,
        "no_wheelchair_space",
        "No wheelchair space is free in what you asked for. Held ones may come back.",
    ),
    (
        Refusal::PriceAboveLimit,
        "price_above_limit",
        "The best seats together cost more than you set as the most (`amount_max`). Look at the \
         prices again, or name cheaper categories.",
    ),
    (
        Refusal::AnnouncementExists,
        "announcement_exists",
        "An announcement with this id says something else. Read it, or make another under a new id.",
    ),
    (
        Refusal::UnknownAnnouncement,
        "unknown_announcement",
        "This event has no such announcement. Read the list of its announcements.",
    ),
    (
        Refusal::AnnouncementStopped,
        "announcement_stopped",
        "This announcement was stopped and never goes out. Make a new one.",
    ),
    (
        Refusal::TooManyAnnouncements,
        "too_many_announcements",
        "The event has as many announcements as it may have. Write to its people otherwise.",
    ),
    (
        Refusal::InvalidAnnouncement,
        "invalid_announcement",
        "A part of the announcement is out of its bounds: its texts, its addresses, its audience, its channels or its time.",
    ),
    (
        Refusal::InvalidConsent,
        "invalid_consent",
        "The consent does not say which words were shown. Name the number of the wording, from 1 on.",
    ),
    (
        Refusal::TooManyFollowers,
        "too_many_followers",
        "The event has as many consents as it may have. Nothing was changed.",
    ),
    (
        Refusal::SeatsInUse,
        "seats_in_use",
        "Some of these seats are held or sold, so nothing was changed. Leave them out; or wait until \
         what is held comes back, or refund the order, and try again.",
    ),
    (
        Refusal::PresaleOnly,
        "presale_only",
        "The sale is in presale, for those with a code. Enter your code on the event's page, or come \
         back when the sale opens to all.",
    ),
    (
        Refusal::CodeUnknown,
        "code_unknown",
        "This event has no such code. Check it character by character against the message it came in.",
    ),
    (
        Refusal::CodeUsed,
        "code_used",
        "Somebody else has used this code; each is good for one person. Use the one that was sent to \
         you, or come back when the sale opens to all.",
    ),
    (
        Refusal::CodeClaimedAlready,
        "code_claimed_already",
        "You have used a code for this event already, and one is enough: join the queue. Nothing was \
         changed, so whoever gets this code can still use it.",
    ),
    (
        Refusal::CodesOutOfBounds,
        "codes_out_of_bounds",
        "That is more codes than a batch or an event may have, or a batch that cannot be. Mint fewer, \
         or for a batch from 1 to 1023.",
    ),
    (
        Refusal::PrivacyBudgetSpent,
        "privacy_budget_spent",
        "What may be published of this event's audience within 365 days has been. The next table \
         comes when the oldest of these is a year old; there is no way around it.",
    ),
    (
        Refusal::ReleaseOutOfOrder,
        "release_out_of_order",
        "This window of the audience is not over, or has its table already, or cannot be a window. \
         Each window has one table, in their order.",
    ),
];

impl Refusal {
    /// The refusal with this wire code.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        REFUSALS.iter().copied().find(|refusal| *refusal as u8 == code)
    }

    /// Stable text code, as in HTTP problems, metrics and reports.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.row().0
    }

    /// What happened and what to do about it, for people.
    #[must_use]
    pub fn advice(self) -> &'static str {
        self.row().1
    }

    /// Whether the same request, sent again later under a new id, may succeed.
    #[must_use]
    pub fn retry_may_help(self) -> bool {
        use Refusal::*;
        matches!(
            self,
            SaleNotOpen
                | PresaleOnly
                | SalePaused
                | ShopFull
                | SeatTaken
                | SeatsInUse
                | NotEnoughTogether
                | SoldOut
                | OnlyAccessibleLeft
                | NoWheelchairSpace
                | TooManyHolds
                | CoolingDown
                | PaymentPending
                | TooManyOrders
                | TooManyBuyers
        )
    }

    fn row(self) -> (&'static str, &'static str) {
        let found = TABLE.iter().find(|(refusal, ..)| *refusal == self);
        // Every refusal is in the table; a test counts them.
        found.map_or(("refused", "This was refused."), |(_, code, advice)| (code, advice))
    }
}

#[cfg(test)]
mod tests;
