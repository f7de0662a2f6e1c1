//! People who come and go, the line that moves, money that has to move, words that go out.

use crate::announcement::{Announcement, AnnouncementStep};
use crate::cohort::Cohort;
use crate::command::PaymentMethod;
use crate::consent::{Channel, Consent, ConsentScope};
use crate::fact::LeaveReason;
use crate::ids::{AnnouncementId, BuyerId, HoldId, LogTime, Place};
use crate::line::Frontier;
use crate::payment::{AuthorisedPayment, PaymentAction, PaymentReference};
use crate::price::Currency;
use crate::release::AudienceRelease;

/// Somebody comes into the shop, has to wait there, or is out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShopMove {
    /// In, with a pass until then. Whoever was in before is counted once. Without seats, and doing
    /// nothing, they are idle at `idle_until`.
    Entered {
        buyer: BuyerId,
        place: Place,
        until: LogTime,
        idle_until: Option<LogTime>,
    },
    /// Still there, and not idle before then.
    Stayed {
        buyer: BuyerId,
        until: LogTime,
    },
    Left {
        buyer: BuyerId,
        reason: LeaveReason,
    },
    /// May hold nothing before then.
    Cooling {
        buyer: BuyerId,
        until: LogTime,
    },
}

/// What becomes of places in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineMove {
    /// So many more exist and may be given out.
    Reserved { first: Place, count: u32 },
    /// Every rank below may enter.
    Called { below: Frontier },
    /// The buyer wants to be notified when this place is called.
    Awaited { buyer: BuyerId, place: Place },
}

/// A cohort has a person more or less; nobody is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CohortMove {
    pub cohort: Cohort,
    /// 1 or -1.
    pub change: i8,
}

/// Somebody agrees to messages, or no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsentMove {
    /// In the place of what they agreed to in this scope and on this channel before.
    Given {
        buyer: BuyerId,
        consent: Consent,
    },
    Withdrawn {
        buyer: BuyerId,
        scope: ConsentScope,
        channel: Channel,
    },
}

/// What becomes of words of staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnnouncementMove<'a> {
    Made {
        announcement: &'a Announcement,
        needs_approval: bool,
    },
    Steered {
        id: AnnouncementId,
        step: AnnouncementStep,
    },
    /// It goes out to its audience as of this fact.
    Started {
        id: AnnouncementId,
    },
}

impl AnnouncementMove<'_> {
    /// Which announcement it is about.
    #[must_use]
    pub fn id(&self) -> AnnouncementId {
        match *self {
            AnnouncementMove::Made { announcement, .. } => announcement.id,
            AnnouncementMove::Steered { id, .. } | AnnouncementMove::Started { id } => id,
        }
    }
}

/// The table of an audience that is made as of here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReleaseMove<'a> {
    /// From 1 on, by event.
    pub number: u32,
    /// What the releases of the last 365 days have cost, this one included.
    pub spent_micros: u32,
    pub release: &'a AudienceRelease,
}

/// Money of an order that a provider has to move, or has moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoneyMove<'a> {
    pub hold_id: HoldId,
    /// The attempt to pay; `None` is the one by which the order was sold.
    pub attempt: Option<u8>,
    pub step: MoneyStep<'a>,
}

/// What has to be done about an attempt to pay, or what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoneyStep<'a> {
    /// To be asked for, and given up after `until`.
    Authorise { method: &'a PaymentMethod, amount: u64, currency: Currency, until: LogTime },
    /// The buyer has to act first.
    Act(&'a PaymentAction),
    /// The provider said no, or let go; closed. Only this says that no money moved.
    Declined,
    /// The provider did not answer in time, and still may.
    Unanswered,
    /// To be captured, while the provider holds it.
    Capture { amount: u64, payment: &'a AuthorisedPayment },
    /// It has moved; closed.
    Captured,
    /// To be let go of; what the provider calls it, where the fact says so.
    Void(Option<&'a PaymentReference>),
    /// To be given back.
    Refund,
}
