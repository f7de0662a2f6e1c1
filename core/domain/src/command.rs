//! Commands: what people and Floodgate itself ask of an event, in the imperative.
//!
//! A command is decided once it is in the log. Its [`Envelope`] says who sent it, under which
//! id it may be repeated, and which gateway waits for the answer.

use crate::announcement::{Announcement, AnnouncementStep};
use crate::cohort::Cohort;
use crate::consent::{Channel, Consent, ConsentScope};
use crate::details::EventDetails;
use crate::dials::{DialChange, PhaseDial};
use crate::house::{Gift, HouseSeats, RefundWhy};
use crate::ids::{Actor, AnnouncementId, CommandId, EventId, GatewayId, HoldId, Place};
use crate::line::Frontier;
use crate::payment::{AuthorisedPayment, PaymentAction};
use crate::plan::{CategorySet, Plan};
use crate::policy::Policy;
use crate::presale::{CodeMint, CodeNumber};
use crate::price::PriceTable;
use crate::release::AudienceRelease;
use crate::seats::SeatList;

/// The facts of one command that can be restored: more than one step leads to.
pub const RESTORED_FACTS_MAX: usize = 1 << 16;
/// The bytes of one of them: a new event with the largest plan fits.
pub const RESTORED_BYTES_MAX: usize = 16 << 20;

/// A command and all that is said about it outside its body.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// The same id always gets the first outcome; `CommandId(0)` is never remembered.
    pub command_id: CommandId,
    /// Digest of what was asked; the same id with another digest is refused as `KeyReused`.
    pub fingerprint: u32,
    pub event_id: EventId,
    pub actor: Actor,
    pub reply_to: GatewayId,
    pub command: Command,
}

impl Envelope {
    /// A command of Floodgate itself. Whoever needs its answer says so when sending it.
    #[must_use]
    pub fn system(command_id: CommandId, event_id: EventId, command: Command) -> Self {
        let (fingerprint, actor, reply_to) = (0, Actor::System, GatewayId::NOBODY);
        Envelope { command_id, fingerprint, event_id, actor, reply_to, command }
    }
}

/// The longest token of a payment method, in bytes: those of the providers we know have 27 to 40.
pub const METHOD_BYTES_MAX: usize = 64;

/// A provider's token for a way to pay: printable ASCII, never a card number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PaymentMethod {
    bytes: [u8; METHOD_BYTES_MAX],
    count: u8,
}

impl PaymentMethod {
    /// Reads a token; `None` when it is empty, too long or not printable ASCII.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let printable = text.bytes().all(|b| b.is_ascii_graphic());
        if text.is_empty() || text.len() > METHOD_BYTES_MAX || !printable {
            return None;
        }
        let mut bytes = [0; METHOD_BYTES_MAX];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Some(PaymentMethod { bytes, count: u8::try_from(text.len()).ok()? })
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.count)]).unwrap_or("")
    }
}

/// A new event: what it says of itself, its plan and the first prices and rules.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NewEvent {
    pub details: EventDetails,
    pub venue_id: crate::ids::VenueId,
    pub plan: Plan,
    pub prices: PriceTable,
    pub policy: Policy,
}

