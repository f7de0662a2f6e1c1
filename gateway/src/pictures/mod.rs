//! Pictures of events. What staff upload is made anew as ours, in fixed widths and without whatever
//! else was in the file; ours are kept under a digest and never change. Nothing uploaded is served.

mod folder;
pub(crate) mod looks;
mod make;

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use floodgate_domain::Picture;
use floodgate_domain::details::PICTURE_WIDTHS;

use crate::problem::{ApiError, Code};

pub use folder::PictureFolder;

/// Where all gateways of an installation find the same pictures.
pub trait PictureStore: std::fmt::Debug + Send + Sync {
    /// Keeps `bytes` under `name`, whole or not at all; the same again changes nothing.
    fn save(&self, name: &str, bytes: &[u8]) -> io::Result<()>;

    /// What is kept under `name`; `NotFound` where there is nothing.
    fn load(&self, name: &str) -> io::Result<Vec<u8>>;
}

/// Pictures made at once: each may need a quarter of a gibibyte for a moment.
const MADE_AT_ONCE: usize = 1;
/// Files read at once. What is asked for often is kept, so that a crowd reads each once.
const READ_AT_ONCE: usize = 8;
/// How long somebody waits for their turn at either.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// What is kept of files that were read: some hundred, at 200 KiB for the largest.
const KEPT_BYTES_MAX: usize = 32 << 20;

/// Makes pictures, and finds them again.
#[derive(Debug, Clone)]
pub(crate) struct Pictures {
    store: Arc<dyn PictureStore>,
    makers: Arc<Semaphore>,
    readers: Arc<Semaphore>,
    kept: Arc<Mutex<Kept>>,
}

/// Files that were read; the oldest make room.
#[derive(Debug, Default)]
struct Kept {
    files: VecDeque<(String, Bytes)>,
    bytes: usize,
}

impl Kept {
    fn get(&self, name: &str) -> Option<Bytes> {
        let (_, bytes) = self.files.iter().find(|(kept, _)| kept == name)?;
        Some(bytes.clone())
    }

    fn put(&mut self, name: String, file: Bytes) {
        self.bytes += file.len();
        self.files.push_back((name, file));
        while self.bytes > KEPT_BYTES_MAX {
            let Some((_, oldest)) = self.files.pop_front() else { break };
            self.bytes -= oldest.len();
        }
    }
}

impl Pictures {
    pub(crate) fn new(store: Arc<dyn PictureStore>) -> Self {
        Pictures {
            store,
            makers: Arc::new(Semaphore::new(MADE_AT_ONCE)),
            readers: Arc::new(Semaphore::new(READ_AT_ONCE)),
            kept: Arc::default(),
        }
    }

    /// Makes an upload into ours and keeps it; it can be found when this returns.
    pub(crate) async fn add(
        &self,
        upload: Bytes,
        alternative: String,
    ) -> Result<Picture, ApiError> {
        let permit = turn(&self.makers).await?;
        let store = Arc::clone(&self.store);
        let work = move || -> Result<Picture, Fault> {
            // Held until it is made, also where its sender has left.
            let _permit = permit;
            let made = make::make(&upload).map_err(Fault::Upload)?;
            let picture = Picture { alternative, ..made.picture };
            for (width, file) in made.files {
                store.save(&name_of(&picture, width), &file).map_err(Fault::Store)?;
            }
            Ok(picture)
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(Ok(picture)) => Ok(picture),
            Ok(Err(Fault::Upload(fault))) => {
                Err(ApiError::new(Code::MalformedBody).field("body", fault.to_string()))
            }
            Ok(Err(Fault::Store(error))) => Err(out_of_reach(&error)),
            Err(_) => Err(ApiError::new(Code::Internal)),
        }
    }

    /// A picture by the last part of its address.
    pub(crate) async fn get(&self, name: &str) -> Result<Bytes, ApiError> {
        if !is_name(name) {
            return Err(ApiError::new(Code::NotFound));
        }
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(name);
        if let Some(file) = kept() {
            return Ok(file);
        }
        let permit = turn(&self.readers).await?;
        // Somebody else may have read it meanwhile.
        if let Some(file) = kept() {
            return Ok(file);
        }
        let (store, wanted) = (Arc::clone(&self.store), format!("{name}.jpg"));
        let read = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            store.load(&wanted)
        });
        match read.await {
            Ok(Ok(file)) => {
                let file = Bytes::from(file);
                let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.put(name.to_owned(), file.clone());
                Ok(file)
            }
            Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => {
                Err(ApiError::new(Code::NotFound))
            }
            Ok(Err(error)) => Err(out_of_reach(&error)),
            Err(_) => Err(ApiError::new(Code::Internal)),
        }
    }
}

/// Why an upload did not become a picture.
enum Fault {
    Upload(make::PictureFault),
    Store(io::Error),
}

async fn turn(of: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, ApiError> {
    let waiting = tokio::time::timeout(WAIT_MAX, Arc::clone(of).acquire_owned()).await;
    waiting.ok().and_then(Result::ok).ok_or_else(|| ApiError::new(Code::Overloaded))
}

fn out_of_reach(error: &io::Error) -> ApiError {
    tracing::warn!(%error, "the store of pictures is not available");
    ApiError::new(Code::Overloaded)
}

/// The file of a picture in one width.
fn name_of(picture: &Picture, width: u16) -> String {
    format!("{}.jpg", picture.path_in(width).trim_start_matches("/pictures/"))
}

/// Whether this may be the last part of an address: a digest and one of our widths, so that a name
/// never leads out of the store.
fn is_name(name: &str) -> bool {
    let Some((digest, width)) = name.split_once('-') else { return false };
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    digest.len() == 64
        && digest.bytes().all(is_digit)
        && PICTURE_WIDTHS.iter().any(|known| known.to_string() == width)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_name_is_a_digest_and_a_width_and_nothing_else() {
        let digest = "0a".repeat(32);
        assert!(is_name(&format!("{digest}-480")) && is_name(&format!("{digest}-1920")));
        let wrong = [
            format!("{digest}-481"),
            format!("{digest}-0480"),
            digest.clone(),
            format!("{}-480", "0A".repeat(32)),
            format!("{}-480", "0a".repeat(31)),
            format!("../{}-480", "a".repeat(61)),
            "-480".to_owned(),
        ];
        for name in wrong {
            assert!(!is_name(&name), "{name}");
        }
    }

    #[test]
    fn what_was_read_is_kept_within_a_bound() {
        let mut kept = Kept::default();
        let file = Bytes::from(vec![0; KEPT_BYTES_MAX / 3]);
        for name in ["a", "b", "c", "d"] {
            kept.put(name.to_owned(), file.clone());
        }
        assert!(kept.get("a").is_none() && kept.get("b").is_some() && kept.get("d").is_some());
        assert!(kept.bytes <= KEPT_BYTES_MAX);
        kept.put("too large".to_owned(), Bytes::from(vec![0; KEPT_BYTES_MAX + 1]));
        assert_eq!((kept.files.len(), kept.bytes), (0, 0));
    }
}
