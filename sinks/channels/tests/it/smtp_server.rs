//! A mail server that answers each recipient as the recipient's name says, so that a test reads as
//! a table: `r550-5.1.1@…` is refused at RCPT, `d452@…` after the content, `drop@…` loses its
//! connection.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// What the server saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) connections: usize,
    /// Recipient and content of each mail that was accepted.
    pub(crate) accepted: Vec<(String, String)>,
    /// Every command, in order.
    pub(crate) commands: Vec<String>,
}

pub(crate) struct SmtpServer {
    pub(crate) address: SocketAddr,
    pub(crate) seen: Arc<Mutex<Seen>>,
    stopping: Arc<Mutex<bool>>,
    thread: Option<JoinHandle<()>>,
}

/// What happens to connections before any mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    Usual,
    /// Says something else than SMTP.
    Nonsense,
    /// `554` instead of a greeting.
    Refusing,
    /// Closes after each mail, without a word.
    Hasty,
    /// `421` to the first command of every mail but the first of a connection.
    Restarting,
}

impl SmtpServer {
    pub(crate) fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, stopping) = (Arc::new(Mutex::new(Seen::default())), Arc::new(Mutex::new(false)));
        let (here, stop) = (Arc::clone(&seen), Arc::clone(&stopping));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if *stop.lock().unwrap() {
                    return;
                }
                here.lock().unwrap().connections += 1;
                // A connection that breaks is what some tests are about.
                drop(talk(stream.unwrap(), manner, &here));
            }
        });
        SmtpServer { address, seen, stopping, thread: Some(thread) }
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        *self.stopping.lock().unwrap() = true;
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn talk(stream: TcpStream, manner: Manner, seen: &Mutex<Seen>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let mut out = stream;
    let mut say = move |text: &str| out.write_all(format!("{text}\r\n").as_bytes());
    match manner {
        Manner::Nonsense => return say("hello there, I am no mail server"),
        Manner::Refusing => return say("554 5.7.1 you are blocked"),
        _ => say("220 test ESMTP")?,
    }
    let (mut to, mut mails) = (String::new(), 0);
    while let Some(line) = lines.next() {
        let line = line?;
        seen.lock().unwrap().commands.push(line.clone());
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => say("250-test\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES")?,
            "MAIL" if manner == Manner::Restarting && mails > 0 => {
                return say("421 4.3.2 going down");
            }
            "MAIL" => say("250 2.1.0 ok")?,
            "RCPT" => {
                to = line.trim_start_matches("RCPT TO:<").trim_end_matches('>').to_owned();
                match asked(&to, "r") {
                    Some(reply) if reply.is_empty() => return Ok(()),
                    Some(reply) => say(&reply)?,
                    None => say("250 2.1.5 ok")?,
                }
            }
            "DATA" if to.starts_with("confused") => say("250 what content?")?,
            "DATA" => {
                say("354 go on")?;
                let mut content = String::new();
                for line in lines.by_ref() {
                    let line = line?;
                    if line == "." {
                        break;
                    }
                    content.push_str(&line);
                    content.push('\n');
                }
                mails += 1;
                match asked(&to, "d") {
                    Some(reply) if reply.is_empty() => return Ok(()),
                    Some(reply) => say(&reply)?,
                    None => {
                        seen.lock().unwrap().accepted.push((to.clone(), content));
                        say("250 2.0.0 Ok: queued as 4XyZ12")?;
                    }
                }
                if manner == Manner::Hasty {
                    return Ok(());
                }
            }
            "RSET" => say("250 2.0.0 ok")?,
            "QUIT" => return say("221 2.0.0 bye"),
            _ => say("502 5.5.2 what?")?,
        }
    }
    Ok(())
}

/// `r550-5.1.1@…` asks for `550 5.1.1` at `r`; `rdrop@…` for silence, which is empty here.
fn asked(to: &str, step: &str) -> Option<String> {
    let name = to.split('@').next()?.strip_prefix(step)?;
    if name == "drop" {
        return Some(String::new());
    }
    let (code, rest) = (name.get(..3)?, name.get(3..)?.trim_start_matches('-'));
    code.parse::<u16>().ok()?;
    Some(format!("{code} {} <{to}>", rest.replace('_', " ")))
}
