//! Channels that reach people: e-mail, text message, web push; and webhooks for other programs.
//!
//! **Owns** what goes over each channel and what its answers mean, texts in every language, and
//! when a person may be disturbed. **Never does** decide who agreed to what: consents are facts.
//!
//! Start reading at `courier.rs` (what a channel is), then `email/mod.rs`.

mod changes;
mod check;
mod choose;
mod counter;
mod courier;
mod deliver;
#[cfg(test)]
mod delivery_tests;
mod email;
mod endings;
mod feed;
mod guard;
mod http;
mod keys;
mod money;
mod occasion;
mod quiet;
mod reports;
mod say;
mod service;
mod sms;
mod templates;
#[cfg(test)]
mod test_words;
mod web_push;
mod webhook;
mod when;
mod words;
mod world;

pub use check::check;
pub use courier::{ChannelSetting, Courier, Delivery, Language, Outgoing, Urgency};
pub use email::{DkimOptions, DkimSigner, EmailCourier, EmailOptions, SmtpEncryption};
pub use guard::{AddressGuard, AddressRange};
pub use occasion::{OCCASIONS, Occasion};
pub use quiet::{PersonWeek, QuietHours, capped_until};
pub use reports::{MailReport, MailReportKind, mail_reports};
pub use say::{CodeWriter, SAMPLE_CODE};
pub use service::{ChannelsOptions, spawn, spawn_with};
pub use sms::{SmsCourier, SmsOptions, SmsOutcome, SmsReport, sms_report};
pub use templates::{Rendered, TemplateError, Templates, Variables};
pub use web_push::{VapidKey, WebPushCourier, WebPushOptions};
pub use webhook::{
    WEBHOOK_TRIES_MAX, WebhookCourier, WebhookEndpoint, WebhookOptions, WebhookSecret,
    webhook_pause,
};
pub use when::{clock, moment};
