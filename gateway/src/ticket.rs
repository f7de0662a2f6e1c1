//! Tickets a gate can check without a network: signed with Ed25519 (RFC 8032), shown as QR.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use fast_qr::convert::Builder;
use fast_qr::convert::svg::SvgBuilder;
use fast_qr::qr::QRBuilder;

use floodgate_domain::{EventId, HoldId, SeatId};

/// Signs tickets.
#[derive(Debug, Clone)]
pub(crate) struct TicketKey(Arc<SigningKey>);

impl TicketKey {
    pub(crate) fn new(secret: [u8; 32]) -> Self {
        TicketKey(Arc::new(SigningKey::from_bytes(&secret)))
    }

    /// A ticket's text: `FG1.` and the base64 of version, event, order, seat, signature.
    pub(crate) fn token(&self, event_id: EventId, hold_id: HoldId, seat: SeatId) -> String {
        let mut bytes = Vec::with_capacity(85);
        bytes.push(1);
        bytes.extend(event_id.0.to_be_bytes());
        bytes.extend(hold_id.0.to_be_bytes());
        bytes.extend(seat.0.to_be_bytes());
        let signature = self.0.sign(&bytes);
        bytes.extend(signature.to_bytes());
        format!("FG1.{}", URL_SAFE_NO_PAD.encode(bytes))
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
    use ed25519_dalek::{Signature, Verifier, VerifyingKey};

    #[test]
    fn a_gate_can_check_a_ticket() {
        let key = TicketKey::new([3; 32]);
        let text = key.token(EventId(1), HoldId(2), SeatId(3));
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix("FG1.").unwrap()).unwrap();
        let (body, signature) = bytes.split_at(21);
        let public: [u8; 32] = URL_SAFE_NO_PAD.decode(key.public()).unwrap().try_into().unwrap();
        let public = VerifyingKey::from_bytes(&public).unwrap();
        let signature = Signature::from_slice(signature).unwrap();
        assert!(public.verify(body, &signature).is_ok());
        let mut changed = body.to_vec();
        changed[20] ^= 1;
        assert!(public.verify(&changed, &signature).is_err());
        assert!(qr_svg(&text).unwrap().contains("<svg"));
    }
}
