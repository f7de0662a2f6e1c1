//! What mail servers report later: mail that did not arrive (RFC 3464), and people who called it
//! spam (RFC 5965). Anybody can send such a report, so that it only counts with the `Message-ID` of
//! a mail of ours in it; whoever feeds them compares that.

use crate::email::plain_message_id;

/// Longer ones carry the whole mail back; what is looked for stands before.
const BYTES_MAX: usize = 1 << 20;
/// Parts of a mail that are looked at, all levels together.
const PARTS_MAX: usize = 32;
/// Recipients of one report; ours have one.
const RECIPIENTS_MAX: usize = 32;

/// One recipient of one report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailReport {
    /// The name of the message, as [`crate::Outgoing::message_id`] had it; from the mail that came
    /// back.
    pub message_id: Option<String>,
    /// The address, if the report has one.
    pub recipient: Option<String>,
    pub kind: MailReportKind,
}

/// What became of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailReportKind {
    /// It did not arrive and will not; with `suppress`, nobody is there.
    Failed { suppress: bool },
    /// A server still tries.
    Delayed,
    /// It arrived, or was passed on.
    Delivered,
    /// The person called it spam: nothing more may be sent there.
    Complained,
}

/// A header section as names in lower case and unfolded values.
type Fields = Vec<(String, String)>;

/// Reads a whole mail; empty if it is no report.
#[must_use]
pub fn mail_reports(mail: &str) -> Vec<MailReport> {
    let mut end = mail.len().min(BYTES_MAX);
    while !mail.is_char_boundary(end) {
        end -= 1;
    }
    let mail = mail[..end].replace("\r\n", "\n");
    let mut parts = Vec::new();
    collect(&mail, &mut parts, 0);
    let message_id = parts.iter().find_map(|(kind, body)| original_id(kind, body));
    let mut reports = Vec::new();
    for (kind, body) in &parts {
        match kind.as_str() {
            "message/delivery-status" => statuses(body, message_id.as_ref(), &mut reports),
            "message/feedback-report" => reports.extend(feedback(body, message_id.as_ref())),
            _ => {}
        }
    }
    reports.truncate(RECIPIENTS_MAX);
    reports
}

/// Content type and body of every part that has no parts itself.
fn collect(part: &str, parts: &mut Vec<(String, String)>, depth: u8) {
    if parts.len() >= PARTS_MAX || depth > 4 {
        return;
    }
    let (head, body) = split_head(part);
    let fields = fields(head);
    let content_type = value(&fields, "content-type").unwrap_or("text/plain").to_owned();
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let Some(boundary) = boundary(&content_type).filter(|_| kind.starts_with("multipart/")) else {
        parts.push((kind, body.to_owned()));
        return;
    };
    let mut current: Option<String> = None;
    for line in body.split('\n') {
        let Some(rest) = line.strip_prefix("--").and_then(|line| line.strip_prefix(&boundary))
        else {
            if let Some(current) = &mut current {
                current.push_str(line);
                current.push('\n');
            }
            continue;
        };
        if let Some(done) = current.take() {
            collect(&done, parts, depth + 1);
        }
        if rest.starts_with("--") {
            return;
        }
        current = Some(String::new());
    }
    if let Some(cut_off) = current {
        collect(&cut_off, parts, depth + 1);
    }
}

fn split_head(part: &str) -> (&str, &str) {
    match part.strip_prefix('\n') {
        Some(body) => ("", body),
        None => part.split_once("\n\n").unwrap_or((part, "")),
    }
}

fn fields(head: &str) -> Fields {
    let mut fields: Fields = Vec::new();
    for line in head.split('\n') {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    fields
}

fn value<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.iter().find(|(has, _)| has == name).map(|(_, value)| value.as_str())
}

