//! Bought seats, signed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::LogPosition;
use super::seat::Seat;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ticket {
    pub(crate) ticket_id: String,
    #[serde(flatten)]
    pub(crate) seat: Seat,
    /// Whether somebody has been admitted with it.
    pub(crate) redeemed: bool,
    /// The content of the QR code; the gate needs only the public key to check it.
    pub(crate) token: String,
    /// Address of the QR code.
    pub(crate) qr: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tickets {
    pub(crate) tickets: Vec<Ticket>,
}

/// The public key of tickets, as a JSON Web Key.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TicketPublicKey {
    #[schema(example = "OKP")]
    pub(crate) kty: &'static str,
    #[schema(example = "Ed25519")]
    pub(crate) crv: &'static str,
    #[serde(rename = "use")]
    #[schema(example = "sig")]
    pub(crate) purpose: &'static str,
    pub(crate) x: String,
}

/// An offer of one ticket: whoever takes it first gets the ticket.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TicketOffer {
    /// What the other person's app sends to `takeTicket`.
    #[schema(example = "FGO1.AwAAAA")]
    pub(crate) offer: String,
    /// A page where they can take it, relative to this server's address.
    #[schema(example = "/events/evt_0000000000001#take=FGO1.AwAAAA")]
    pub(crate) page: String,
    pub(crate) until: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TakeTicket {
    /// An offer, as returned by `offerTicket`.
    #[schema(example = "FGO1.AwAAAA")]
    pub(crate) offer: String,
}

/// A ticket that has a new owner.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TakenTicket {
    pub(crate) order_id: String,
    pub(crate) seat_id: u32,
    /// The device that now owns it: send it as Floodgate-Device.
    pub(crate) device: String,
    pub(crate) as_of: LogPosition,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TransferTicket {
    /// The buyer who receives it.
    #[schema(example = "byr_0000000000001", pattern = "^byr_[0-9A-F][0-9A-HJKMNP-TV-Z]{12}$")]
    pub(crate) to: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RedeemTicket {
    /// The content of the QR code.
    #[schema(example = "FG1.AgAAAA")]
    pub(crate) token: String,
}

/// Admitted: the gate opens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RedeemedTicket {
    #[schema(example = "redeemed")]
    pub(crate) status: &'static str,
    pub(crate) order_id: String,
    #[serde(flatten)]
    pub(crate) seat: Seat,
    pub(crate) as_of: LogPosition,
}
