//! What a reply of a mail server says about the person, as opposed to about us (RFC 5321; enhanced
//! codes: RFC 3463 and its registry). Only what is said about the mailbox itself counts against it:
//! a server that blocks our address, or that we misuse, must not cost a thousand people their mail.

use lettre::transport::smtp::Error;
use lettre::transport::smtp::response::Response;

use crate::courier::{Delivery, plain_reference};

/// Where in the conversation something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SmtpStage {
    /// Connecting, greeting, encryption, password.
    Hello,
    Sender,
    Recipient,
    Content,
}

impl SmtpStage {
    fn name(self) -> &'static str {
        match self {
            SmtpStage::Hello => "hello",
            SmtpStage::Sender => "sender",
            SmtpStage::Recipient => "recipient",
            SmtpStage::Content => "content",
        }
    }
}

/// What a failure at a stage leads to. The words of the server are looked at and never kept: they
/// often repeat the address.
pub(super) fn failure(stage: SmtpStage, error: &Error) -> Delivery {
    let stage_name = stage.name();
    let Some(code) = error.status() else {
        let kind = match error {
            error if error.is_timeout() => "no answer in time",
            error if error.is_response() => "an answer that is none",
            error if error.is_tls() => "encryption failed",
            _ => "the connection failed",
        };
        return Delivery::later(format!("{stage_name}: {kind}"));
    };
    let words = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let code = u16::from(code);
    let enhanced = enhanced(&words).filter(|(class, ..)| u16::from(*class) == code / 100);
    let reason = match enhanced {
        Some((class, subject, detail)) => {
            format!("{stage_name}: {code} {class}.{subject}.{detail}")
        }
        None => format!("{stage_name}: {code}"),
    };
    let is_about_them = matches!(stage, SmtpStage::Recipient | SmtpStage::Content);
    if code / 100 != 5 || !is_about_them {
        return Delivery::later(reason);
    }
    match (enhanced, code) {
        // The sender's address, not the recipient's.
        (Some((_, 1, 7 | 8)), _) => Delivery::later(reason),
        (Some((_, 1, _) | (_, 2, 1)), _) => Delivery::suppressed(reason),
        // Too long, or of a kind that is not taken.
        (Some((_, 2, 3) | (_, 3, 4) | (_, 6, _)), _) => Delivery::never(reason),
        // Full mailboxes, systems, networks, protocol, policy: they change, or they are about us.
        (Some(_), _) => Delivery::later(reason),
        (None, 550 | 551 | 553) if stage == SmtpStage::Recipient => {
            if says_unknown(&words) {
                Delivery::suppressed(reason)
            } else {
                Delivery::never(reason)
            }
        }
        (None, _) => Delivery::later(reason),
    }
}

/// A reply to the end of the content. Anything but 2yz has no meaning there.
pub(super) fn accepted(response: &Response) -> Delivery {
    let code = u16::from(response.code());
    if code / 100 != 2 {
        return Delivery::later(format!("content: {code} has no meaning here"));
    }
    let words: Vec<&str> = response.message().flat_map(str::split_whitespace).collect();
    let after = |word: &str| {
        let at = words.iter().position(|has| has.eq_ignore_ascii_case(word))?;
        words.get(at + 1).copied()
    };
    let name = after("as").or_else(|| words.iter().find_map(|word| word.strip_prefix("id=")));
    Delivery::Sent { reference: plain_reference(name.unwrap_or_default()) }
}

/// The enhanced code at the beginning of a reply: class, subject, detail.
fn enhanced(words: &str) -> Option<(u8, u16, u16)> {
    let mut parts = words.split_whitespace().next()?.split('.');
    let class = parts.next()?.parse().ok()?;
    let (subject, detail) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    parts.next().is_none().then_some((class, subject, detail))
}

/// How servers without enhanced codes say that nobody is there.
fn says_unknown(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    [
        "user unknown",
        "unknown user",
        "no such user",
        "does not exist",
        "no mailbox",
        "no such recipient",
        "recipient unknown",
        "unknown recipient",
        "invalid recipient",
        "mailbox not found",
        "mailbox unavailable",
        "user not found",
    ]
    .iter()
    .any(|phrase| words.contains(phrase))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn enhanced_codes_are_read() {
        assert_eq!(enhanced("5.1.1 user unknown"), Some((5, 1, 1)));
        assert_eq!(enhanced("4.2.2"), Some((4, 2, 2)));
        for other in ["", "user unknown", "5.1", "5.1.1.1 x", "5.x.1", "<ada@5.1.1>"] {
            assert_eq!(enhanced(other), None, "{other}");
        }
    }

    #[test]
    fn the_name_that_a_server_gave_is_kept_and_no_address() {
        for (reply, reference) in [
            ("250 2.0.0 Ok: queued as 4XyZ12\r\n", "4XyZ12"),
            ("250 OK id=1tG3-0004\r\n", "1tG3-0004"),
            ("250 Message accepted for ada@example.org\r\n", ""),
            ("250 queued as <x@example.org>\r\n", ""),
        ] {
            let response: Response = reply.parse().unwrap();
            assert_eq!(accepted(&response), Delivery::Sent { reference: reference.into() });
        }
        let nonsense: Response = "354 go on\r\n".parse().unwrap();
        assert!(matches!(accepted(&nonsense), Delivery::Later { .. }));
    }
}
