//! Pictures in a folder: a file is complete or absent, written aside, synced, renamed, the folder
//! synced.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::PictureStore;

/// Pictures in a local folder, or in one that gateways share.
#[derive(Debug, Clone)]
pub struct PictureFolder(PathBuf);

impl PictureFolder {
    /// A store in `folder`, which is made when first needed.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        PictureFolder(folder.to_owned())
    }
}

impl PictureStore for PictureFolder {
    fn save(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.0.join(name);
        // A name is a digest, but a file may have been damaged: only the same bytes are kept.
        if fs::read(&path).is_ok_and(|there| there == bytes) {
            return Ok(());
        }
        fs::create_dir_all(&self.0)?;
        // Its own name a process: two gateways may write the same one.
        let aside = self.0.join(format!("{name}.{}.tmp", std::process::id()));
        let mut file = File::create(&aside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&aside, path)?;
        File::open(&self.0)?.sync_all()
    }

    fn load(&self, name: &str) -> io::Result<Vec<u8>> {
        fs::read(self.0.join(name))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn what_was_saved_is_found_and_what_was_damaged_is_mended_by_saving_again() {
        let folder =
            std::env::temp_dir().join(format!("floodgate-pictures-{}", std::process::id()));
        let store = PictureFolder::new(&folder);
        assert_eq!(store.load("a.jpg").unwrap_err().kind(), io::ErrorKind::NotFound);
        store.save("a.jpg", b"picture").unwrap();
        assert_eq!(store.load("a.jpg").unwrap(), b"picture");
        fs::write(folder.join("a.jpg"), b"damaged").unwrap();
        store.save("a.jpg", b"picture").unwrap();
        store.save("a.jpg", b"picture").unwrap();
        assert_eq!(store.load("a.jpg").unwrap(), b"picture");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing is left aside");
        fs::remove_dir_all(folder).unwrap();
    }
}
