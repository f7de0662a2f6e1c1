//! Where files are kept that several processes share, as people write it.

use std::path::PathBuf;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// Where such files are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreLocation {
    /// A folder; empty for the one in the data folder.
    Folder(PathBuf),
    /// A place in an S3-compatible object store: what `[s3]` says leads there.
    Bucket { bucket: String, prefix: String },
}

impl<'de> Deserialize<'de> for StoreLocation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| {
            D::Error::custom(format!(
                "`{text}` is no place for files; write a folder or \"s3://bucket/prefix\""
            ))
        })
    }
}

fn parse(text: &str) -> Option<StoreLocation> {
    let Some(place) = text.strip_prefix("s3://") else {
        // Another scheme would quietly become a folder of that name.
        return (!text.contains("://")).then(|| StoreLocation::Folder(text.into()));
    };
    let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
    let prefix = prefix.trim_matches('/');
    let is_bucket = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    // Parts of an address that is made of it; an empty one or dots would lead elsewhere.
    let is_part = |part: &str| {
        !part.is_empty() && part != "." && part != ".." && !part.contains(char::is_control)
    };
    (!bucket.is_empty()
        && bucket.bytes().all(is_bucket)
        && (prefix.is_empty() || prefix.split('/').all(is_part)))
    .then(|| StoreLocation::Bucket { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::{StoreLocation, parse};

    #[test]
    fn folders_and_buckets() {
        let folder = |path: &str| Some(StoreLocation::Folder(path.into()));
        let bucket = |bucket: &str, prefix: &str| {
            Some(StoreLocation::Bucket { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
        };
        let rows = [
            ("", folder("")),
            ("/var/lib/floodgate", folder("/var/lib/floodgate")),
            ("s3/bucket", folder("s3/bucket")),
            ("s3://tickets", bucket("tickets", "")),
            ("s3://tickets/", bucket("tickets", "")),
            ("s3://tickets/floodgate/live/", bucket("tickets", "floodgate/live")),
            ("s3://", None),
            ("s3:///prefix", None),
            ("s3://tic kets/a", None),
            ("s3://tickets/a/../b", None),
            ("s3://tickets/a//b", None),
            ("gs://tickets/a", None),
        ];
        for (text, expected) in rows {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }
}
