//! `floodgate keys`: secrets, created here and nowhere else.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;

use floodgate_gateway::StaffRole;
use floodgate_server::keys::KeyFiles;

use super::block_on;
use super::exit::Failure;
use super::staff::Staff;

/// Creates and shows the secrets of an installation.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate keys new --out data/keys
  floodgate keys add artist --out data/keys
  floodgate keys show --key-file data/keys/artist.key")]
pub(super) struct Keys {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Creates what is missing in a folder: root and ticket keys, and a staff key for each role.
    New {
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Adds a staff key to a folder. Gateways accept it after a restart.
    Add {
        /// manager, operator, artist or advertiser.
        #[arg(value_parser = parse_role)]
        role: StaffRole,
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Asks a running server whose key a file holds.
    Show {
        #[command(flatten)]
        staff: Staff,
    },
}

fn parse_role(text: &str) -> Result<StaffRole, String> {
    let roles = StaffRole::ALL.map(StaffRole::code).join(", ");
    StaffRole::parse(text).ok_or_else(|| format!("one of {roles}"))
}

impl Keys {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        match self.action {
            Action::New { out } => make(&out, json),
            Action::Add { role, out } => add(&out, role, json),
            Action::Show { staff } => show(&staff, json),
        }
    }
}

fn show(staff: &Staff, json: bool) -> Result<(), Failure> {
    let caller = staff.caller()?;
    let me = block_on(async { caller.get("/v1/staff/me").await })?;
    if json {
        println!("{me}");
        return Ok(());
    }
    let text = |name: &str| me[name].as_str().unwrap_or_default().to_owned();
    println!("{}  {}", text("staff_id"), text("role"));
    Ok(())
}

fn add(out: &Path, role: StaffRole, json: bool) -> Result<(), Failure> {
    let (id, path) = KeyFiles::in_folder(out).add(out, role)?;
    if json {
        let id = id.to_string();
        println!("{}", json!({ "role": role.code(), "staff_id": id, "file": path }));
        return Ok(());
    }
    let role = role.code();
    println!("a key for one more {role} is in {}; hand it over and delete it here", path.display());
    println!("gateways take it at their next start");
    Ok(())
}

fn make(out: &Path, json: bool) -> Result<(), Failure> {
    let files = KeyFiles::in_folder(out);
    let made = files.make(out)?;
    if json {
        let staff: Vec<_> =
            made.iter().map(|(role, path)| json!({ "role": role.code(), "file": path })).collect();
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
            "\nthe {}'s key is in {}; hand it over and delete it here",
            role.code(),
            path.display()
        );
    }
    Ok(())
}
