//! `floodgate keys`: secrets, made here and nowhere else.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;

use super::exit::Failure;
use floodgate_server::keys::KeyFiles;

/// Makes the secrets of an installation.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate keys new --out data/keys")]
pub(super) struct Keys {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Makes what is missing in a folder: root and ticket key, a manager's and an operator's key.
    New {
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

impl Keys {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        let Action::New { out } = self.action;
        let files = KeyFiles::in_folder(&out);
        let made = files.make(&out)?;
        if json {
            let staff: Vec<_> =
                made.iter().map(|(role, path)| json!({ "role": role, "file": path })).collect();
            println!(
                "{}",
                json!({ "root": files.root, "ticket": files.ticket, "staff": files.staff, "made": staff })
            );
            return Ok(());
        }
        println!("root_key_file = {:?}", files.root);
        println!("ticket_key_file = {:?}", files.ticket);
        println!("staff_keys_file = {:?}", files.staff);
        if made.is_empty() {
            println!("\nstaff keys were here already; nothing was changed");
        }
        for (role, path) in made {
            println!(
                "\nthe {role}'s key is in {}; hand it over and delete it here",
                path.display()
            );
        }
        Ok(())
    }
}
