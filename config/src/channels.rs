//! Settings of the channels that reach people.

use std::path::PathBuf;

use serde::Deserialize;

use crate::InvalidSetting;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelsSettings {
    pub connections: usize,
    pub quiet_from: String,
    pub quiet_until: String,
    pub announcements_per_week: u32,
    pub email: EmailSettings,
    pub sms: SmsSettings,
    pub web_push: WebPushSettings,
    pub webhooks: WebhookSettings,
}

/// A mail server; an empty address is none.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailSettings {
    pub server: String,
    pub encryption: MailEncryption,
    pub name: String,
    pub password_file: PathBuf,
    pub authority_file: PathBuf,
    pub from: String,
    pub bounces_to: String,
    pub dkim_selector: String,
    pub dkim_key_file: PathBuf,
}

/// How a connection to a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailEncryption {
    None,
    Offered,
    Required,
    Wrapped,
}

/// An account at a provider of text messages; an empty address is none.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsSettings {
    pub api: String,
    pub account: String,
    pub token_file: PathBuf,
    pub from: String,
}

/// The key that browsers know this installation by; an empty file is none.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebPushSettings {
    pub key_file: PathBuf,
    pub contact: String,
}

/// Programs of others that are called with facts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    pub private_addresses: Vec<String>,
}

/// A time of day as minutes since midnight, from `22:00`.
#[must_use]
pub fn time_of_day(text: &str) -> Option<(u8, u8)> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute): (u8, u8) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then_some((hour, minute))
}

impl ChannelsSettings {
    pub(crate) fn violations(&self) -> Vec<InvalidSetting> {
        let ChannelsSettings { connections, quiet_from, quiet_until, email, sms, .. } = self;
        let server = &email.server;
        let is_server = server.rsplit_once(':').is_some_and(|(host, port)| {
            !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)
        });
        let clock = "a time of day such as 22:00";
        let rows = [
            (
                (1..=32).contains(connections),
                "channels.connections",
                connections.to_string(),
                "between 1 and 32; mail servers allow some dozens from one sender",
            ),
            (time_of_day(quiet_from).is_some(), "channels.quiet_from", quiet_from.clone(), clock),
            (
                time_of_day(quiet_until).is_some(),
                "channels.quiet_until",
                quiet_until.clone(),
                clock,
            ),
            (
                server.is_empty() || is_server,
                "channels.email.server",
                server.clone(),
                "a host and port such as smtp.example.org:587, or nothing",
            ),
            (
                server.is_empty() || email.from.contains('@'),
                "channels.email.from",
                email.from.clone(),
                "whom mail is from, such as \"Tickets <tickets@example.org>\"",
            ),
            (
                email.dkim_selector.is_empty() == email.dkim_key_file.as_os_str().is_empty(),
                "channels.email.dkim_selector",
                email.dkim_selector.clone(),
                "both dkim_selector and dkim_key_file, or neither",
            ),
            (
                sms.api.is_empty() || !sms.from.is_empty(),
                "channels.sms.from",
                sms.from.clone(),
                "a number or name that the provider lets you send from",
            ),
        ];
        let broken = rows.into_iter().filter(|row| !row.0);
        broken.map(|(_, key, value, fix)| (key, value, fix)).collect()
    }
}
