//! A mail server that takes everything, and counts who got what.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};

/// Mails that are kept for verifiers of others.
const KEPT_MAX: usize = 100;

/// What arrived.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Arrived {
    /// Who got at least one.
    pub(super) people: u64,
    /// Beyond the first of each person.
    pub(super) doubles: u64,
    /// Of these, those whose name differs from the first one's.
    pub(super) renamed: u64,
}

#[derive(Debug)]
struct Counted {
    /// The name of each person's first mail as a hash; 0 is none yet.
    first: Vec<u64>,
    arrived: Arrived,
    kept: usize,
    keep: Option<PathBuf>,
}

/// The server.
#[derive(Debug)]
pub(super) struct MailSink {
    pub(super) address: String,
    counted: Arc<Mutex<Counted>>,
}

impl MailSink {
    pub(super) fn open(people: u32, keep: Option<PathBuf>) -> Result<Self> {
        if let Some(folder) = &keep {
            std::fs::create_dir_all(folder).context("a folder for mails")?;
        }
        let listener = TcpListener::bind("127.0.0.1:0").context("a mail server")?;
        let address = listener.local_addr()?.to_string();
        let first = vec![0; people as usize];
        let counted = Counted { first, arrived: Arrived::default(), kept: 0, keep };
        let counted = Arc::new(Mutex::new(counted));
        let into = Arc::clone(&counted);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let into = Arc::clone(&into);
                // A client that was killed in mid-sentence has sent nothing.
                std::thread::spawn(move || drop(converse(&stream, &into)));
            }
        });
        Ok(MailSink { address, counted })
    }

    pub(super) fn count(&self) -> Arrived {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner).arrived
    }

    pub(super) fn people_reached(&self) -> u64 {
        self.count().people
    }
}

impl Counted {
    fn note(&mut self, to: &str, mail: &str) {
        let number = to.strip_prefix('p').and_then(|rest| rest.split('@').next()?.parse().ok());
        let Some(first) = number.and_then(|number: usize| self.first.get_mut(number)) else {
            return;
        };
        let name = mail.lines().find(|line| line.to_ascii_lowercase().starts_with("message-id:"));
        let mut hash = DefaultHasher::new();
        name.hash(&mut hash);
        let name = hash.finish().max(1);
        if *first == 0 {
            *first = name;
            self.arrived.people += 1;
        } else {
            self.arrived.doubles += 1;
            self.arrived.renamed += u64::from(*first != name);
        }
        if let Some(folder) = self.keep.as_ref().filter(|_| self.kept < KEPT_MAX) {
            // A disk that is full shows in what the verifier finds.
            let _ = std::fs::write(folder.join(format!("{}.eml", self.kept)), mail);
            self.kept += 1;
        }
    }
}

fn converse(stream: &TcpStream, into: &Mutex<Counted>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut write = stream.try_clone()?;
    let mut lines = BufReader::new(stream);
    let (mut to, mut line) = (String::new(), String::new());
    write.write_all(b"220 sink\r\n")?;
    loop {
        line.clear();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let answer: &[u8] = match line.get(..4).unwrap_or("").to_ascii_uppercase().as_str() {
            "EHLO" => b"250-sink\r\n250 8BITMIME\r\n",
            "RCPT" => {
                to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                b"250 ok\r\n"
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n")?;
                let mut mail = String::new();
                loop {
                    line.clear();
                    if lines.read_line(&mut line)? == 0 {
                        return Ok(());
                    }
                    if line == ".\r\n" {
                        break;
                    }
                    mail.push_str(line.strip_prefix('.').unwrap_or(&line));
                }
                // Taken: from here on it has arrived, whatever becomes of the client.
                into.lock().unwrap_or_else(PoisonError::into_inner).note(&to, &mail);
                b"250 taken\r\n"
            }
            "QUIT" => return write.write_all(b"221 bye\r\n"),
            _ => b"250 ok\r\n",
        };
        write.write_all(answer)?;
    }
}
