//! What an installation keeps is its owner's alone: orders and pseudonyms are in its files.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use rustix::fs::Mode;

/// From now on this process makes files that only their owner can read, SQLite's and snapshots'
/// included, and folders that only their owner can enter; the data folder is one of them already,
/// and so are the files that an older build left in it.
pub(crate) fn keep_private(folder: &Path) -> io::Result<()> {
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    make_folder(folder)?;
    close(folder, 0o700)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            // A file that goes away meanwhile, as SQLite's do, is closed enough.
            match close(&entry.path(), 0o600) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

/// Makes a folder that only its owner can enter.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn close(path: &Path, mode: u32) -> io::Result<()> {
    if is_open_to_others(path) {
        fs::set_permissions(path, Permissions::from_mode(mode))?;
        tracing::info!(path = %path.display(), "others could read it; now its owner alone can");
    }
    Ok(())
}

/// Whether somebody else on this machine may read a file or enter a folder.
#[must_use]
pub fn is_open_to_others(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_an_older_build_left_open_is_closed_and_new_files_are_never_open() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("data");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("log.db"), "").unwrap();
        for (path, mode) in [(folder.clone(), 0o755), (folder.join("log.db"), 0o644)] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert!(is_open_to_others(&path));
        }
        keep_private(&folder).unwrap();
        fs::create_dir(folder.join("snapshots")).unwrap();
        fs::write(folder.join("snapshots/1.snap"), "").unwrap();
        for name in ["", "log.db", "snapshots", "snapshots/1.snap"] {
            assert!(!is_open_to_others(&folder.join(name)), "{name}");
        }
    }
}
