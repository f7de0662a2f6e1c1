//! From a message to the bytes of a mail (RFC 5322): text and HTML side by side, the headers that
//! machines read, signatures. Nothing that others wrote can begin a header of its own.

use jiff::Timestamp;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};

use super::dkim::DkimSigner;
use crate::courier::{Delivery, Outgoing, is_plain_id};
use crate::http::is_safe;

/// RFC 5322 allows 998 bytes a line; a subject has its place in lists.
const SUBJECT_CHARS_MAX: usize = 200;

/// From whom mail is.
#[derive(Debug)]
pub(super) struct Composer {
    pub(super) from: Mailbox,
    pub(super) signers: Vec<DkimSigner>,
}

/// A mail, and to whom.
#[derive(Debug)]
pub(super) struct Mail {
    pub(super) to: Address,
    pub(super) bytes: Vec<u8>,
}

impl Composer {
    /// The `Message-ID` of a message: the same in every try and after every crash.
    pub(super) fn message_id(&self, message_id: &str) -> String {
        format!("<{message_id}@{}>", self.from.email.domain())
    }

    pub(super) fn compose(&self, outgoing: &Outgoing, now: Timestamp) -> Result<Mail, Delivery> {
        if !is_plain_id(&outgoing.message_id) {
            return Err(Delivery::never("the message has no plain name"));
        }
        // The words of the error would repeat the address.
        let to: Address =
            outgoing.address.parse().map_err(|_| Delivery::suppressed("no mail address"))?;
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.clone()))
            .date(now.into())
            .subject(one_line(&outgoing.subject))
            .message_id(Some(self.message_id(&outgoing.message_id)))
            .raw_header(plain("Auto-Submitted", "auto-generated"))
            .raw_header(plain("Content-Language", outgoing.language.code()));
        if let Some(url) = &outgoing.unsubscribe {
            if !is_safe(url) || url.contains(['<', '>', ',']) {
                let reason = "unsubscribing needs an https address: set the public address";
                return Err(Delivery::later(reason));
            }
            builder = builder
                .raw_header(plain("List-Unsubscribe", &format!("<{url}>")))
                .raw_header(plain("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
        }
        let (text, html) = (with_crlf(&outgoing.text), with_crlf(&outgoing.html));
        let message = builder
            .multipart(MultiPart::alternative_plain_html(text, html))
            .map_err(|_| Delivery::never("the mail cannot be written"))?;
        Ok(Mail { to, bytes: self.signed(&message.formatted(), now) })
    }

    /// Each signature covers the mail as it was before all of them, so their order does not matter.
    fn signed(&self, mail: &[u8], now: Timestamp) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(mail.len() + 1024 * self.signers.len());
        for signer in &self.signers {
            bytes.extend_from_slice(signer.header(mail, now.as_second()).as_bytes());
        }
        bytes.extend_from_slice(mail);
        bytes
    }
}

/// The name of a message from its `Message-ID`; `None` for one that is not ours.
pub(crate) fn plain_message_id(header: &str) -> Option<String> {
    let (name, _) = header.trim().strip_prefix('<')?.split_once('@')?;
    is_plain_id(name).then(|| name.to_owned())
}

/// A header of ASCII that goes out as it is: folding an address would break it.
fn plain(name: &'static str, value: &str) -> HeaderValue {
    let name = HeaderName::new_from_ascii_str(name);
    HeaderValue::dangerous_new_pre_encoded(name, value.to_owned(), value.to_owned())
}

/// No line end and no other control character; runs of blanks are one.
fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    words.join(" ").chars().take(SUBJECT_CHARS_MAX).collect()
}

fn with_crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::test_words::outgoing;

    fn composer() -> Composer {
        Composer { from: "Floodgate <tickets@example.org>".parse().unwrap(), signers: Vec::new() }
    }

    fn composed(outgoing: &Outgoing) -> String {
        let mail = composer().compose(outgoing, Timestamp::UNIX_EPOCH).unwrap();
        String::from_utf8(mail.bytes).unwrap()
    }

    #[test]
    fn a_mail_has_the_headers_that_machines_read() {
        let mail = composed(&outgoing());
        let head = mail.split("\r\n\r\n").next().unwrap();
        for line in [
            "From: Floodgate <tickets@example.org>",
            "To: ada@example.org",
            "Date: Thu, 01 Jan 1970 00:00:00 +0000",
            "Message-ID: <msg_1@example.org>",
            "Auto-Submitted: auto-generated",
            "Content-Language: en",
            "List-Unsubscribe: <https://tickets.example.org/v1/unsubscribe/abc>",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
            "MIME-Version: 1.0",
        ] {
            assert!(head.lines().any(|has| has == line), "{line} in\n{head}");
        }
        assert!(mail.contains("multipart/alternative") && mail.contains("text/plain"));
        assert!(mail.contains("text/html"));
    }

    #[test]
    fn nobody_can_begin_a_header() {
        let mut hostile = outgoing();
        hostile.subject = "Hello\r\nBcc: eve@example.org\n\tX: y\u{0}\u{7f}".into();
        let mail = composed(&hostile);
        assert!(mail.contains("\r\nSubject: Hello Bcc: eve@example.org X: y\r\n"), "{mail}");
        assert!(!mail.lines().any(|line| line.starts_with("Bcc")));
        for address in [
            "ada@example.org\r\nRCPT TO:<eve@example.org>",
            "ada@example.org>",
            "",
            "ada",
            "ada@example.org, eve@example.org",
            "Ada <ada@example.org>",
            "ada@exa\nmple.org",
        ] {
            let never = composer().compose(
                &Outgoing { address: address.into(), ..outgoing() },
                Timestamp::UNIX_EPOCH,
            );
            let never = never.unwrap_err();
            assert_eq!(never, Delivery::suppressed("no mail address"), "{address:?}");
        }
        for url in ["https://example.org/\r\nBcc: e@x", "http://example.org/", "https://x/>,<y"] {
            let unsubscribe = Some(url.to_owned());
            let later = composer()
                .compose(&Outgoing { unsubscribe, ..outgoing() }, Timestamp::UNIX_EPOCH)
                .unwrap_err();
            assert!(matches!(later, Delivery::Later { .. }), "{url:?}");
        }
    }

    #[test]
    fn every_line_of_a_mail_is_short_and_ends_alike() {
        let mut long = outgoing();
        long.subject = "Ä".repeat(900);
        long.text = format!("{}\n.\nlone\rend", "ü".repeat(3000));
        long.html = format!("<p>{}</p>", "x".repeat(5000));
        let mail = composed(&long);
        assert!(mail.split("\r\n").all(|line| line.len() <= 998));
        assert!(!mail.replace("\r\n", "").contains(['\r', '\n']), "{mail}");
    }
}
