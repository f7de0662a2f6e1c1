//! Links: what a person proves by opening one.
//!
//! A link is its content and a MAC under the root key, in base64url: nothing secret is stored, and
//! a forged one costs a MAC and no look into the store. Whether it still works is in the store.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

use floodgate_domain::{BuyerId, Channel, ConsentScope, ContactId, EventId, LogTime};

use crate::seal::MasterKey;

/// What a link stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Whoever opens it reads what is sent to this contact; that of the request of `asked_at`.
    Confirm { contact: ContactId, asked_at: LogTime },
    /// Signs a device in, once.
    SignIn { link: u64 },
    /// Ends one consent; works for as long as messages lie in a mailbox.
    Unsubscribe { event_id: EventId, buyer: BuyerId, scope: ConsentScope, channel: Channel },
}

/// Fixed width: a kind, three numbers, the MAC.
const BODY_BYTES: usize = 1 + 8 + 8 + 2;
const MAC_BYTES: usize = 16;

impl Link {
    pub(crate) fn token(self, master: &MasterKey) -> String {
        let body = self.body();
        let mac = master.link_mac(&body);
        URL_SAFE_NO_PAD.encode([body.as_slice(), &mac].concat())
    }

    /// What a token stands for; `None` of one that was not made here.
    pub(crate) fn read(token: &str, master: &MasterKey) -> Option<Link> {
        let mut bytes = [0; BODY_BYTES + MAC_BYTES];
        if URL_SAFE_NO_PAD.decode_slice(token, &mut bytes).ok()? != bytes.len() {
            return None;
        }
        let (body, mac) = bytes.split_at(BODY_BYTES);
        if !bool::from(master.link_mac(body).ct_eq(mac)) {
            return None;
        }
        Link::of(body)
    }

    fn body(self) -> [u8; BODY_BYTES] {
        let (kind, first, second, codes) = match self {
            Link::Confirm { contact, asked_at } => (1, contact.0, asked_at.0, [0, 0]),
            Link::SignIn { link } => (2, link, 0, [0, 0]),
            Link::Unsubscribe { event_id, buyer, scope, channel } => {
                (3, event_id.0, buyer.0, [scope as u8, channel as u8])
            }
        };
        let mut body = [0; BODY_BYTES];
        body[0] = kind;
        body[1..9].copy_from_slice(&first.to_be_bytes());
        body[9..17].copy_from_slice(&second.to_be_bytes());
        body[17..].copy_from_slice(&codes);
        body
    }

    fn of(body: &[u8]) -> Option<Link> {
        let number = |at: usize| Some(u64::from_be_bytes(body.get(at..at + 8)?.try_into().ok()?));
        let (first, second) = (number(1)?, number(9)?);
        match body.first()? {
            1 => Some(Link::Confirm { contact: ContactId(first), asked_at: LogTime(second) }),
            2 => Some(Link::SignIn { link: first }),
            3 => Some(Link::Unsubscribe {
                event_id: EventId(first),
                buyer: BuyerId(second),
                scope: ConsentScope::from_number(*body.get(17)?)?,
                channel: Channel::from_number(*body.get(18)?)?,
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_says_what_it_stands_for_to_whoever_made_it() {
        let master = MasterKey::new(&[7; 32]);
        let (event_id, buyer) = (EventId(9), BuyerId(u64::MAX));
        let (scope, channel) = (ConsentScope::Artist, Channel::Email);
        let links = [
            Link::Confirm { contact: ContactId(3), asked_at: LogTime(77) },
            Link::SignIn { link: 5 },
            Link::Unsubscribe { event_id, buyer, scope, channel },
        ];
        for link in links {
            let token = link.token(&master);
            assert_eq!(Link::read(&token, &master), Some(link));
            assert_eq!(Link::read(&token, &MasterKey::new(&[8; 32])), None);
            for at in 0..token.len() {
                let mut changed = token.clone().into_bytes();
                changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
                let changed = String::from_utf8_lossy(&changed).into_owned();
                assert_eq!(Link::read(&changed, &master), None, "{at}");
            }
        }
        for wrong in ["", "AAAA", &"A".repeat(2_000), "ü"] {
            assert_eq!(Link::read(wrong, &master), None);
        }
    }
}
