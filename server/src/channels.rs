//! The channels that the settings name, and their words for those who look before they send.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use floodgate_admission::{Keys, seal_code};
use floodgate_channels::{
    AddressGuard, ChannelsOptions, CodeWriter, DkimOptions, EmailOptions, Language, MailReportKind,
    QuietHours, SAMPLE_CODE, SmsOptions, SmsOutcome, SmtpEncryption, Templates, VapidKey,
    Variables, WebPushOptions, mail_reports, sms_report,
};
use floodgate_config::{
    EmailSettings, MailEncryption, Settings, SmsSettings, WebhookSettings, time_of_day,
};
use floodgate_domain::{Announcement, Channel, EventDetails};
use floodgate_gateway::{
    ChannelReports, ForgedReport, MessagePreview, PreviewedMessage, ReturnedMessage,
};

/// For each step of a conversation with a mail server (RFC 5321 allows minutes; a claim does not wait as long).
const MAIL_STEP: Duration = Duration::from_secs(15);
/// Mails over one connection; many servers close it after a hundred.
const MAILS_PER_CONNECTION: u32 = 100;

/// Where people find the pages: what the settings say, or this machine where only it is served.
fn public_url(settings: &Settings, address: SocketAddr) -> Result<String> {
    let named = &settings.payments.public_url;
    if !named.is_empty() {
        return Ok(named.clone());
    }
    let sends = !settings.channels.email.server.is_empty() || !settings.channels.sms.api.is_empty();
    if sends && !address.ip().is_loopback() {
        bail!(
            "payments.public_url is not set: messages have links; name the address at which people \
             find the pages, such as https://tickets.example.org"
        );
    }
    Ok(format!("http://127.0.0.1:{}", address.port()))
}

/// What the settings say, with their secrets read.
pub(crate) fn options(
    settings: &Settings,
    address: SocketAddr,
    codes: CodeWriter,
) -> Result<ChannelsOptions> {
    let channels = &settings.channels;
    let clock = |text: &str| {
        let (hour, minute) = time_of_day(text).context("checked with the settings")?;
        Ok::<_, anyhow::Error>(jiff::civil::time(hour.cast_signed(), minute.cast_signed(), 0, 0))
    };
    let web_push = &channels.web_push;
    Ok(ChannelsOptions {
        public_url: public_url(settings, address)?,
        codes,
        email: email(&channels.email)?,
        sms: sms(settings)?,
        web_push: file(&web_push.key_file).map(|key_file| WebPushOptions {
            key_file,
            contact: web_push.contact.clone(),
            guard: AddressGuard::default(),
        }),
        webhook_guard: webhook_guard(&channels.webhooks)?,
        connections: channels.connections,
        quiet_hours: QuietHours {
            from: clock(&channels.quiet_from)?,
            until: clock(&channels.quiet_until)?,
        },
        announcements_per_week: channels.announcements_per_week,
    })
}

/// What browsers subscribe under, if push messages are sent.
pub(crate) fn push_key(settings: &Settings) -> Result<Option<String>> {
    let Some(path) = file(&settings.channels.web_push.key_file) else { return Ok(None) };
    let pem = secret(&path, "channels.web_push.key_file")?;
    let key = VapidKey::from_pem(&pem).context("channels.web_push.key_file")?;
    Ok(Some(key.public()))
}

/// Writes codes of a presale as the gateway reads them.
pub(crate) fn code_writer(root: [u8; 32]) -> CodeWriter {
    let keys = Keys::new(1, root);
    CodeWriter::new(move |event_id, code| seal_code(&keys, event_id, code))
}

fn webhook_guard(settings: &WebhookSettings) -> Result<AddressGuard> {
    let parse = |text: &String| {
        text.parse().with_context(|| format!("channels.webhooks.private_addresses: {text:?}"))
    };
    let ranges = settings.private_addresses.iter().map(parse);
    Ok(AddressGuard::new(ranges.collect::<Result<_>>()?))
}

fn file(path: &Path) -> Option<PathBuf> {
    Some(path.to_owned()).filter(|path| !path.as_os_str().is_empty())
}

fn secret(path: &Path, setting: &str) -> Result<String> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read {setting} = {}", path.display()))?;
    Ok(text.trim().to_owned())
}