fn boundary(content_type: &str) -> Option<String> {
    let at = content_type.to_ascii_lowercase().find("boundary=")?;
    let rest = &content_type[at + "boundary=".len()..];
    let boundary = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => rest.split([';', ' ', '\t']).next()?,
    };
    (!boundary.is_empty()).then(|| boundary.to_owned())
}

/// The name of the mail that came back, whole or its headers alone.
fn original_id(kind: &str, body: &str) -> Option<String> {
    if !matches!(kind, "message/rfc822" | "message/global" | "text/rfc822-headers") {
        return None;
    }
    let (head, _) = split_head(body.trim_start_matches('\n'));
    plain_message_id(value(&fields(head), "message-id")?)
}

/// `rfc822; ada@example.org` (RFC 3464, section 2.3.2).
fn address(text: &str) -> Option<String> {
    let text = text.rsplit(';').next()?.trim().trim_start_matches('<').trim_end_matches('>');
    (text.contains('@') && text.len() <= 320).then(|| text.to_owned())
}

/// A group of fields for the message, then one for each recipient.
fn statuses(body: &str, message_id: Option<&String>, reports: &mut Vec<MailReport>) {
    for group in body.split("\n\n").take(RECIPIENTS_MAX + 1) {
        let fields = fields(group.trim_start_matches('\n'));
        let Some(action) = value(&fields, "action") else { continue };
        let action = action.split([' ', '(']).next().unwrap_or_default().to_ascii_lowercase();
        let status = value(&fields, "status").unwrap_or_default();
        let kind = match action.as_str() {
            "failed" => MailReportKind::Failed { suppress: is_nobody(status) },
            "delayed" => MailReportKind::Delayed,
            "delivered" | "relayed" | "expanded" => MailReportKind::Delivered,
            _ => continue,
        };
        let recipient = value(&fields, "original-recipient").and_then(address);
        let recipient = recipient.or_else(|| value(&fields, "final-recipient").and_then(address));
        reports.push(MailReport { message_id: message_id.cloned(), recipient, kind });
    }
}

/// As at the door (`email/reply.rs`): only what is said about the mailbox counts against it.
fn is_nobody(status: &str) -> bool {
    let status = status.split([' ', '(']).next().unwrap_or_default();
    let is_bad_address = status.starts_with("5.1.") && status != "5.1.7" && status != "5.1.8";
    is_bad_address || status == "5.2.1"
}

