//! The channels against programs of others. `run` installs them and says where they are; without
//! that there is nothing to send to, and the tests pass over.
#![allow(clippy::unwrap_used)]

mod mail;
mod receivers;
#[path = "../it/words.rs"]
mod words;

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

/// Where the peers are installed.
fn home() -> Option<PathBuf> {
    std::env::var_os("FLOODGATE_TEST_PEERS").map(PathBuf::from)
}

fn here(name: &str) -> String {
    format!("{}/tests/peers/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A program that prints a line of JSON for everything it gets; ended with its value.
struct Peer {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Peer {
    /// Starts a script of this folder with Python; returns what it says first, too.
    fn python(home: &std::path::Path, script: &str, arguments: &[String]) -> (Self, Value) {
        let mut child = Command::new(home.join("venv/bin/python"))
            .arg(here(script))
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut peer = Peer { child, lines };
        let first = peer.next();
        (peer, first)
    }

    /// What it got next.
    fn next(&mut self) -> Value {
        serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
