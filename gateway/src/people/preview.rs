//! How a message will look to its reader; whoever sends messages knows that.

use floodgate_domain::{Announcement, Channel, EventDetails};

/// A message in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewedMessage {
    pub subject: String,
    pub text: String,
    /// Where the channel shows more than text.
    pub html: Option<String>,
}

/// Renders messages like those that are sent.
pub trait MessagePreview: Send + Sync + std::fmt::Debug {
    /// An announcement of an event, in a language, on a channel.
    fn announcement(
        &self,
        language: &str,
        channel: Channel,
        announcement: &Announcement,
        event: &EventDetails,
    ) -> Result<PreviewedMessage, String>;

    /// How many announcements one person gets a week, beside those on the page.
    fn weekly_cap(&self) -> u64;
}

/// A message that came back, or whose reader complained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnedMessage {
    /// As the store of people names it, or as the other side does.
    pub message: String,
    /// Why nothing is sent to its address any more: `bounced`, or `complained`. `None` where the
    /// address may be good.
    pub suppress: Option<&'static str>,
}

/// A report came from somebody who does not have our secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForgedReport;

/// Reads what mail servers and providers of text messages report.
pub trait ChannelReports: Send + Sync + std::fmt::Debug {
    /// The messages a mail says came back for good: a delivery status notification (RFC 3464) or a
    /// complaint (RFC 5965); none of any other mail.
    fn returned(&self, mail: &str) -> Vec<ReturnedMessage>;

    /// The message that a provider's report on a text says came back; `None` while it is on its way
    /// or there. `form` is the decoded body, `signature` the header that goes with it.
    fn text_report(
        &self,
        form: &[(String, String)],
        signature: &str,
    ) -> Result<Option<ReturnedMessage>, ForgedReport>;
}
