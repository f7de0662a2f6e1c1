//! Large answers that are the same for everybody: made once, compressed once, sent as the same
//! bytes to each.

use std::collections::VecDeque;
use std::hash::Hash;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

/// What does not fit into one packet is worth compressing.
const COMPRESS_FROM: usize = 1_200;

/// An answer in both its forms.
#[derive(Debug)]
pub(crate) struct KeptAnswer {
    kind: HeaderValue,
    plain: Bytes,
    gzip: Option<Bytes>,
    brotli: Option<Bytes>,
    tag: String,
}

impl KeptAnswer {
    pub(crate) fn new(kind: &'static str, plain: Vec<u8>) -> Self {
        let digest = Sha256::digest(&plain);
        let tag = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        let gzip = (plain.len() >= COMPRESS_FROM).then(|| gzip(&plain)).flatten();
        let kind = HeaderValue::from_static(kind);
        KeptAnswer { kind, plain: plain.into(), gzip, brotli: None, tag }
    }

    /// In the densest form as well: for what is made once and sent often, since making it takes a
    /// hundred times as long.
    pub(crate) fn dense(self) -> Self {
        let brotli = self.gzip.is_some().then(|| brotli(&self.plain)).flatten();
        KeptAnswer { brotli, ..self }
    }

    /// Says `tag` names its content instead of a digest.
    pub(crate) fn tagged(self, tag: String) -> Self {
        KeptAnswer { tag, ..self }
    }

    /// What it costs a browser, without its head.
    #[cfg(test)]
    pub(crate) fn bytes_on_the_wire(&self) -> usize {
        self.brotli.as_ref().or(self.gzip.as_ref()).unwrap_or(&self.plain).len()
    }

    /// The answer to a request with these headers: its form, or that the client has it.
    pub(crate) fn answer(&self, headers: &HeaderMap) -> Response {
        let brotli = self.brotli.as_ref().filter(|_| accepts(headers, "br"));
        let brotli = brotli.map(|bytes| (bytes, "br"));
        let gzip = self.gzip.as_ref().filter(|_| accepts(headers, "gzip"));
        let coded = brotli.or(gzip.map(|bytes| (bytes, "gzip")));
        let mut response = if knows(headers, &self.tag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            coded.map_or(&self.plain, |(bytes, _)| bytes).clone().into_response()
        };
        let is_whole = response.status() == StatusCode::OK;
        let answer = response.headers_mut();
        answer.insert(header::CONTENT_TYPE, self.kind.clone());
        answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        // Weak: the same content under two encodings (RFC 9110, section 8.8.1).
        if let Ok(tag) = HeaderValue::from_str(&format!("W/\"{}\"", self.tag)) {
            answer.insert(header::ETAG, tag);
        }
        if let Some((_, coding)) = coded.filter(|_| is_whole) {
            answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        response
    }
}

fn gzip(plain: &[u8]) -> Option<Bytes> {
    // Into memory, which does not fail; without the compressed form the plain one is sent.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).ok()?;
    Some(encoder.finish().ok()?.into())
}

/// Above this size the densest form takes seconds to make, which the first who asks would wait for.
const DENSEST_MAX: usize = 64 * 1024;
/// Window bits: 4 MiB, more than any answer has.
const WINDOW: u32 = 22;

/// A fifth smaller than gzip for scripts, half as large for plans.
fn brotli(plain: &[u8]) -> Option<Bytes> {
    let quality = if plain.len() <= DENSEST_MAX { 11 } else { 9 };
    let mut coded = Vec::new();
    let mut encoder = brotli::CompressorWriter::new(&mut coded, 16 * 1024, quality, WINDOW);
    encoder.write_all(plain).and_then(|()| encoder.flush()).ok()?;
    drop(encoder);
    Some(coded.into())
}

/// Whether `If-None-Match` names this tag, weak or not.
pub(crate) fn knows(headers: &HeaderMap, tag: &str) -> bool {
    let lists = headers.get_all(header::IF_NONE_MATCH).iter();
    let tags = lists.filter_map(|list| list.to_str().ok()).flat_map(|list| list.split(','));
    tags.map(|known| known.trim().trim_start_matches("W/").trim_matches('"'))
        .any(|known| known == tag || known == "*")
}

fn accepts(headers: &HeaderMap, wanted: &str) -> bool {
    let lists = headers.get_all(header::ACCEPT_ENCODING).iter();
    let all = lists.filter_map(|list| list.to_str().ok()).flat_map(|list| list.split(','));
    let mut named = all.filter_map(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next()?.to_ascii_lowercase();
        let weight = parts.find_map(|part| part.strip_prefix("q="));
        let is_wanted = weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|q| q > 0.0));
        // `*` is for what is not named; brotli is only sent where it is.
        (name == wanted || (name == "*" && wanted == "gzip")).then_some(is_wanted)
    });
    named.next().unwrap_or(false)
}

/// One kept thing: which edition of it, and the thing once somebody has asked for it.
type Slot<K> = (K, u64, Arc<OnceCell<KeptAnswer>>);

/// The newest edition of each of a bounded number of things; the oldest makes room.
#[derive(Debug)]
pub(crate) struct Shelf<K>(Arc<Mutex<VecDeque<Slot<K>>>>);

impl<K> Clone for Shelf<K> {
    fn clone(&self) -> Self {
        Shelf(Arc::clone(&self.0))
    }
}

impl<K> Default for Shelf<K> {
    fn default() -> Self {
        Shelf(Arc::default())
    }
}

/// Things a shelf keeps: at a megabyte for the largest, some tens of megabytes.
const SHELF_MAX: usize = 64;

impl<K: Eq + Hash + Copy> Shelf<K> {
    /// The thing as kept, or as made now: whoever asks meanwhile waits for the same one.
    pub(crate) async fn get(
        &self,
        key: K,
        edition: u64,
        make: impl FnOnce() -> KeptAnswer + Send + 'static,
    ) -> Option<ShelvedAnswer> {
        let cell = self.cell(key, edition);
        // Compressing takes a moment: not on a thread that serves others.
        let made = cell
            .get_or_try_init(|| async { tokio::task::spawn_blocking(make).await.map_err(|_| ()) });
        made.await.ok()?;
        Some(ShelvedAnswer(cell))
    }

    fn cell(&self, key: K, edition: u64) -> Arc<OnceCell<KeptAnswer>> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, kept, cell)) = slots.iter_mut().find(|(name, ..)| *name == key) {
            if *kept < edition {
                *kept = edition;
                *cell = Arc::default();
            }
            return Arc::clone(cell);
        }
        if slots.len() >= SHELF_MAX {
            slots.pop_front();
        }
        let cell = Arc::default();
        slots.push_back((key, edition, Arc::clone(&cell)));
        cell
    }
}

/// What was found on a shelf.
#[derive(Debug)]
pub(crate) struct ShelvedAnswer(Arc<OnceCell<KeptAnswer>>);

impl ShelvedAnswer {
    pub(crate) fn answer(&self, headers: &HeaderMap) -> Option<Response> {
        Some(self.0.get()?.answer(headers))
    }
}

#[cfg(test)]
#[path = "kept_tests.rs"]
mod tests;
