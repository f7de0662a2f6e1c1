//! Where a gateway's pictures are kept.

use std::io;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;

use floodgate_config::{Settings, StoreLocation};
use floodgate_gateway::{PictureFolder, PictureStore};
use floodgate_runner::BucketStore;

use super::snapshots;

/// The store the settings name. Whether it answers is found out when it is used: pages go on
/// without pictures.
pub(super) fn open(settings: &Settings, data: &Path) -> Result<Arc<dyn PictureStore>> {
    Ok(match &settings.server.pictures {
        StoreLocation::Folder(folder) if folder.as_os_str().is_empty() => {
            Arc::new(PictureFolder::new(&data.join("pictures")))
        }
        StoreLocation::Folder(folder) => Arc::new(PictureFolder::new(folder)),
        StoreLocation::Bucket { bucket, prefix } => {
            let place = (bucket.clone(), prefix.clone());
            Arc::new(PictureBucket(snapshots::bucket(settings, place, "server.pictures")?))
        }
    })
}

/// Pictures in an object store.
#[derive(Debug)]
struct PictureBucket(BucketStore);

impl PictureStore for PictureBucket {
    fn save(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.0.put(name, bytes)
    }

    fn load(&self, name: &str) -> io::Result<Vec<u8>> {
        self.0.get(name)
    }
}
