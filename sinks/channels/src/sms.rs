//! Text messages, over the form that most providers have taken from Twilio: one POST per message,
//! and a signed call back when the network has said more.
//!
//! There is no name under which a provider would take a message only once, so that a crash between
//! its answer and our record can repeat the one text that was under way.

use std::fmt;

use jiff::Timestamp;
use ring::hmac;
use serde::Deserialize;
use ureq::Agent;

use crate::courier::{ChannelSetting, Courier, Delivery, Outgoing, plain_reference};
use crate::http::{ANSWER_BYTES_MAX, agent_for_provider, common_answer, is_safe, unanswered};

/// What providers take in one message, in parts or not.
const TEXT_CHARS_MAX: usize = 1600;

/// What the channel needs to know.
#[derive(Clone)]
pub struct SmsOptions {
    /// Up to and without `/2010-04-01`, as `https://api.twilio.com`.
    pub base: String,
    pub account: String,
    pub token: String,
    /// A number as `+4930123456`, or a name that the provider allows.
    pub from: String,
    /// Where the provider reports; empty for nowhere.
    pub status_url: String,
}

impl fmt::Debug for SmsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmsOptions").field("base", &self.base).finish_non_exhaustive()
    }
}

/// Sends text messages.
#[derive(Debug)]
pub struct SmsCourier {
    agent: Agent,
    options: SmsOptions,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    sid: String,
    /// Of a refusal.
    #[serde(default)]
    code: u32,
}

impl SmsCourier {
    pub fn new(options: SmsOptions) -> Result<Self, ChannelSetting> {
        if !is_safe(&options.base) {
            let reason = "the provider of text messages needs an https address";
            return Err(ChannelSetting(reason.into()));
        }
        let is_plain = options.account.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if options.account.is_empty() || !is_plain {
            return Err(ChannelSetting("the account of the provider is alphanumeric".into()));
        }
        Ok(SmsCourier { agent: agent_for_provider(), options })
    }

    fn understand(&self, status: u16, answer: &Answer) -> Delivery {
        match status {
            200 | 201 if !answer.sid.is_empty() => {
                Delivery::Sent { reference: plain_reference(&answer.sid) }
            }
            400 => refusal(answer.code),
            _ => Delivery::later(format!("answer {status}")),
        }
    }
}

/// Codes that say something about the number; the rest is about the account or the request.
fn refusal(code: u32) -> Delivery {
    let reason = format!("answer 400: {code}");
    match code {
        // No number; stopped by its owner; a landline; no such subscriber; none of our region.
        21211 | 21610 | 21614 | 21217 => Delivery::suppressed(reason),
        // The region is not enabled; it cannot be reached from this sender; the text is too long or
        // empty.
        21408 | 21612 | 21617 | 21602 => Delivery::never(reason),
        _ => Delivery::later(reason),
    }
}

impl Courier for SmsCourier {
    fn channel(&self) -> &'static str {
        "sms"
    }

    fn deliver(&mut self, outgoing: &Outgoing) -> Delivery {
        if !is_number(&outgoing.address) {
            return Delivery::suppressed("no number as +491701234567");
        }
        let SmsOptions { base, account, token, from, status_url } = &self.options;
        let url =
            format!("{}/2010-04-01/Accounts/{account}/Messages.json", base.trim_end_matches('/'));
        let text = words(outgoing);
        let mut form = vec![("To", outgoing.address.as_str()), ("From", from), ("Body", &text)];
        if !status_url.is_empty() {
            form.push(("StatusCallback", status_url));
        }
        let login = crate::keys::base64(format!("{account}:{token}").as_bytes());
        let request = self.agent.post(url).header("Authorization", format!("Basic {login}"));
        let mut response = match request.send_form(form) {
            Ok(response) => response,
            Err(error) => return unanswered(&error),
        };
        let status = response.status().as_u16();
        if let Some(delivery) = common_answer(status, response.headers(), Timestamp::now()) {
            return delivery;
        }
        let body = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string();
        let answer = body.ok().and_then(|body| serde_json::from_str(&body).ok());
        self.understand(status, &answer.unwrap_or(Answer { sid: String::new(), code: 0 }))
    }
}

/// E.164: a plus, and at most 15 digits.
fn is_number(address: &str) -> bool {
    let Some(digits) = address.strip_prefix('+') else { return false };
    (7..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0')
}

fn words(outgoing: &Outgoing) -> String {
    let link = if outgoing.text.contains(&outgoing.link) { "" } else { outgoing.link.as_str() };
    let room = TEXT_CHARS_MAX.saturating_sub(link.chars().count() + 1);
    let text: String = outgoing.text.trim().chars().take(room).collect();
    format!("{text}\n{link}").trim_end().to_owned()
}

/// What a provider reports later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmsReport {
    /// The reference that sending answered with.
    pub reference: String,
    pub outcome: SmsOutcome,
}

/// Where a text message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmsOutcome {
    OnItsWay,
    Delivered,
    Failed { suppress: bool },
}

