//! `floodgate config`: what is set, and whether it is valid.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;

use super::exit::Failure;
use floodgate_config::{DEFAULT_TOML, load};

/// Shows and checks settings.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate config check my.toml
  floodgate config show --config my.toml --json
  floodgate config default > my.toml")]
pub(super) struct Config {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Checks whether the settings are valid; exits with 64 if not.
    Check {
        /// The file; without one, that of --config, or the defaults.
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// The same, as every other command takes it.
        #[arg(long, env = "FLOODGATE_CONFIG", value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Shows every setting in effect and where it comes from; secrets are masked.
    Show {
        #[arg(long, env = "FLOODGATE_CONFIG", value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Prints the reference: every setting with its default, unit and reason.
    Default,
}

impl Config {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        match self.action {
            Action::Check { file, config } => {
                let loaded = load(file.or(config).as_deref(), std::env::vars(), &[])?;
                let changed = loaded.effective.values().filter(|(_, origin)| origin != "default");
                let changed = changed.count();
                let entries = loaded.settings.dials.len();
                if json {
                    println!("{}", json!({ "ok": true, "changed": changed, "dials": entries }));
                } else {
                    println!("ok: {changed} settings differ from the defaults");
                    if entries > 0 {
                        println!(
                            "[[dials]]: {entries} entries; a gateway knows whether there are such events"
                        );
                    }
                }
            }
            Action::Show { config } => {
                let loaded = load(config.as_deref(), std::env::vars(), &[])?;
                if json {
                    let all = loaded.effective.iter().map(|(key, (value, origin))| {
                        (key.clone(), json!({ "value": value, "origin": origin }))
                    });
                    println!("{}", serde_json::Value::Object(all.collect()));
                } else {
                    for (key, (value, origin)) in &loaded.effective {
                        println!("{key:<32} {value:<24} {origin}");
                    }
                }
            }
            Action::Default => print!("{DEFAULT_TOML}"),
        }
        Ok(())
    }
}
