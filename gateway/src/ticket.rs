//! Tickets a gate can check without a network: signed with Ed25519 (RFC 8032), shown as QR.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer, SigningKey};
use fast_qr::convert::Builder;
use fast_qr::convert::svg::SvgBuilder;
use fast_qr::qr::QRBuilder;

use floodgate_domain::{BuyerId, EventId, HoldId, LogTime, SeatId};

use crate::views::Revoked;

/// Forms of what is signed: none is taken for another.
const TICKET: u8 = 2;
const OFFER: u8 = 3;
const REVOKED: u8 = 4;
const TICKET_PREFIX: &str = "FG1.";
const OFFER_PREFIX: &str = "FGO1.";
const REVOKED_PREFIX: &str = "FGR1.";
/// Form, event, order, seat, edition.
const TICKET_BYTES: usize = 23;
/// And the giver, and until when.
const OFFER_BYTES: usize = TICKET_BYTES + 16;
const SIGNATURE_BYTES: usize = 64;

/// What a ticket says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShownTicket {
    pub(crate) event_id: EventId,
    pub(crate) hold_id: HoldId,
    pub(crate) seat: SeatId,
    /// How often it was handed on before: an earlier edition lets nobody in.
    pub(crate) edition: u16,
}

impl ShownTicket {
    fn bytes(&self, form: u8) -> Vec<u8> {
        let ShownTicket { event_id, hold_id, seat, edition } = *self;
        let mut bytes = Vec::with_capacity(OFFER_BYTES + SIGNATURE_BYTES);
        bytes.push(form);
        bytes.extend(event_id.0.to_be_bytes());
        bytes.extend(hold_id.0.to_be_bytes());
        bytes.extend(seat.0.to_be_bytes());
        bytes.extend(edition.to_be_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(ShownTicket {
            event_id: EventId(number(bytes, 1)?),
            hold_id: HoldId(number(bytes, 9)?),
            seat: SeatId(u32::from_be_bytes(bytes.get(17..21)?.try_into().ok()?)),
            edition: u16::from_be_bytes(bytes.get(21..23)?.try_into().ok()?),
        })
    }
}

fn number(bytes: &[u8], from: usize) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(from..from + 8)?.try_into().ok()?))
}

/// A ticket on its way to whoever opens the offer first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) ticket: ShownTicket,
    /// Who gives it away.
    pub(crate) from: BuyerId,
    pub(crate) until: LogTime,
}

/// Tickets of one event that are good no more, as they are signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RevocationList {
    event_id: EventId,
    version: u64,
    changed_at: LogTime,
    /// With the first edition that is still good.
    tickets: Vec<(HoldId, SeatId, u16)>,
}

impl RevocationList {
    pub(crate) fn of(event_id: EventId, revoked: &Revoked) -> Self {
        let (version, changed_at) = (revoked.version(), revoked.changed_at());
        RevocationList { event_id, version, changed_at, tickets: revoked.entries().collect() }
    }

    fn bytes(&self) -> Vec<u8> {
        let count = u32::try_from(self.tickets.len()).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(29 + 14 * self.tickets.len() + SIGNATURE_BYTES);
        bytes.push(REVOKED);
        bytes.extend(self.event_id.0.to_be_bytes());
        bytes.extend(self.version.to_be_bytes());
        bytes.extend(self.changed_at.0.to_be_bytes());
        bytes.extend(count.to_be_bytes());
        for (hold_id, seat, first_good) in &self.tickets {
            bytes.extend(hold_id.0.to_be_bytes());
            bytes.extend(seat.0.to_be_bytes());
            bytes.extend(first_good.to_be_bytes());
        }
        bytes
    }
}

/// Signs tickets.
#[derive(Debug, Clone)]
pub(crate) struct TicketKey(Arc<SigningKey>);

impl TicketKey {
    pub(crate) fn new(secret: [u8; 32]) -> Self {
        TicketKey(Arc::new(SigningKey::from_bytes(&secret)))
    }

    /// A ticket's text: `FG1.` and the base64 of form, event, order, seat, edition, signature.
    pub(crate) fn token(&self, ticket: &ShownTicket) -> String {
        self.seal(TICKET_PREFIX, ticket.bytes(TICKET))
    }

    /// What a ticket's text says; `None` unless this key signed it.
    pub(crate) fn read(&self, text: &str) -> Option<ShownTicket> {
        ShownTicket::from_bytes(&self.open::<TICKET_BYTES>(TICKET_PREFIX, TICKET, text)?)
    }

    /// An offer's text, for whoever is to have the ticket: as a ticket's, with the giver and the end
    /// of the offer, big-endian milliseconds, behind the edition.
    pub(crate) fn offer(&self, offer: &Offer) -> String {
        let mut bytes = offer.ticket.bytes(OFFER);
        bytes.extend(offer.from.0.to_be_bytes());
        bytes.extend(offer.until.0.to_be_bytes());
        self.seal(OFFER_PREFIX, bytes)
    }

