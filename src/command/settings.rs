//! Settings and secrets, as most commands need them.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use floodgate_config::{Loaded, Settings, load};

use super::exit::Failure;
use floodgate_server::keys::{KeyFiles, Secrets};

/// Where an installation is, and how it differs from the defaults.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Place {
    /// Folder for the log, tables and snapshots.
    #[arg(long, default_value = "floodgate-data", env = "FLOODGATE_DATA", value_name = "DIR")]
    pub(super) data: PathBuf,
    /// Settings that differ from the defaults; `floodgate config show` lists them all.
    #[arg(long, env = "FLOODGATE_CONFIG", value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

impl Place {
    /// The settings in effect; flags as `section.key` and text.
    pub(super) fn load(&self, flags: &[(String, String)]) -> Result<Loaded, Failure> {
        Ok(load(self.config.as_deref(), std::env::vars(), flags)?)
    }
}

/// The folder of keys inside a data folder.
pub(super) fn key_folder(data: &Path) -> PathBuf {
    data.join("keys")
}

/// The files of the secrets: those the settings name, else those of the data folder.
pub(super) fn secret_files(settings: &Settings, data: &Path) -> KeyFiles {
    let named = &settings.secrets;
    let own = KeyFiles::in_folder(&key_folder(data));
    let pick = |named: &PathBuf, own: PathBuf| {
        if named.as_os_str().is_empty() { own } else { named.clone() }
    };
    KeyFiles {
        root: pick(&named.root_key_file, own.root),
        ticket: pick(&named.ticket_key_file, own.ticket),
        staff: pick(&named.staff_keys_file, own.staff),
    }
}

/// Reads the secrets.
pub(super) fn secrets(settings: &Settings, data: &Path) -> Result<Secrets, Failure> {
    let files = secret_files(settings, data);
    if let Some(missing) = [&files.root, &files.ticket, &files.staff].iter().find(|f| !f.exists()) {
        let folder = key_folder(data);
        return Err(Failure::bad_input(anyhow!(
            "there is no {}; make keys with `floodgate keys new --out {}`, or name others in [secrets]",
            missing.display(),
            folder.display()
        )));
    }
    files.read().map_err(Failure::bad_input)
}