/// Checks and reads a report: `url` as the provider was given it, the decoded form, and the header
/// `X-Twilio-Signature`. `None` for whatever is not the provider's. The signature is Base64 of
/// HMAC-SHA1 under the token, over the URL and every name and value, sorted by name.
#[must_use]
pub fn sms_report(
    token: &str,
    url: &str,
    form: &[(String, String)],
    signature: &str,
) -> Option<SmsReport> {
    let mut sorted: Vec<&(String, String)> = form.iter().collect();
    sorted.sort();
    sorted.dedup();
    let mut signed = url.to_owned();
    for (name, value) in sorted {
        signed.push_str(name);
        signed.push_str(value);
    }
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.as_bytes());
    let given = crate::keys::from_base64(signature)?;
    hmac::verify(&key, signed.as_bytes(), &given).ok()?;
    let field =
        |name: &str| form.iter().find(|(has, _)| has == name).map(|(_, value)| value.as_str());
    let reference = plain_reference(field("MessageSid")?);
    let outcome = match field("MessageStatus")? {
        "delivered" | "read" => SmsOutcome::Delivered,
        "failed" | "undelivered" => {
            let code = field("ErrorCode").and_then(|code| code.parse().ok()).unwrap_or(0);
            // Stopped by its owner; no such number any more; a landline.
            SmsOutcome::Failed { suppress: matches!(code, 21610 | 30005 | 30006) }
        }
        _ => SmsOutcome::OnItsWay,
    };
    Some(SmsReport { reference, outcome })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::test_words::outgoing;

    fn form(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// The example of the provider's documentation.
    #[test]
    fn reports_are_checked_as_the_provider_signs_them() {
        let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
        let mut fields = form(&[
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+14158675309"),
            ("Digits", "1234"),
            ("From", "+14158675309"),
            ("To", "+18005551212"),
        ]);
        let signature = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"12345");
        let mut signed = url.to_owned();
        fields.iter().for_each(|(name, value)| signed.push_str(&format!("{name}{value}")));
        assert_eq!(crate::keys::base64(hmac::sign(&key, signed.as_bytes()).as_ref()), signature);
        // It is no report of a message, but the signature is good; any change makes it bad.
        assert_eq!(sms_report("12345", url, &fields, signature), None);
        fields.reverse();
        assert_eq!(sms_report("12345", url, &fields, signature), None);
    }

    #[test]
    fn reports_say_where_a_text_is_and_forged_ones_say_nothing() {
        let url = "https://tickets.example.org/v1/channels/sms";
        let signed = |fields: &[(String, String)]| {
            let mut text = url.to_owned();
            let mut sorted = fields.to_vec();
            sorted.sort();
            sorted.iter().for_each(|(name, value)| text.push_str(&format!("{name}{value}")));
            let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"token");
            crate::keys::base64(hmac::sign(&key, text.as_bytes()).as_ref())
        };
        for (status, code, outcome) in [
            ("queued", "", SmsOutcome::OnItsWay),
            ("sent", "", SmsOutcome::OnItsWay),
            ("delivered", "", SmsOutcome::Delivered),
            ("undelivered", "30003", SmsOutcome::Failed { suppress: false }),
            ("undelivered", "30005", SmsOutcome::Failed { suppress: true }),
            ("failed", "21610", SmsOutcome::Failed { suppress: true }),
            ("what", "", SmsOutcome::OnItsWay),
        ] {
            let fields =
                form(&[("MessageStatus", status), ("MessageSid", "SM1"), ("ErrorCode", code)]);
            let signature = signed(&fields);
            let report = SmsReport { reference: "SM1".into(), outcome };
            assert_eq!(sms_report("token", url, &fields, &signature), Some(report), "{status}");
            for (token, url) in [("other", url), ("token", "https://elsewhere.example.org/")] {
                assert_eq!(sms_report(token, url, &fields, &signature), None);
            }
            let mut changed = fields.clone();
            changed[1].1 = "SM2".into();
            assert_eq!(sms_report("token", url, &changed, &signature), None);
            assert_eq!(sms_report("token", url, &fields, ""), None);
        }
    }

    #[test]
    fn numbers_and_texts_are_as_networks_take_them() {
        for (number, is_one) in [
            ("+491701234567", true),
            ("+15551234", true),
            ("+0491701234567", false),
            ("491701234567", false),
            ("+49170", false),
            ("+4917012345678901", false),
            ("+49 170 1234567", false),
            ("+49170123456&To=+1900", false),
        ] {
            assert_eq!(is_number(number), is_one, "{number}");
        }
        let mut long = outgoing();
        long.text = "ä".repeat(5000);
        let text = words(&long);
        assert_eq!(text.chars().count(), TEXT_CHARS_MAX);
        assert!(text.ends_with(&long.link), "the link is never cut off");
        long.text = format!("Look: {}", long.link);
        assert_eq!(words(&long), long.text, "a link is said once");
    }
}
