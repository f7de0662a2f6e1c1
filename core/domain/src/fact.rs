//! Facts: what happened, in the past tense. The event-sourced history of every seat.
//!
//! Facts are complete: a reader needs no engine to follow them. Every fact that moves seats
//! names the seats and the buyer. Facts about cohorts name nobody, on purpose. What each one
//! changes, for all readers of facts, is in [`crate::effects`].

use std::ops::Deref;

use crate::announcement::{Announcement, AnnouncementStep};
use crate::cohort::Cohort;
use crate::command::{NewEvent, PaymentMethod};
use crate::consent::{Channel, Consent, ConsentScope};
use crate::details::EventDetails;
use crate::dials::DialChange;
use crate::house::Refund;
use crate::ids::{AnnouncementId, BuyerId, EventId, HoldId, LogTime, Place, StaffId};
use crate::line::Frontier;
use crate::payment::{AuthorisedPayment, PaymentAction, PaymentReference};
use crate::policy::Policy;
use crate::presale::CodeNumber;
use crate::price::{Currency, PriceTable};
use crate::release::AudienceRelease;
use crate::seats::{SeatId, SeatList, SeatSet};

/// A fact with its place in history. Facts of one partition are ordered by `position`.
#[derive(Debug, Clone, PartialEq)]
pub struct FactRecord {
    pub position: FactPosition,
    pub at: LogTime,
    pub event_id: EventId,
    pub fact: Fact,
}

/// Where a fact stands: the command's offset and the fact's index among that command's
/// facts. Strictly growing within a partition; readers drop what is not greater than the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FactPosition {
    pub offset: u64,
    pub index: u16,
}

impl FactPosition {
    /// One number that orders like the pair: the `reservation_version` of the views. The low
    /// 16 bits are the index.
    #[must_use]
    pub fn version(self) -> u64 {
        (self.offset << 16) | u64::from(self.index)
    }
}

/// Why a shopper is out of the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaveReason {
    ByChoice,
    Purchased,
    PassExpired,
    /// They had no seats and did nothing for as long as the rules allow.
    Idle,
}

impl LeaveReason {
    /// Stable text, as in the public topics.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            LeaveReason::ByChoice => "left",
            LeaveReason::Purchased => "purchased",
            LeaveReason::PassExpired => "pass_expired",
            LeaveReason::Idle => "idle",
        }
    }
}

/// Why a payment did not come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeclineReason {
    /// The bank said no.
    Declined,
    /// No answer in time, under the first rules; the provider may still say yes. Since then that is
    /// [`Fact::OrderUnanswered`].
    Lost,
}

impl DeclineReason {
    /// Stable text, as in the public topics.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            DeclineReason::Declined => "declined",
            DeclineReason::Lost => "lost",
        }
    }
}

/// Where a late payment found its seats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeatsKept {
    /// The hold was still there.
    Held,
    /// The hold had ended; the same seats were free again.
    Retaken,
    /// The hold had ended; an equal block was given instead.
    Moved,
}

impl SeatsKept {
    /// Stable text, as in the public topics.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            SeatsKept::Held => "held",
            SeatsKept::Retaken => "retaken",
            SeatsKept::Moved => "moved",
        }
    }
}

/// What staff set, and who it was: `None` in records of before that was written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetBy<T> {
    pub value: Box<T>,
    pub by: Option<StaffId>,
}

impl<T> Deref for SetBy<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Against what a command asked for.
impl<T: PartialEq> PartialEq<Box<T>> for SetBy<T> {
    fn eq(&self, asked: &Box<T>) -> bool {
        self.value == *asked
    }
}

