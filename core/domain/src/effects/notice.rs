//! Whom a fact concerns, and what they are notified of.

use crate::ids::BuyerId;

/// Each notice with its code.
macro_rules! notices {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// What a notification says; whoever sends it chooses the words.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Notice {
            $($(#[$doc])* $name,)*
        }

        impl Notice {
            pub const ALL: &[Notice] = &[$(Notice::$name,)*];

            /// Stable text, as in the public topic.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self {
                    $(Notice::$name => $code,)*
                }
            }
        }
    };
}

notices! {
    YourTurn = "your_turn",
    HoldMade = "hold_made",
    HoldExtended = "hold_extended",
    /// The hold ends soon.
    HoldEnding = "hold_ending",
    HoldReleased = "hold_released",
    HoldExpired = "hold_expired",
    OrderPaymentPending = "order_payment_pending",
    OrderDeclined = "order_declined",
    /// The provider has not answered: the money may have moved or not.
    OrderNoAnswer = "order_no_answer",
    OrderConfirmed = "order_confirmed",
    OrderSettled = "order_settled",
    OrderExpired = "order_expired",
    OrderRefunded = "order_refunded",
    OrderCancelled = "order_cancelled",
    PaymentVoided = "payment_voided",
    /// The answer came after all, and it was no.
    PaymentNotTaken = "payment_not_taken",
    /// To whoever gave it away.
    TicketTransferred = "ticket_transferred",
    /// To its new owner.
    TicketReceived = "ticket_received",
    TicketRedeemed = "ticket_redeemed",
    EventAnnounced = "event_announced",
    EventOpen = "event_open",
    EventPaused = "event_paused",
    EventClosed = "event_closed",
    EventCancelled = "event_cancelled",
    EventPricesChanged = "event_prices_changed",
    EventRulesChanged = "event_rules_changed",
    /// What it says of itself: where, when, who is on stage, when the sale opens.
    EventDetailsChanged = "event_details_changed",
    /// The sale is open to those who have a code.
    EventPresale = "event_presale",
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
    /// The buyer it concerns; the giver if there are two.
    #[must_use]
    pub fn buyer(self) -> Option<BuyerId> {
        match self {
            Concerns::Nobody | Concerns::Everybody(_) => None,
            Concerns::Buyer(buyer, _) | Concerns::Both { from: (buyer, _), .. } => Some(buyer),
        }
    }

    /// Whoever gets something from the buyer.
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