fn email(settings: &EmailSettings) -> Result<Option<EmailOptions>> {
    let Some((host, port)) = settings.server.rsplit_once(':') else { return Ok(None) };
    let port = port.parse().context("channels.email.server: a port")?;
    let credentials = match file(&settings.password_file) {
        None => None,
        Some(path) => {
            let password = secret(&path, "channels.email.password_file")?;
            Some((settings.name.clone(), password))
        }
    };
    let domain = settings.from.trim_end_matches('>').rsplit('@').next().unwrap_or_default();
    let dkim = file(&settings.dkim_key_file).map(|key_file| DkimOptions {
        domain: domain.to_owned(),
        selector: settings.dkim_selector.clone(),
        key_file,
    });
    Ok(Some(EmailOptions {
        host: host.trim_matches(['[', ']']).to_owned(),
        port,
        encryption: match settings.encryption {
            MailEncryption::None => SmtpEncryption::None,
            MailEncryption::Offered => SmtpEncryption::Offered,
            MailEncryption::Required => SmtpEncryption::Required,
            MailEncryption::Wrapped => SmtpEncryption::Wrapped,
        },
        credentials,
        authority_file: file(&settings.authority_file),
        from: settings.from.clone(),
        bounces_to: Some(settings.bounces_to.clone()).filter(|text| !text.is_empty()),
        dkim: dkim.into_iter().collect(),
        mails_per_connection: MAILS_PER_CONNECTION,
        timeout: MAIL_STEP,
    }))
}

/// Where a provider of text messages reports: only under the name that people use, since it is what
/// the report is signed over.
fn status_url(settings: &Settings) -> String {
    let named = settings.payments.public_url.trim_end_matches('/');
    if named.is_empty() { String::new() } else { format!("{named}/v1/channels/sms/reports") }
}

fn sms(all: &Settings) -> Result<Option<SmsOptions>> {
    let settings: &SmsSettings = &all.channels.sms;
    if settings.api.is_empty() {
        return Ok(None);
    }
    Ok(Some(SmsOptions {
        base: settings.api.clone(),
        account: settings.account.clone(),
        token: secret(&settings.token_file, "channels.sms.token_file")?,
        from: settings.from.clone(),
        status_url: status_url(all),
    }))
}

/// Announcements in the words in which they go out.
#[derive(Debug)]
pub(crate) struct ChannelPreview {
    pub(crate) templates: Templates,
    pub(crate) weekly_cap: u64,
}

impl MessagePreview for ChannelPreview {
    fn announcement(
        &self,
        language: &str,
        channel: Channel,
        announcement: &Announcement,
        event: &EventDetails,
    ) -> Result<PreviewedMessage, String> {
        let Announcement { subject, text, link, picture, .. } = announcement;
        let mut values: Variables = [("event", &event.name), ("subject", subject), ("text", text)]
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .into();
        for (name, value) in [("link", link), ("picture", picture)] {
            if !value.is_empty() {
                values.insert(name.to_owned(), value.clone());
            }
        }
        if announcement.codes.is_some() {
            values.insert("code".to_owned(), SAMPLE_CODE.to_owned());
        }
        if channel == Channel::Email {
            // Each reader has a link of their own; this one ends nothing.
            values.insert("unsubscribe".to_owned(), "https://example.org/unsubscribe".to_owned());
        }
        let seen = self.templates.render("announcement", Language::nearest(language), &values);
        let seen = seen.map_err(|error| error.to_string())?;
        let is_brief = matches!(channel, Channel::Sms | Channel::WebPush);
        Ok(PreviewedMessage {
            subject: seen.subject,
            text: if is_brief { seen.short } else { seen.text },
            html: (channel == Channel::Email).then_some(seen.html),
        })
    }

    fn weekly_cap(&self) -> u64 {
        self.weekly_cap
    }
}

/// Reads what comes back, as the channels that sent it know it.
#[derive(Clone)]
pub(crate) struct Reports {
    /// The token of the provider of text messages, and the address it was given.
    text_messages: Option<(String, String)>,
}

impl std::fmt::Debug for Reports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reports")
    }
}

impl Reports {
    pub(crate) fn new(settings: &Settings) -> Result<Self> {
        let sms = sms(settings)?.filter(|options| !options.status_url.is_empty());
        let text_messages = sms.map(|options| (options.token, options.status_url));
        Ok(Reports { text_messages })
    }
}

impl ChannelReports for Reports {
    fn returned(&self, mail: &str) -> Vec<ReturnedMessage> {
        let reports = mail_reports(mail).into_iter().filter_map(|report| {
            let suppress = match report.kind {
                MailReportKind::Failed { suppress: true } => Some("bounced"),
                MailReportKind::Failed { suppress: false } => None,
                MailReportKind::Complained => Some("complained"),
                MailReportKind::Delayed | MailReportKind::Delivered => return None,
            };
            Some(ReturnedMessage { message: report.message_id?, suppress })
        });
        reports.collect()
    }

    fn text_report(
        &self,
        form: &[(String, String)],
        signature: &str,
    ) -> Result<Option<ReturnedMessage>, ForgedReport> {
        let (token, url) = self.text_messages.as_ref().ok_or(ForgedReport)?;
        let report = sms_report(token, url, form, signature).ok_or(ForgedReport)?;
        Ok(match report.outcome {
            SmsOutcome::OnItsWay | SmsOutcome::Delivered => None,
            SmsOutcome::Failed { suppress } => {
                let suppress = suppress.then_some("bounced");
                Some(ReturnedMessage { message: report.reference, suppress })
            }
        })
    }
}
