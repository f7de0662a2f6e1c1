//! `floodgate sessions`: the browsers in which the owner of a key is signed in.

use serde_json::Value;

use super::block_on;
use super::exit::Failure;
use super::staff::Staff;

/// Lists the sessions of the owner of a key in browsers, or ends all of them.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate sessions list --key-file floodgate-data/keys/artist.key
  floodgate sessions end --key-file …              # every one of them; the key goes on")]
pub(super) struct Sessions {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Where the owner of the key is signed in, and when each was last used, to the hour.
    List(Staff),
    /// Signs the owner of the key out everywhere.
    End(Staff),
}

const PATH: &str = "/v1/staff/sessions";

impl Sessions {
    pub(super) fn run(self, as_json: bool) -> Result<(), Failure> {
        let (answer, is_list) = match self.what {
            What::List(staff) => (block_on(staff.caller()?.get(PATH))?, true),
            What::End(staff) => (block_on(staff.caller()?.delete(PATH))?, false),
        };
        if as_json {
            println!("{answer}");
        } else if is_list {
            show(&answer);
        } else {
            println!("signed out everywhere; the key goes on");
        }
        Ok(())
    }
}

fn show(answer: &Value) {
    let sessions = answer["sessions"].as_array().map(Vec::as_slice).unwrap_or_default();
    if sessions.is_empty() {
        println!("signed in nowhere");
    }
    for session in sessions {
        let text = |name: &str| session[name].as_str().unwrap_or_default().to_owned();
        println!(
            "{}  {}  since {}, last used about {}, until {}",
            text("session_id"),
            text("label"),
            text("since"),
            text("used_at"),
            text("ends_at"),
        );
    }
}
