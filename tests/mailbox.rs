//! A mail server of a test's own: takes whatever comes, and says what did.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A mail as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct ReceivedMail {
    pub(crate) to: String,
    /// Headers and body, with soft line breaks joined and quoted characters read.
    pub(crate) text: String,
}

/// Where mail arrives.
#[derive(Debug)]
pub(crate) struct Mailbox {
    pub(crate) address: String,
    mails: Arc<Mutex<Vec<ReceivedMail>>>,
    refusal: Arc<Mutex<Option<&'static str>>>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Mailbox {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let mails = Arc::new(Mutex::new(Vec::new()));
        let refusal = Arc::<Mutex<Option<&'static str>>>::default();
        let (into, says) = (Arc::clone(&mails), Arc::clone(&refusal));
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (into, says) = (Arc::clone(&into), Arc::clone(&says));
                // A client that goes away in mid-sentence has sent nothing.
                tokio::spawn(async move { drop(converse(stream, &into, &says).await) });
            }
        });
        Mailbox { address, mails, refusal, accepting }
    }

    /// Settings that send mail here.
    pub(crate) fn flags(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("channels.email.server", self.address.as_str()),
            ("channels.email.encryption", "none"),
            ("channels.email.from", "Tickets <tickets@example.org>"),
            // Nobody sleeps in a test.
            ("channels.quiet_from", "08:00"),
        ]
    }

    /// Answers every recipient with this reply from now on; `None` takes mail again.
    pub(crate) fn refuse(&self, reply: Option<&'static str>) {
        *self.refusal.lock().unwrap() = reply;
    }

    pub(crate) fn all(&self) -> Vec<ReceivedMail> {
        self.mails.lock().unwrap().clone()
    }

    /// Waits for a mail to somebody whose text has something in it; half a minute at most.
    pub(crate) async fn until(&self, to: &str, has: &str) -> ReceivedMail {
        let mut pulse = tokio::time::interval(Duration::from_millis(50));
        for _ in 0..600 {
            pulse.tick().await;
            let all = self.all();
            let found = all.into_iter().find(|mail| mail.to == to && mail.text.contains(has));
            if let Some(mail) = found {
                return mail;
            }
        }
        panic!("no mail to {to} with {has:?}: {:#?}", self.all());
    }
}

impl ReceivedMail {
    /// What follows `before` in the text, up to the end of an address.
    pub(crate) fn after(&self, before: &str) -> String {
        let (_, rest) = self.text.split_once(before).unwrap();
        let is_in = |c: &char| c.is_ascii_alphanumeric() || "-_".contains(*c);
        rest.chars().take_while(is_in).collect()
    }
}

async fn converse(
    stream: TcpStream,
    into: &Mutex<Vec<ReceivedMail>>,
    refusal: &Mutex<Option<&'static str>>,
) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let (mut to, mut text) = (String::new(), String::new());
    write.write_all(b"220 test\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let answer = match line.get(..4).unwrap_or(&line).to_ascii_uppercase().as_str() {
            "EHLO" | "HELO" => "250-test\r\n250 8BITMIME\r\n",
            "RCPT" => {
                to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                refusal.lock().unwrap().unwrap_or("250 ok\r\n")
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                text.clear();
                while let Some(line) = lines.next_line().await? {
                    if line == "." {
                        break;
                    }
                    text.push_str(line.strip_prefix('.').unwrap_or(&line));
                    text.push('\n');
                }
                let mail = ReceivedMail { to: to.clone(), text: plain(&text) };
                into.lock().unwrap().push(mail);
                "250 taken\r\n"
            }
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "250 ok\r\n",
        };
        write.write_all(answer.as_bytes()).await?;
    }
    Ok(())
}

/// Quoted-printable as far as addresses need it (RFC 2045, section 6.7).
fn plain(text: &str) -> String {
    text.replace("=\n", "").replace("=3D", "=")
}
