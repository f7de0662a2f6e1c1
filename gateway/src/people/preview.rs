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

/// Messages as the words they are, for a gateway that sends none itself.
#[derive(Debug, Clone, Copy)]
pub struct PlainPreview {
    pub weekly_cap: u64,
}

impl MessagePreview for PlainPreview {
    fn announcement(
        &self,
        _: &str,
        _: Channel,
        announcement: &Announcement,
        _: &EventDetails,
    ) -> Result<PreviewedMessage, String> {
        let (subject, words) = (announcement.subject.clone(), &announcement.text);
        let text = match announcement.link.as_str() {
            "" => words.clone(),
            link => format!("{words}\n\n{link}"),
        };
        Ok(PreviewedMessage { subject, text, html: None })
    }

    fn weekly_cap(&self) -> u64 {
        self.weekly_cap
    }
}