/// Everything that can be asked of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Staff. Boxed: a plan is large and rare.
    CreateEvent(Box<NewEvent>),
    /// Staff.
    SetPrices(Box<PriceTable>),
    /// Staff. Holds keep what they were given.
    SetPolicy(Box<Policy>),
    /// Staff. All that an event says of itself, in place of the details of that `revision`: how often
    /// they were set before.
    SetDetails { details: Box<EventDetails>, revision: u32 },
    /// Staff. Publishes the hash of a secret before the draw.
    CommitDraw { commitment: [u8; 32] },
    /// Staff. Publishes the secret and the public value mixed with it.
    RevealDraw { secret: [u8; 32], public_value: [u8; 32] },
    /// System. Reserves the next `count` places of the queue for one admission store.
    ReservePlaces { count: u32 },
    /// Buyer. Into the shop, at a place in the queue.
    Enter { place: Place },
    /// Buyer. Out of the shop; holds are released.
    Leave,
    /// Buyer. Still in the shop, and not idle; new with the second rules.
    Stay,
    /// Buyer. These very seats. `accessible` must be set to take wheelchair and companion seats.
    HoldSeats { seats: SeatList, accessible: bool },
    /// Buyer. The best seats together.
    HoldBest(SeatGroup),
    /// Buyer.
    ExtendHold { hold_id: HoldId },
    /// Buyer or staff.
    ReleaseHold { hold_id: HoldId },
    /// Buyer. Turns a hold into an order awaiting payment. `despite_unanswered` must be set while an
    /// earlier payment of theirs has no answer: of the two, the first that goes through counts, and
    /// the money of the other is let go of.
    StartPurchase { hold_id: HoldId, method: PaymentMethod, despite_unanswered: bool },
    /// System. The provider holds the money for `attempt`.
    PaymentAuthorised { hold_id: HoldId, attempt: u8, payment: AuthorisedPayment },
    /// System. The buyer has to act before the provider decides about `attempt`.
    RecordPaymentAction { hold_id: HoldId, attempt: u8, action: PaymentAction },
    /// System.
    PaymentDeclined { hold_id: HoldId, attempt: u8 },
    /// System. The money has moved.
    PaymentCaptured { hold_id: HoldId, attempt: u8 },
    /// System. The provider gave no answer in time; under the first rules also [`Self::CaptureFailed`].
    PaymentLost { hold_id: HoldId, attempt: u8 },
    /// System. The money of a confirmed order cannot be captured, and never will be.
    CaptureFailed { hold_id: HoldId, attempt: u8 },
    /// Staff. A confirmed order is given back; `why` is new with the fourth rules.
    RefundOrder { hold_id: HoldId, why: Option<Box<RefundWhy>> },
    /// Buyer who has the ticket, or staff for them. Hands on the edition that is named.
    TransferTicket {
        hold_id: HoldId,
        seat: crate::seats::SeatId,
        edition: u16,
        to: crate::ids::BuyerId,
    },
    /// Staff. Lets somebody in with a ticket, at the gate; `edition` is the one that was shown.
    RedeemTicket { hold_id: HoldId, seat: crate::seats::SeatId, edition: u16 },
    /// The first form of [`Self::Announce`], which no rules have decided and nothing sends. Read, so
    /// that logs which have it are replayed as they were.
    AnnounceToAll { message: String },
    /// Buyer. Agrees to messages; new with the third rules, like all of these.
    GiveConsent { consent: Consent },
    /// Buyer. Takes that back.
    WithdrawConsent { scope: ConsentScope, channel: Channel },
    /// Staff. Words for those who hold tickets, wait for them, or follow the event.
    Announce(Box<Announcement>),
    /// Staff. Lets an announcement go out, holds it back, or ends it.
    SteerAnnouncement { id: AnnouncementId, step: AnnouncementStep },
    /// System. Every rank below is called; said by the gateways, which move the line.
    CallPlaces { below: Frontier },
    /// Buyer. Wants a message when the place is called; the gateway has seen whose it is.
    AwaitTurn { place: Place },
    /// Buyer. Agrees to be counted in aggregates, under these coarse answers.
    ShareCohort { cohort: Cohort },
    /// Buyer. Takes that back.
    WithdrawCohort,
    /// System. Makes the log's time visible to those who fold facts, while nothing else happens.
    MarkTime,
    /// Staff. Any of the dials of an event, all that are named or none; decided in the log, so that
    /// every gateway follows alike.
    SetDials(Box<DialChange>),
    /// System. Lets time pass while nobody calls.
    Tick,
    /// System. From here on decisions follow this version of the engine.
    EngineVersion { version: u32 },
    /// System, written by a repair of the log alone: stands where a command was lost, and makes true
    /// again what it led to. The facts are as the ledger has them: all of that command, in order.
    RestoreFacts { facts: Vec<Vec<u8>> },
    /// Anyone. Counts and phase, decided in the log: `status?consistency=strong`.
    ReadStatus,
    /// Staff. Takes seats off sale, all or none: what is held or sold stands in the way. New with the
    /// fourth rules, like the next two.
    BlockSeats(Box<HouseSeats>),
    /// Staff. Puts seats back on sale, those that the plan blocks too.
    UnblockSeats(Box<HouseSeats>),
    /// Staff. Gives seats away that are free or off sale: an order over nothing, of the house.
    GiveSeats(Box<Gift>),
    /// Staff. Adds codes to a batch, which the first make. New with the fourth rules, like the next.
    MintCodes(Box<CodeMint>),
    /// Buyer. Has this code from here on, and with it a way into the presale.
    ClaimCode { code: CodeNumber },
    /// System. Releases the table of an audience for a window that is over; new with the fifth rules.
    ReleaseAudience(Box<AudienceRelease>),
}

/// Seats that are wanted together, whichever they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeatGroup {
    pub count: u8,
    pub categories: CategorySet,
    /// One wheelchair space at least, with the seats beside it.
    pub accessible: bool,
    /// The most that all of them may cost, in minor units.
    pub amount_max: Option<u64>,
}