/// Everything that can have happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    EventCreated(Box<NewEvent>),
    PricesSet(SetBy<PriceTable>),
    PolicySet(SetBy<Policy>),
    /// All that the event says of itself from here on.
    DetailsSet(SetBy<EventDetails>),
    SaleOpened,
    SalePaused,
    SaleClosed,
    EventCancelled,
    DrawCommitted {
        commitment: [u8; 32],
    },
    DrawRevealed {
        secret: [u8; 32],
        public_value: [u8; 32],
    },
    PlacesReserved {
        first: Place,
        count: u32,
    },
    /// `until` is the end of the pass. Whoever has no seats and does nothing leaves at `idle_until`;
    /// what happens to an order of theirs, and every [`Fact::ShopperStayed`], gives them as long
    /// again. Absent in logs of the first rules, and where the rules set no such end.
    Entered {
        buyer: BuyerId,
        place: Place,
        until: LogTime,
        idle_until: Option<LogTime>,
    },
    /// They say that they are still there, and are not idle before `until`.
    ShopperStayed {
        buyer: BuyerId,
        until: LogTime,
    },
    ShopperLeft {
        buyer: BuyerId,
        reason: LeaveReason,
    },
    /// `amount` is the total of the hold in minor units; it stays fixed. Whatever is tried meanwhile, the
    /// order ends at `pay_by` unless it is paid; absent in logs of the first rules.
    SeatsHeld {
        hold_id: HoldId,
        buyer: BuyerId,
        seats: SeatList,
        amount: u64,
        until: LogTime,
        pay_by: Option<LogTime>,
    },
    HoldExtended {
        hold_id: HoldId,
        buyer: BuyerId,
        until: LogTime,
    },
    HoldReleased {
        hold_id: HoldId,
        buyer: BuyerId,
        seats: SeatList,
    },
    /// Unpaid until its end; the seats are free.
    HoldExpired {
        hold_id: HoldId,
        buyer: BuyerId,
        seats: SeatList,
    },
    /// Ask the provider: the outbox reads this.
    PurchaseStarted {
        hold_id: HoldId,
        buyer: BuyerId,
        method: PaymentMethod,
        amount: u64,
        currency: Currency,
        attempt: u8,
        until: LogTime,
    },
    /// The provider decides only once the buyer has done this; the payment's time goes on.
    PaymentActionRequired {
        hold_id: HoldId,
        buyer: BuyerId,
        attempt: u8,
        action: PaymentAction,
    },
    /// The provider has not answered in time, and still may: nobody knows whether money moves. The
    /// seats stay held until `until`, for the answer or for another card.
    OrderUnanswered {
        hold_id: HoldId,
        buyer: BuyerId,
        attempt: u8,
        until: LogTime,
    },
    /// The provider said no to an attempt that its order no longer waited for, or let go of it: its
    /// money has not moved and will not.
    PaymentNotTaken {
        hold_id: HoldId,
        buyer: BuyerId,
        attempt: u8,
    },
    /// The seats stay held until `until` for another card.
    OrderDeclined {
        hold_id: HoldId,
        buyer: BuyerId,
        attempt: u8,
        reason: DeclineReason,
        until: LogTime,
    },
    /// Sold. Capture the money: the outbox reads this.
    OrderConfirmed {
        hold_id: HoldId,
        buyer: BuyerId,
        seats: SeatList,
        amount: u64,
        attempt: u8,
        kept: SeatsKept,
        payment: AuthorisedPayment,
    },
    /// Money captured for a confirmed order: the resting state of a sale.
    OrderSettled {
        hold_id: HoldId,
        buyer: BuyerId,
        amount: u64,
    },
    /// No payment in time; the seats are free. A payment may still arrive late: `is_unanswered` says
    /// that the provider has not answered the last attempt. Absent in logs of the first rules.
    OrderExpired {
        hold_id: HoldId,
        buyer: BuyerId,
        seats: SeatList,
        is_unanswered: bool,
    },
    /// A payment came too late and nothing equal was left. Void it: the outbox reads this.
    PaymentVoided {
        hold_id: HoldId,
        buyer: BuyerId,
        attempt: u8,
        reference: PaymentReference,
    },
    /// Seats are free. Give the money back, unless the house gave the seats away: the outbox reads
    /// this. Why, and who did it, is absent in logs of before the fourth rules.
    OrderRefunded {
        hold_id: HoldId,
        buyer: BuyerId,
        seats: SeatList,
        amount: u64,
        why: Option<Box<Refund>>,
    },
    /// A confirmed order whose money could not be captured; the seats are free.
    OrderCancelled {
        hold_id: HoldId,
        buyer: BuyerId,
        seats: SeatList,
    },
    /// One ticket of an order belongs to somebody else from here on.
    TicketTransferred {
        hold_id: HoldId,
        seat: SeatId,
        from: BuyerId,
        to: BuyerId,
    },
    /// Let in at the gate; `buyer` is whose ticket it was.
    TicketRedeemed {
        hold_id: HoldId,
        buyer: BuyerId,
        seat: SeatId,
    },
    /// The buyer agrees to messages from here on, in the place of what they agreed to in this scope and
    /// on this channel before.
    ConsentGiven {
        buyer: BuyerId,
        consent: Consent,
    },
    ConsentWithdrawn {
        buyer: BuyerId,
        scope: ConsentScope,
        channel: Channel,
    },
    /// It goes out once [`Fact::AnnouncementStarted`] says so; `needs_approval` is the rule of the sale
    /// at that moment.
    AnnouncementMade {
        announcement: Box<Announcement>,
        needs_approval: bool,
        by: StaffId,
    },
    AnnouncementSteered {
        id: AnnouncementId,
        step: AnnouncementStep,
        by: StaffId,
    },
    /// It goes out, to its audience as of this position: at once, at its time, or when it was approved or
    /// resumed. Once an announcement.
    AnnouncementStarted {
        id: AnnouncementId,
    },
    EngineVersionSet {
        version: u32,
    },
    /// Every rank below may enter; only ever more.
    PlacesCalled {
        below: Frontier,
    },
    /// Somebody who waits wants a message when the place is called. Once a place.
    TurnAwaited {
        buyer: BuyerId,
        place: Place,
    },
    /// One more person in this cohort of the event. The fact does not say who.
    CohortJoined {
        cohort: Cohort,
    },
    /// One person less.
    CohortLeft {
        cohort: Cohort,
    },
    /// Seats that an order has just freed stay out of reach for a moment that nobody can foresee, so that
    /// whoever let go of them is not the first to know when they are free.
    SeatsSetAside {
        hold_id: HoldId,
        seats: SeatList,
        until: LogTime,
    },
    /// They are free for everybody.
    SeatsReturned {
        hold_id: HoldId,
        seats: SeatList,
    },
    /// The buyer has let go of seats unpaid and may hold none before `until`; `count` is how often they
    /// have since they last bought, failed payments included.
    BuyerCooling {
        buyer: BuyerId,
        until: LogTime,
        count: u8,
    },
    /// Nothing happened; the log's time is this.
    TimeMarked,
    /// Dials that were turned, by whom, and why; `StaffId(0)` is Floodgate itself. A change of phase
    /// is a fact of its own before it.
    DialsSet {
        change: Box<DialChange>,
        by: StaffId,
    },
    /// Free seats are not for sale from here on, whether they have a price or not.
    SeatsBlocked {
        seats: SeatSet,
        note: String,
        by: StaffId,
    },
    /// Seats that were blocked, by staff or in the plan, are for sale.
    SeatsUnblocked {
        seats: SeatSet,
        note: String,
        by: StaffId,
    },
    /// Free seats are given away: sold for nothing, to the house. Whoever takes its tickets is a guest.
    SeatsGiven {
        hold_id: HoldId,
        buyer: BuyerId,
        seats: SeatList,
        note: String,
        by: StaffId,
    },
    /// A batch has so many codes more; an empty label leaves its name.
    CodesMinted {
        batch: u16,
        label: String,
        count: u32,
        by: StaffId,
    },
    /// A code is the buyer's: their only one, and nobody else's.
    CodeClaimed {
        buyer: BuyerId,
        code: CodeNumber,
    },
    /// Whoever has claimed a code may come in and hold seats.
    PresaleOpened,
    /// The `number`th table of the event's audience is made from the log as of here. `spent_micros` is
    /// what the releases of the last 365 days have cost, this one included. It does not say who.
    AudienceReleased {
        number: u32,
        spent_micros: u32,
        release: Box<AudienceRelease>,
    },
}
