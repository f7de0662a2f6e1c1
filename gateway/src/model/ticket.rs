//! Bought seats, signed.

use serde::Serialize;
use utoipa::ToSchema;

use super::seat::Seat;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ticket {
    pub(crate) ticket_id: String,
    #[serde(flatten)]
    pub(crate) seat: Seat,
    /// What the QR code says; a gate checks it with the public key alone.
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
