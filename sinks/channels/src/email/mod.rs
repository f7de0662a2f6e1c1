//! E-mail over SMTP (RFC 5321). One courier has one connection, which it keeps for many mails.
//!
//! No mail is lost; a crash, or a connection that breaks after the content went out, can repeat the
//! one mail that was under way. Its `Message-ID` is the same, so mail programs show it once.
//!
//! Start reading at [`EmailCourier::deliver`]; what replies mean is in `reply.rs`, how a mail is
//! written in `compose.rs`, signatures in `dkim.rs`.

mod compose;
mod dkim;
mod reply;

pub(crate) use compose::plain_message_id;
pub use dkim::{DkimOptions, DkimSigner};

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use lettre::Address;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{Certificate, SmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::{Error, response::Response};

use self::compose::{Composer, Mail};
use self::reply::{SmtpStage, accepted, failure};
use crate::courier::{ChannelSetting, Courier, Delivery, Outgoing};

/// How a connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpEncryption {
    /// Not at all: only for a server on this machine or in a trusted network.
    None,
    /// With STARTTLS where the server offers it.
    Offered,
    /// With STARTTLS, or nothing is sent (port 587).
    Required,
    /// From the first byte (port 465).
    Wrapped,
}

/// What the channel needs to know.
#[derive(Clone)]
pub struct EmailOptions {
    pub host: String,
    pub port: u16,
    pub encryption: SmtpEncryption,
    /// Name and password.
    pub credentials: Option<(String, String)>,
    /// PEM of an authority to trust beside the public ones.
    pub authority_file: Option<PathBuf>,
    /// From whom, as `Floodgate <tickets@example.org>`. Its domain is that of every `Message-ID`.
    pub from: String,
    /// Where servers report what they could not deliver; the address of `from` if absent.
    pub bounces_to: Option<String>,
    /// A signature each; RSA and Ed25519 can stand side by side.
    pub dkim: Vec<DkimOptions>,
    /// Mails over one connection; many servers close it after a hundred.
    pub mails_per_connection: u32,
    /// For each step of the conversation.
    pub timeout: Duration,
}

impl fmt::Debug for EmailOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EmailOptions { host, port, encryption, from, .. } = self;
        f.debug_struct("EmailOptions")
            .field("server", &format!("{host}:{port}"))
            .field("encryption", encryption)
            .field("from", from)
            .finish_non_exhaustive()
    }
}

/// Sends mail over one connection.
pub struct EmailCourier {
    options: EmailOptions,
    composer: Composer,
    sender: Address,
    hello: ClientId,
    tls: Option<TlsParameters>,
    connection: Option<Connected>,
}

struct Connected {
    smtp: SmtpConnection,
    mails: u32,
}

enum Failed {
    /// A step failed, or was refused.
    Step(SmtpStage, Error),
    /// The server cannot do what this mail needs, or says what has no meaning.
    Unfit(&'static str),
}

impl fmt::Debug for EmailCourier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmailCourier").field("options", &self.options).finish_non_exhaustive()
    }
}

impl EmailCourier {
    /// Reads keys and checks settings; does not connect.
    pub fn new(options: EmailOptions) -> Result<Self, ChannelSetting> {
        let from: Mailbox = options.from.parse().map_err(|_| {
            ChannelSetting(format!("from: {:?} is not `Name <name@example.org>`", options.from))
        })?;
        let sender = match &options.bounces_to {
            None => from.email.clone(),
            Some(text) => text
                .parse()
                .map_err(|_| ChannelSetting(format!("bounces_to: {text:?} is no mail address")))?,
        };
        let is_here = ["127.0.0.1", "::1", "localhost"].contains(&options.host.as_str());
        let may_be_open =
            matches!(options.encryption, SmtpEncryption::None | SmtpEncryption::Offered);
        if options.credentials.is_some() && may_be_open && !is_here {
            let reason =
                "a password needs encryption: set `required` (port 587) or `wrapped` (465)";
            return Err(ChannelSetting(reason.into()));
        }
        let tls = tls_parameters(&options)?;
        let hello = ClientId::Domain(from.email.domain().to_owned());
        let signers = options.dkim.iter().map(DkimSigner::open).collect::<Result<_, _>>()?;
        let composer = Composer { from, signers };
        Ok(EmailCourier { options, composer, sender, hello, tls, connection: None })
    }

    fn connect(&self) -> Result<SmtpConnection, Error> {
        let server = (self.options.host.as_str(), self.options.port);
        let wrapped =
            self.tls.as_ref().filter(|_| self.options.encryption == SmtpEncryption::Wrapped);
        let timeout = Some(self.options.timeout);
        let mut smtp = SmtpConnection::connect(server, timeout, &self.hello, wrapped, None)?;
        let wants_starttls = match self.options.encryption {
            SmtpEncryption::Required => true,
            SmtpEncryption::Offered => smtp.can_starttls(),
            SmtpEncryption::None | SmtpEncryption::Wrapped => false,
        };
        if let Some(tls) = self.tls.as_ref().filter(|_| wants_starttls) {
            smtp.starttls(tls, &self.hello)?;
        }
        if let Some((name, password)) = &self.options.credentials {
            let credentials = Credentials::new(name.clone(), password.clone());
            smtp.auth(DEFAULT_MECHANISMS, &credentials)?;
        }
        Ok(smtp)
    }

