//! `floodgate forget`: deletes a person.

use serde_json::json;

use super::block_on;
use super::exit::Failure;
use super::staff::Staff;

/// Forgets a person: addresses, devices, messages, consents, and the key they were sealed under.
///
/// Orders and tickets stay under their pseudonyms. Backups of the store have to expire or be
/// deleted as well.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate forget ada@example.org --key-file floodgate-data/keys/manager.key
  floodgate forget +491701234567 --key-file …
  floodgate forget byr_… --key-file … --json")]
pub(super) struct Forget {
    /// An address they have left, or a pseudonym of theirs.
    #[arg(value_name = "PERSON")]
    person: String,
    #[command(flatten)]
    staff: Staff,
}

impl Forget {
    pub(super) fn run(self, as_json: bool) -> Result<(), Failure> {
        let field = if self.person.starts_with("byr_") { "user_id" } else { "address" };
        let body = json!({ field: self.person });
        let answer = block_on(self.staff.caller()?.post("/v1/staff/forget", body))?;
        if as_json {
            println!("{answer}");
        } else if answer["persons"] == 0 {
            println!("nobody here has left that address");
        } else {
            println!(
                "forgotten: {} addresses, {} devices, {} messages",
                answer["contacts"], answer["devices"], answer["messages"]
            );
        }
        Ok(())
    }
}