impl SeatGroup {
    /// `count` ordinary seats in any of `categories`, whatever they cost.
    #[must_use]
    pub const fn of(count: u8, categories: CategorySet) -> Self {
        SeatGroup { count, categories, accessible: false, amount_max: None }
    }
}

impl Command {
    /// The best `count` seats together in any of `categories`.
    #[must_use]
    pub const fn best(count: u8, categories: CategorySet) -> Self {
        Command::HoldBest(SeatGroup::of(count, categories))
    }

    /// Turns the phase of a sale and no other dial.
    #[must_use]
    pub fn turn_phase(phase: PhaseDial, reason: &str) -> Self {
        let (phase, reason) = (Some(phase), reason.to_owned());
        Command::SetDials(Box::new(DialChange { phase, reason, ..DialChange::default() }))
    }

    /// The hold or order it concerns, if it names one.
    #[must_use]
    pub fn hold_id(&self) -> Option<HoldId> {
        match self {
            Command::ExtendHold { hold_id }
            | Command::ReleaseHold { hold_id }
            | Command::StartPurchase { hold_id, .. }
            | Command::PaymentAuthorised { hold_id, .. }
            | Command::RecordPaymentAction { hold_id, .. }
            | Command::PaymentDeclined { hold_id, .. }
            | Command::PaymentCaptured { hold_id, .. }
            | Command::PaymentLost { hold_id, .. }
            | Command::CaptureFailed { hold_id, .. }
            | Command::RefundOrder { hold_id, .. }
            | Command::TransferTicket { hold_id, .. }
            | Command::RedeemTicket { hold_id, .. } => Some(*hold_id),
            _ => None,
        }
    }

    /// The command's stable name, as in topics, metrics and docs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Command::CreateEvent(_) => "CreateEvent",
            Command::SetPrices(_) => "SetPrices",
            Command::SetPolicy(_) => "SetPolicy",
            Command::SetDetails { .. } => "SetDetails",
            Command::CommitDraw { .. } => "CommitDraw",
            Command::RevealDraw { .. } => "RevealDraw",
            Command::ReservePlaces { .. } => "ReservePlaces",
            Command::Enter { .. } => "Enter",
            Command::Leave => "Leave",
            Command::Stay => "Stay",
            Command::HoldSeats { .. } => "HoldSeats",
            Command::HoldBest(_) => "HoldBest",
            Command::ExtendHold { .. } => "ExtendHold",
            Command::ReleaseHold { .. } => "ReleaseHold",
            Command::StartPurchase { .. } => "StartPurchase",
            Command::PaymentAuthorised { .. } => "PaymentAuthorised",
            Command::RecordPaymentAction { .. } => "RecordPaymentAction",
            Command::PaymentDeclined { .. } => "PaymentDeclined",
            Command::PaymentCaptured { .. } => "PaymentCaptured",
            Command::PaymentLost { .. } => "PaymentLost",
            Command::CaptureFailed { .. } => "CaptureFailed",
            Command::RefundOrder { .. } => "RefundOrder",
            Command::TransferTicket { .. } => "TransferTicket",
            Command::RedeemTicket { .. } => "RedeemTicket",
            Command::AnnounceToAll { .. } => "AnnounceToAll",
            Command::GiveConsent { .. } => "GiveConsent",
            Command::WithdrawConsent { .. } => "WithdrawConsent",
            Command::Announce(_) => "Announce",
            Command::SteerAnnouncement { .. } => "SteerAnnouncement",
            Command::CallPlaces { .. } => "CallPlaces",
            Command::AwaitTurn { .. } => "AwaitTurn",
            Command::ShareCohort { .. } => "ShareCohort",
            Command::WithdrawCohort => "WithdrawCohort",
            Command::MarkTime => "MarkTime",
            Command::SetDials(_) => "SetDials",
            Command::Tick => "Tick",
            Command::EngineVersion { .. } => "EngineVersion",
            Command::RestoreFacts { .. } => "RestoreFacts",
            Command::ReadStatus => "ReadStatus",
            Command::BlockSeats(_) => "BlockSeats",
            Command::UnblockSeats(_) => "UnblockSeats",
            Command::GiveSeats(_) => "GiveSeats",
            Command::MintCodes(_) => "MintCodes",
            Command::ClaimCode { .. } => "ClaimCode",
            Command::ReleaseAudience(_) => "ReleaseAudience",
        }
    }
}
