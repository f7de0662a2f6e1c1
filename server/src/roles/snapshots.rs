//! Where a processor's snapshots are stored.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};

use floodgate_config::{ConfigError, Settings, StoreLocation};
use floodgate_runner::{BucketOptions, BucketStore, Credentials, FolderStore, SnapshotStore};

/// The store the settings name. Whether it answers is found out when it is used: a store that is
/// down keeps no processor from starting.
pub fn open(settings: &Settings, data: &Path) -> Result<Arc<dyn SnapshotStore>> {
    let (bucket_name, prefix) = match &settings.engine.snapshots {
        StoreLocation::Folder(folder) if folder.as_os_str().is_empty() => {
            return Ok(Arc::new(FolderStore::new(&data.join("snapshots"))));
        }
        StoreLocation::Folder(folder) => return Ok(Arc::new(FolderStore::new(folder))),
        StoreLocation::Bucket { bucket, prefix } => (bucket.clone(), prefix.clone()),
    };
    let store = bucket(settings, (bucket_name, prefix), "engine.snapshots")?;
    Ok(Arc::new(store))
}

/// A place in the object store of `[s3]`, for what the setting `key` says.
pub(super) fn bucket(
    settings: &Settings,
    (bucket, prefix): (String, String),
    key: &str,
) -> Result<BucketStore> {
    let s3 = &settings.s3;
    let named = |path: &Path| (!path.as_os_str().is_empty()).then(|| path.to_owned());
    let credentials = match named(&s3.credentials_file) {
        Some(file) => Credentials::File(file),
        None => from_environment()?,
    };
    let options = BucketOptions {
        endpoint: s3.endpoint.clone(),
        region: s3.region.clone(),
        bucket,
        prefix,
        path_style: s3.path_style,
        ca_file: named(&s3.ca_file),
        credentials,
    };
    BucketStore::new(&options).with_context(|| format!("the object store of {key}"))
}

fn from_environment() -> Result<Credentials> {
    let given = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    match (given("AWS_ACCESS_KEY_ID"), given("AWS_SECRET_ACCESS_KEY")) {
        (Some(key_id), Some(secret)) => {
            Ok(Credentials::Given { key_id, secret, token: given("AWS_SESSION_TOKEN") })
        }
        _ => Err(ConfigError::OutOfBounds {
            key: "s3.credentials_file",
            value: "\"\"".to_owned(),
            fix: "a file with keys, unless AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are set"
                .to_owned(),
        }
        .into()),
    }
}
