//! Versions: which rules decide a log, and from which record on.
//!
//! What was decided stays decided. A rule that changes gets a new version, and applies only after
//! the record in the log that says so, an `EngineVersion` command; before it, and in a log without
//! one, the rules are those they were. The constants that a replay depends on are rules too.

/// The rules of a log that says nothing else.
pub const BASE_VERSION: u32 = 1;

/// The newest rules of this build.
pub const NEWEST_VERSION: u32 = 7;

/// Rules that only tests have: as the newest, but holds last twice as long.
#[cfg(feature = "test-version")]
pub const TEST_VERSION: u32 = 8;

// What changed, and since which version it applies.

/// A payment without an answer is not declined: its order says so until the provider does, also when
/// the answer comes long after.
pub(crate) const SILENCE_IS_NOT_A_NO: u32 = 2;
/// Silence about an authorisation undoes no order that is paid for: only a capture that failed does.
pub(crate) const SILENCE_CANCELS_NOTHING: u32 = 2;
/// A ticket that was given back is refused in words of its own, at the gate and when handed on.
pub(crate) const TICKETS_ARE_REVOKED: u32 = 2;
/// However many cards are tried, an order that is not paid ends within a bound.
pub(crate) const UNPAID_TIME_IS_BOUNDED: u32 = 2;
/// Who lets go of seats unpaid waits before the next, longer each time, whatever ended the hold.
pub(crate) const COOL_DOWNS_GROW: u32 = 2;
/// The limit of buyers counts those who have seats, held or bought, and nobody who only came by.
pub(crate) const BUYERS_ARE_THOSE_WITH_SEATS: u32 = 2;
/// Those of whom nothing matters any more are forgotten.
pub(crate) const PEOPLE_ARE_FORGOTTEN: u32 = 2;
/// Seats that are given back are free at a moment nobody can foresee.
pub(crate) const SEATS_RETURN_LATER: u32 = 2;
/// Who pays again while a payment has no answer says that they mean to, and only one of the two is
/// kept: the first that goes through.
pub(crate) const ONE_OF_TWO_PAYMENTS_IS_KEPT: u32 = 2;
/// Who is in the shop without seats and does nothing leaves, so that others may come.
pub(crate) const IDLE_SHOPPERS_LEAVE: u32 = 2;
/// New prices and rules say whose they are.
pub(crate) const CHANGES_SAY_WHO: u32 = 2;

/// Of a new event's plan it is known which seats touch across a border of prices, and which of the
/// wheelchair pool are companions' seats.
pub(crate) const NEIGHBOURS_ARE_KNOWN: u32 = 2;
/// Seats are good by their own distance from the focal point of a new event's plan, not by their row
/// alone, and a group tears no row while a place as good is left.
pub(crate) const SEATS_HAVE_QUALITY: u32 = 2;
/// A group may sit on both sides of a border of prices, where no side alone has room for it.
pub(crate) const GROUPS_SPAN_PRICES: u32 = 2;
/// The best seats can be asked for with a wheelchair space among them, and for a price at most.
pub(crate) const BEST_HAS_CONDITIONS: u32 = 2;
/// What is left is said: "sold out" where only wheelchair spaces are free was not true.
pub(crate) const SOLD_OUT_MEANS_NOTHING_IS_LEFT: u32 = 2;
/// Whose seats went while the payment was under way gets no ordinary seat for a wheelchair space.
pub(crate) const LATE_SEATS_ARE_ALIKE: u32 = 2;
/// A seat whose category has no price is not for sale, whatever else it is.
pub(crate) const NO_PRICE_IS_NOT_FOR_SALE: u32 = 2;

/// The last price of a category has no end, so that it cannot be for sale at no price.
pub(crate) const LAST_PRICE_HAS_NO_END: u32 = 2;

/// A sale opens and closes by itself at the times its event says, which staff may change.
pub(crate) const SALES_HAVE_TIMES: u32 = 2;

/// People agree to messages of an event or its artist, and take that back.
pub(crate) const PEOPLE_FOLLOW: u32 = 3;
/// Announcements go out at once, at their time, or once somebody has approved them.
pub(crate) const ANNOUNCEMENTS_GO_OUT: u32 = 3;

/// Staff take seats off sale, put them back and give them away.
pub(crate) const HOUSE_SEATS: u32 = 4;
/// Refunds say why, and who of the staff did it.
pub(crate) const REFUNDS_SAY_WHY: u32 = 4;
/// A sale may be for those alone who are signed in.
pub(crate) const SIGN_IN_IS_ASKED_FOR: u32 = 4;

/// Events have pictures.
pub(crate) const EVENTS_HAVE_PICTURES: u32 = 4;

/// A sale has a presale before it opens, for those who have claimed a code.
pub(crate) const PRESALE: u32 = 4;

/// Tables of an event's audience are released within a budget.
pub(crate) const AUDIENCE_IS_RELEASED: u32 = 5;

/// More time is added to what a hold has left, and an extension that would add none is not used up.
pub(crate) const MORE_TIME_IS_ADDED: u32 = 6;
/// A card that is declined takes no time away: the seats wait until their hold would have ended, and
/// longer where the time for another card is longer.
pub(crate) const A_DECLINE_TAKES_NO_TIME: u32 = 6;
/// Plans say which seats are in the shade.
pub(crate) const SHADE_IS_MARKED: u32 = 6;

/// Events have colours and a logo of their organiser's.
pub(crate) const EVENTS_HAVE_LOOKS: u32 = 7;

/// The newest rules that are compiled in.
#[cfg(not(feature = "test-version"))]
const COMPILED: u32 = NEWEST_VERSION;
#[cfg(feature = "test-version")]
const COMPILED: u32 = TEST_VERSION;

/// No engine follows rules that it does not have, whatever the limit it is given.
pub(crate) fn at_most(version_max: u32) -> u32 {
    version_max.clamp(BASE_VERSION, COMPILED)
}

/// The rules in force in one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InForce {
    pub version: u32,
    /// Offset of the record that says so; `None` while the log says nothing.
    pub since: Option<u64>,
}

impl InForce {
    /// What a log without a word about it is decided by.
    pub(crate) const BASE: InForce = InForce { version: BASE_VERSION, since: None };

    /// Whether writing `version` into the log would say anything new.
    #[must_use]
    pub fn is_outdated_by(self, version: u32) -> bool {
        version > self.version || version == self.version && self.since.is_none()
    }
}

/// The log goes on under rules that this build does not have. Nothing was decided by others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "from offset {offset} on the log follows version {version} of the engine's rules, and this build \
     has none beyond {known}; run a newer build"
)]
pub struct NewerVersion {
    pub version: u32,
    pub offset: u64,
    pub known: u32,
}