fn feedback(body: &str, message_id: Option<&String>) -> Option<MailReport> {
    let fields = fields(body.trim_start_matches('\n'));
    let kind = value(&fields, "feedback-type")?.to_ascii_lowercase();
    // `not-spam` takes a complaint back, `virus` and `auth-failure` are not the person's.
    if !matches!(kind.as_str(), "abuse" | "fraud" | "opt-out" | "opt-out-list" | "other") {
        return None;
    }
    let recipient = value(&fields, "original-rcpt-to").and_then(address);
    let kind = MailReportKind::Complained;
    Some(MailReport { message_id: message_id.cloned(), recipient, kind })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// As in RFC 3464, appendix B, with a mail of ours.
    fn bounce(action: &str, status: &str, original: &str) -> String {
        format!(
            "From: mailer-daemon@mx.example.net\r\nSubject: Undelivered\r\n\
             Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"B/1=2\"\r\n\r\n\
             --B/1=2\r\n\r\nSorry.\r\n--B/1=2\r\nContent-Type: message/delivery-status\r\n\r\n\
             Reporting-MTA: dns; mx.example.net\r\n\r\n\
             Final-Recipient: rfc822; ada@elsewhere.example.net\r\n\
             Original-Recipient: rfc822;ada@example.net\r\nAction: {action}\r\nStatus: {status}\r\n\
             Diagnostic-Code: smtp; 550\r\n 5.1.1 unknown\r\n\r\n\
             --B/1=2\r\nContent-Type: {original}\r\n\r\n\
             From: tickets@example.org\r\nMessage-ID:\r\n <msg_42@example.org>\r\nTo: a\r\n\r\n\
             --B/1=2--\r\n"
        )
    }

    #[test]
    fn bounces_name_the_message_and_say_whether_anybody_is_there() {
        for (action, status, kind) in [
            ("failed", "5.1.1", MailReportKind::Failed { suppress: true }),
            ("Failed (really)", "5.1.10", MailReportKind::Failed { suppress: true }),
            ("failed", "5.2.1 (disabled)", MailReportKind::Failed { suppress: true }),
            ("failed", "5.1.8", MailReportKind::Failed { suppress: false }),
            ("failed", "5.2.2", MailReportKind::Failed { suppress: false }),
            ("failed", "5.7.1", MailReportKind::Failed { suppress: false }),
            ("failed", "4.4.7", MailReportKind::Failed { suppress: false }),
            ("failed", "", MailReportKind::Failed { suppress: false }),
            ("delayed", "4.4.1", MailReportKind::Delayed),
            ("relayed", "2.0.0", MailReportKind::Delivered),
        ] {
            for original in ["message/rfc822", "text/rfc822-headers; charset=us-ascii"] {
                let reports = mail_reports(&bounce(action, status, original));
                let report = MailReport {
                    message_id: Some("msg_42".into()),
                    recipient: Some("ada@example.net".into()),
                    kind,
                };
                assert_eq!(reports, [report], "{action} {status} {original}");
            }
        }
    }

    /// As in RFC 5965, appendix B.
    #[test]
    fn complaints_name_the_message() {
        let mail = "From: <abuse@isp.example.net>\nMIME-Version: 1.0\n\
            Content-Type: multipart/report; report-type=feedback-report; boundary=part1\n\n\
            --part1\nContent-Type: text/plain\n\nThis is an abuse report.\n\n\
            --part1\nContent-Type: message/feedback-report\n\n\
            Feedback-Type: abuse\nUser-Agent: SomeGenerator/1.0\nVersion: 1\n\
            Original-Rcpt-To: <ada@example.net>\n\n\
            --part1\nContent-Type: message/rfc822\nContent-Disposition: inline\n\n\
            From: tickets@example.org\nMessage-ID: <msg_7@example.org>\n\nSpam?\n--part1--\n";
        let [report] = &mail_reports(mail)[..] else { panic!("one report") };
        assert_eq!(report.message_id.as_deref(), Some("msg_7"));
        assert_eq!(report.recipient.as_deref(), Some("ada@example.net"));
        assert_eq!(report.kind, MailReportKind::Complained);
        assert_eq!(mail_reports(&mail.replace("abuse\n", "not-spam\n")), []);
    }

    #[test]
    fn what_is_no_report_says_nothing_whatever_its_shape() {
        let whole = bounce("failed", "5.1.1", "message/rfc822");
        for end in 0..whole.len() {
            for report in mail_reports(&whole[..end]) {
                assert!(matches!(report.kind, MailReportKind::Failed { .. }));
            }
        }
        let nested =
            (0..40).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n"));
        let many =
            format!("Content-Type: multipart/mixed; boundary=x\n\n{}", "--x\n\n".repeat(9999));
        for mail in
            ["", "\n", "Subject: hello\n\nAction: failed\n", &nested.collect::<String>(), &many]
        {
            assert_eq!(mail_reports(mail), []);
        }
        // The words of a person prove nothing.
        let quoted = whole.replace("message/delivery-status", "text/plain");
        assert_eq!(mail_reports(&quoted), []);
    }

    #[test]
    fn names_that_are_not_ours_are_none() {
        for name in ["<a b@x>", "<@x>", "<>", "", "<a.b+c@x>"] {
            let mail =
                bounce("failed", "5.1.1", "message/rfc822").replace("<msg_42@example.org>", name);
            assert_eq!(mail_reports(&mail)[0].message_id, None, "{name}");
        }
    }
}