    /// What an offer's text says; `None` unless this key signed it.
    pub(crate) fn read_offer(&self, text: &str) -> Option<Offer> {
        let bytes = self.open::<OFFER_BYTES>(OFFER_PREFIX, OFFER, text)?;
        Some(Offer {
            ticket: ShownTicket::from_bytes(&bytes)?,
            from: BuyerId(number(&bytes, TICKET_BYTES)?),
            until: LogTime(number(&bytes, TICKET_BYTES + 8)?),
        })
    }

    /// The list's text, which anybody may read and nobody can change.
    pub(crate) fn revoked(&self, list: &RevocationList) -> String {
        self.seal(REVOKED_PREFIX, list.bytes())
    }

    fn seal(&self, prefix: &str, mut bytes: Vec<u8>) -> String {
        let signature = self.0.sign(&bytes);
        bytes.extend(signature.to_bytes());
        format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    fn open<const N: usize>(&self, prefix: &str, form: u8, text: &str) -> Option<[u8; N]> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(prefix)?).ok()?;
        let (signed, signature) = bytes.split_at_checked(N)?;
        let signature = Signature::from_slice(signature).ok()?;
        self.0.verifying_key().verify_strict(signed, &signature).ok()?;
        signed.try_into().ok().filter(|bytes: &[u8; N]| bytes[0] == form)
    }

    /// The public half, for gates.
    pub(crate) fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.verifying_key().to_bytes())
    }
}

/// The text as a QR code; `None` when it is too long for one, which a token never is.
pub(crate) fn qr_svg(text: &str) -> Option<String> {
    let code = QRBuilder::new(text).build().ok()?;
    Some(SvgBuilder::default().margin(2).to_str(&code))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use ed25519_dalek::{Verifier, VerifyingKey};

    #[test]
    fn a_gate_can_check_a_ticket() {
        let key = TicketKey::new([3; 32]);
        let shown =
            ShownTicket { event_id: EventId(1), hold_id: HoldId(2), seat: SeatId(3), edition: 4 };
        let text = key.token(&shown);
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix("FG1.").unwrap()).unwrap();
        let (body, signature) = bytes.split_at(TICKET_BYTES);
        let public: [u8; 32] = URL_SAFE_NO_PAD.decode(key.public()).unwrap().try_into().unwrap();
        let public = VerifyingKey::from_bytes(&public).unwrap();
        let signature = Signature::from_slice(signature).unwrap();
        assert!(public.verify(body, &signature).is_ok());
        let mut changed = body.to_vec();
        changed[20] ^= 1;
        assert!(public.verify(&changed, &signature).is_err());
        assert_eq!(key.read(&text), Some(shown));
        assert_eq!(TicketKey::new([4; 32]).read(&text), None, "of another installation");
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let changed = format!("FG1.{}", URL_SAFE_NO_PAD.encode(changed));
            assert_eq!(key.read(&changed), None, "byte {at}");
        }
        for nonsense in ["", "FG1.", "FG2.AAAA", "FG1.AAAA", &text[4..]] {
            assert_eq!(key.read(nonsense), None, "{nonsense}");
        }
        assert!(qr_svg(&text).unwrap().contains("<svg"));
    }

    /// The bytes as `getRevokedTickets` and `docs/clients/gate.mjs` have them.
    #[test]
    fn a_list_is_signed_as_it_is_described() {
        let key = TicketKey::new([3; 32]);
        let list = RevocationList {
            event_id: EventId(1),
            version: 0x20_0001,
            changed_at: LogTime(0x0102),
            tickets: vec![(HoldId(2), SeatId(3), 1), (HoldId(2), SeatId(4), u16::MAX)],
        };
        let text = key.revoked(&list);
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix("FGR1.").unwrap()).unwrap();
        let (body, signature) = bytes.split_at(bytes.len() - SIGNATURE_BYTES);
        let hex: String = body.iter().map(|byte| format!("{byte:02x}")).collect();
        let entries = "0000000000000002000000030001" // order, seat, first good edition
            .to_owned()
            + "000000000000000200000004ffff";
        let head = "04000000000000000100000000002000010000000000000102";
        assert_eq!(hex, format!("{head}00000002{entries}"));
        let signature = Signature::from_slice(signature).unwrap();
        assert!(key.0.verifying_key().verify_strict(body, &signature).is_ok());
        assert_eq!(key.read(&text.replace("FGR1.", "FG1.")), None, "it is no ticket");
    }

    #[test]
    fn an_offer_is_no_ticket() {
        let key = TicketKey::new([3; 32]);
        let (event_id, hold_id, seat) = (EventId(1), HoldId(2), SeatId(3));
        let ticket = ShownTicket { event_id, hold_id, seat, edition: 4 };
        let offer = Offer { ticket, from: BuyerId(5), until: LogTime(6) };
        let text = key.offer(&offer);
        assert_eq!(key.read_offer(&text), Some(offer));
        assert_eq!(TicketKey::new([4; 32]).read_offer(&text), None);
        assert_eq!(key.read(&text.replace("FGO1.", "FG1.")), None);
        assert_eq!(key.read_offer(&key.token(&ticket).replace("FG1.", "FGO1.")), None);
    }
}
