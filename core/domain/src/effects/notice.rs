//! Whom a fact concerns, and what they are notified of.

use crate::ids::BuyerId;

/// What a notification says; whoever sends it chooses the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Notice {
    YourTurn,
    HoldMade,
    HoldExtended,
    /// The hold ends soon.
    HoldEnding,
    HoldReleased,
    HoldExpired,
    OrderPaymentPending,
    OrderDeclined,
    OrderConfirmed,
    OrderSettled,
    OrderExpired,
    OrderRefunded,
    OrderCancelled,
    PaymentVoided,
    /// To the one who gave it away.
    TicketTransferred,
    /// To the one who has it now.
    TicketReceived,
    TicketRedeemed,
    EventAnnounced,
    EventOpen,
    EventPaused,
    EventClosed,
    EventCancelled,
    EventPricesChanged,
    EventRulesChanged,
}

impl Notice {
    /// Stable text, as in the public topic.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Notice::YourTurn => "your_turn",
            Notice::HoldMade => "hold_made",
            Notice::HoldExtended => "hold_extended",
            Notice::HoldEnding => "hold_ending",
            Notice::HoldReleased => "hold_released",
            Notice::HoldExpired => "hold_expired",
            Notice::OrderPaymentPending => "order_payment_pending",
            Notice::OrderDeclined => "order_declined",
            Notice::OrderConfirmed => "order_confirmed",
            Notice::OrderSettled => "order_settled",
            Notice::OrderExpired => "order_expired",
            Notice::OrderRefunded => "order_refunded",
            Notice::OrderCancelled => "order_cancelled",
            Notice::PaymentVoided => "payment_voided",
            Notice::TicketTransferred => "ticket_transferred",
            Notice::TicketReceived => "ticket_received",
            Notice::TicketRedeemed => "ticket_redeemed",
            Notice::EventAnnounced => "event_announced",
            Notice::EventOpen => "event_open",
            Notice::EventPaused => "event_paused",
            Notice::EventClosed => "event_closed",
            Notice::EventCancelled => "event_cancelled",
            Notice::EventPricesChanged => "event_prices_changed",
            Notice::EventRulesChanged => "event_rules_changed",
        }
    }
}

/// Whom a fact concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concerns {
    /// Nobody, or nobody who may be named.
    Nobody,
    /// Everybody who has to do with the event.
    Everybody(Notice),
    /// One buyer, to whom it need not be news.
    Buyer(BuyerId, Option<Notice>),
    /// Two, of whom the first gives and the second gets.
    Both { from: (BuyerId, Notice), to: (BuyerId, Notice) },
}

impl Concerns {
    /// The buyer it concerns, the one who gives if there are two.
    #[must_use]
    pub fn buyer(self) -> Option<BuyerId> {
        match self {
            Concerns::Nobody | Concerns::Everybody(_) => None,
            Concerns::Buyer(buyer, _) | Concerns::Both { from: (buyer, _), .. } => Some(buyer),
        }
    }

    /// The one who gets something from the buyer.
    #[must_use]
    pub fn receiver(self) -> Option<BuyerId> {
        match self {
            Concerns::Nobody | Concerns::Everybody(_) | Concerns::Buyer(..) => None,
            Concerns::Both { to: (buyer, _), .. } => Some(buyer),
        }
    }

    /// Who is notified of what; `None` is everybody.
    pub fn notices(self) -> impl Iterator<Item = (Option<BuyerId>, Notice)> {
        let to = |(buyer, notice)| (Some(buyer), notice);
        let notices = match self {
            Concerns::Nobody => [None, None],
            Concerns::Everybody(notice) => [Some((None, notice)), None],
            Concerns::Buyer(buyer, notice) => [notice.map(|notice| to((buyer, notice))), None],
            Concerns::Both { from, to: other } => [Some(to(from)), Some(to(other))],
        };
        notices.into_iter().flatten()
    }
}
