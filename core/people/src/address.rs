//! Addresses: what is taken for one, its one form, and how it is shown to others.

use std::fmt;

use floodgate_domain::Channel;

/// The longest address of a mailbox (RFC 5321, section 4.5.3.1.3, without the angle brackets).
pub const EMAIL_BYTES_MAX: usize = 254;
/// The digits of a telephone number after the plus (ITU-T E.164).
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// The longest subscription of a browser: its endpoint and two keys.
const SUBSCRIPTION_BYTES_MAX: usize = 2_048;

/// An address in the one form in which it is stored, compared and written to.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    channel: Channel,
    text: String,
}

/// Why a text is no address; says the fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct AddressError(pub &'static str);

/// Personal: never shown by accident.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({})", self.channel.code())
    }
}

impl Address {
    /// Reads what somebody typed: e-mail addresses are trimmed and their domain is in lower case;
    /// telephone numbers lose spaces, dots, hyphens and brackets, and begin with a plus.
    pub fn parse(channel: Channel, text: &str) -> Result<Self, AddressError> {
        let text = match channel {
            Channel::Email => email(text.trim())?,
            Channel::Sms => phone(text)?,
            Channel::WebPush => subscription(text)?,
            Channel::Page => {
                return Err(AddressError("messages on the page need no address"));
            }
        };
        Ok(Address { channel, text })
    }

    pub(crate) fn stored(channel: Channel, text: String) -> Self {
        Address { channel, text }
    }

    #[must_use]
    pub fn channel(&self) -> Channel {
        self.channel
    }

    /// The address itself, for whoever writes to it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// What finds it again: mailboxes are one in upper and lower case.
    pub(crate) fn lookup_text(&self) -> String {
        match self.channel {
            Channel::Email => self.text.to_lowercase(),
            Channel::Page | Channel::Sms | Channel::WebPush => self.text.clone(),
        }
    }

    /// Enough for its owner to know which one it is, and for nobody else: `a…@example.org`,
    /// `+49…67`.
    #[must_use]
    pub fn masked(&self) -> String {
        match self.channel {
            Channel::Email => {
                let (local, domain) = self.text.rsplit_once('@').unwrap_or((&self.text, ""));
                format!("{}…@{domain}", local.chars().next().unwrap_or('…'))
            }
            Channel::Sms => {
                let (head, tail) = (self.text.get(..3), self.text.get(self.text.len() - 2..));
                format!("{}…{}", head.unwrap_or_default(), tail.unwrap_or_default())
            }
            Channel::Page | Channel::WebPush => "this browser".to_owned(),
        }
    }
}

const NO_EMAIL: AddressError = AddressError("must be an e-mail address, such as ada@example.org");
const NO_PHONE: AddressError =
    AddressError("must be a telephone number with its country, such as +49 170 1234567");

/// What mail systems take in practice: no quoted local parts, no address literals, no control or
/// space, and a domain of at least two labels.
fn email(text: &str) -> Result<String, AddressError> {
    let (local, domain) = text.rsplit_once('@').ok_or(NO_EMAIL)?;
    let is_plain = |c: char| !c.is_control() && !c.is_whitespace() && !"\"(),:;<>[\\]@".contains(c);
    let is_local = !local.is_empty()
        && local.len() <= 64
        && local.chars().all(is_plain)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..");
    let is_label = |label: &str| {
        let inner = |c: char| c.is_alphanumeric() || c == '-';
        !label.is_empty()
            && label.len() <= 63
            && label.chars().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_domain = domain.split('.').count() > 1 && domain.split('.').all(is_label);
    if !is_local || !is_domain || text.len() > EMAIL_BYTES_MAX {
        return Err(NO_EMAIL);
    }
    Ok(format!("{local}@{}", domain.to_lowercase()))
}

fn phone(text: &str) -> Result<String, AddressError> {
    let text: String = text.chars().filter(|c| !" \u{a0}.-()/".contains(*c)).collect();
    let digits = text.strip_prefix('+').or_else(|| text.strip_prefix("00")).ok_or(NO_PHONE)?;
    let is_number = PHONE_DIGITS.contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
        && !digits.starts_with('0');
    if is_number { Ok(format!("+{digits}")) } else { Err(NO_PHONE) }
}

/// A `PushSubscription` of a browser as JSON (W3C Push API): where to send, and its two keys.
fn subscription(text: &str) -> Result<String, AddressError> {
    const FIX: AddressError = AddressError("must be a browser's push subscription as JSON");
    if text.len() > SUBSCRIPTION_BYTES_MAX {
        return Err(FIX);
    }
    let value: serde_json::Value = serde_json::from_str(text).map_err(|_| FIX)?;
    let at = |pointer| value.pointer(pointer).and_then(serde_json::Value::as_str).ok_or(FIX);
    let (endpoint, public, secret) = (at("/endpoint")?, at("/keys/p256dh")?, at("/keys/auth")?);
    let is_key = |key: &str| {
        !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_=".contains(&b))
    };
    if !endpoint.starts_with("https://") || !is_key(public) || !is_key(secret) {
        return Err(FIX);
    }
    let keys = serde_json::json!({ "p256dh": public, "auth": secret });
    Ok(serde_json::json!({ "endpoint": endpoint, "keys": keys }).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_becomes_one_form() {
        let rows = [
            (Channel::Email, " Ada.L@Example.ORG ", Some("Ada.L@example.org"), "A…@example.org"),
            (Channel::Email, "ü@exämple.org", Some("ü@exämple.org"), "ü…@exämple.org"),
            (Channel::Email, "a@b", None, ""),
            (Channel::Email, "a b@example.org", None, ""),
            (Channel::Email, "a@example.org\r\nBcc: b@example.org", None, ""),
            (Channel::Email, "<a@example.org>", None, ""),
            (Channel::Email, "a@@example.org", None, ""),
            (Channel::Email, ".a@example.org", None, ""),
            (Channel::Email, "a@-example.org", None, ""),
            (Channel::Email, "a@example..org", None, ""),
            (Channel::Sms, "+49 (170) 123-4567", Some("+491701234567"), "+49…67"),
            (Channel::Sms, "0049 170 1234567", Some("+491701234567"), "+49…67"),
            (Channel::Sms, "0170 1234567", None, ""),
            (Channel::Sms, "+49 170 x", None, ""),
            (Channel::Sms, "+1234567890123456", None, ""),
            (Channel::Page, "a@example.org", None, ""),
            (Channel::WebPush, r#"{"endpoint":"http://a","keys":{}}"#, None, ""),
        ];
        for (channel, typed, stored, masked) in rows {
            let address = Address::parse(channel, typed).ok();
            assert_eq!(address.as_ref().map(Address::expose), stored, "{typed}");
            let shown = address.map(|address| address.masked()).unwrap_or_default();
            assert_eq!(shown, masked, "{typed}");
        }
        let long = format!("{}@example.org", "a".repeat(65));
        assert_eq!(Address::parse(Channel::Email, &long), Err(NO_EMAIL));
    }

    #[test]
    fn mailboxes_are_one_in_upper_and_lower_case() -> Result<(), AddressError> {
        let [one, other] = ["Ada@example.org", "ada@EXAMPLE.org"];
        let of = |text| Address::parse(Channel::Email, text).map(|address| address.lookup_text());
        assert_eq!(of(one)?, of(other)?);
        Ok(())
    }
}