    /// A connection that was kept may be gone: nothing went out before its first reply, so that the
    /// mail starts once more on a new one.
    fn send(&mut self, mail: &Mail) -> Result<Response, Failed> {
        if let Some(mut kept) = self.connection.take() {
            match begin(&mut kept.smtp, &self.sender, mail) {
                Ok(()) => return self.finish(kept, mail),
                Err(_) => kept.smtp.abort(),
            }
        }
        let smtp = self.connect().map_err(|error| Failed::Step(SmtpStage::Hello, error))?;
        let mut fresh = Connected { smtp, mails: 0 };
        let begun = begin(&mut fresh.smtp, &self.sender, mail);
        if let Err(error) = begun {
            fresh.smtp.abort();
            return Err(error);
        }
        self.finish(fresh, mail)
    }

    /// From the recipient on. What is refused in order leaves the connection as it was.
    fn finish(&mut self, mut connected: Connected, mail: &Mail) -> Result<Response, Failed> {
        connected.mails += 1;
        let sent = recipient_and_content(&mut connected.smtp, mail);
        let is_in_order = match &sent {
            Ok(_) => true,
            Err(Failed::Unfit(_)) => false,
            Err(Failed::Step(_, error)) => {
                error.status().is_some_and(|code| u16::from(code) != 421)
                    && connected.smtp.command(Rset).is_ok()
            }
        };
        if is_in_order && connected.mails < self.options.mails_per_connection {
            self.connection = Some(connected);
        } else if is_in_order {
            // The mail is accepted; how the server says goodbye changes nothing.
            drop(connected.smtp.quit());
        } else {
            connected.smtp.abort();
        }
        sent
    }
}

impl Courier for EmailCourier {
    fn channel(&self) -> &'static str {
        "email"
    }

    fn deliver(&mut self, outgoing: &Outgoing) -> Delivery {
        let mail = match self.composer.compose(outgoing, Timestamp::now()) {
            Ok(mail) => mail,
            Err(delivery) => return delivery,
        };
        match self.send(&mail) {
            Ok(response) => accepted(&response),
            Err(Failed::Step(stage, error)) => failure(stage, &error),
            Err(Failed::Unfit(reason)) => Delivery::later(reason),
        }
    }
}

impl Drop for EmailCourier {
    fn drop(&mut self) {
        if let Some(mut kept) = self.connection.take() {
            drop(kept.smtp.quit());
        }
    }
}

fn tls_parameters(options: &EmailOptions) -> Result<Option<TlsParameters>, ChannelSetting> {
    if options.encryption == SmtpEncryption::None {
        return Ok(None);
    }
    let wrong = |error: &dyn fmt::Display| ChannelSetting(format!("encryption of mail: {error}"));
    let mut builder = TlsParameters::builder(options.host.clone());
    if let Some(path) = &options.authority_file {
        let pem = std::fs::read(path).map_err(|error| wrong(&error))?;
        builder = builder
            .add_root_certificate(Certificate::from_pem(&pem).map_err(|error| wrong(&error))?);
    }
    builder.build().map(Some).map_err(|error| wrong(&error))
}

fn begin(smtp: &mut SmtpConnection, sender: &Address, mail: &Mail) -> Result<(), Failed> {
    let mut parameters = Vec::new();
    if !AsRef::<str>::as_ref(&mail.to).is_ascii() {
        if !smtp.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(Failed::Unfit("sender: the server takes no international address"));
        }
        parameters.push(MailParameter::SmtpUtfEight);
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    let begun = smtp.command(MailFrom::new(Some(sender.clone()), parameters));
    let reply = begun.map_err(|error| Failed::Step(SmtpStage::Sender, error))?;
    done(&reply, "sender: an answer without meaning here")
}

fn recipient_and_content(smtp: &mut SmtpConnection, mail: &Mail) -> Result<Response, Failed> {
    let recipient = |error| Failed::Step(SmtpStage::Recipient, error);
    let content = |error| Failed::Step(SmtpStage::Content, error);
    let reply = smtp.command(Rcpt::new(mail.to.clone(), vec![])).map_err(recipient)?;
    done(&reply, "recipient: an answer without meaning here")?;
    let ready = smtp.command(Data).map_err(content)?;
    if !ready.has_code(354) {
        return Err(Failed::Unfit("content: the server did not say that it waits for it"));
    }
    let text = std::str::from_utf8(&mail.bytes);
    let text = text.map_err(|_| Failed::Unfit("content: a mail that is no text"))?;
    smtp.command(WholeContent(text)).map_err(content)
}

/// A mail and the dot behind it, for one write. Sent as two, the second waits for the server to
/// confirm the first (Nagle's algorithm), which servers delay by 40 ms: 25 mails a second and
/// connection at most, whatever the machine.
struct WholeContent<'a>(&'a str);

impl fmt::Display for WholeContent<'_> {
    /// A dot that begins a line is doubled (RFC 5321, section 4.5.2).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.0.split_inclusive("\r\n") {
            if line.starts_with('.') {
                f.write_str(".")?;
            }
            f.write_str(line)?;
        }
        f.write_str(if self.0.ends_with("\r\n") { ".\r\n" } else { "\r\n.\r\n" })
    }
}

/// What was not refused is not yet done: 3yz asks for more, and there is none.
fn done(reply: &Response, otherwise: &'static str) -> Result<(), Failed> {
    let is_done = u16::from(reply.code()) / 100 == 2;
    if is_done { Ok(()) } else { Err(Failed::Unfit(otherwise)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ends_with_a_dot_of_its_own_and_no_other_line_is_one() {
        let rows = [
            ("a\r\n", "a\r\n.\r\n"),
            ("a", "a\r\n.\r\n"),
            (".\r\n..b\r\n", "..\r\n...b\r\n.\r\n"),
            ("a.\r\n.", "a.\r\n..\r\n.\r\n"),
        ];
        for (mail, sent) in rows {
            assert_eq!(WholeContent(mail).to_string(), sent, "{mail:?}");
        }
    }
}
