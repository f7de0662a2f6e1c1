//! The pages, inside the binary: read once, compressed once.
//!
//! A page names its files under an address with a digest of all of them, `/assets/v-…/js/dom.js`,
//! so that browsers and caches keep them for good; modules name each other relatively and stay
//! under it. Without the digest, or with that of another version, a file is asked about before
//! each use.

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::HeaderMap;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};
use utoipa_axum::router::OpenApiRouter;

use super::Routes;
use super::bundle::bundled;
use super::lean::lean;
use crate::caching::Public;
use crate::extract::Segments;
use crate::kept::KeptAnswer;
use crate::problem::{ApiError, Code};

/// Everything under `gateway/web`.
#[derive(RustEmbed)]
#[folder = "web/"]
struct Web;

/// The files of this version.
struct Site {
    digest: String,
    files: BTreeMap<String, File>,
}

/// One file, made ready when it is first asked for.
struct File {
    kind: &'static str,
    bytes: Vec<u8>,
    kept: OnceLock<KeptAnswer>,
}

impl File {
    fn new(path: &str, bytes: Vec<u8>) -> Self {
        File { kind: kind_of(path), bytes, kept: OnceLock::new() }
    }

    fn kept(&self) -> &KeptAnswer {
        self.kept.get_or_init(|| KeptAnswer::new(self.kind, self.bytes.clone()).dense())
    }

    fn answer(&self, headers: &HeaderMap) -> Response {
        self.kept().answer(headers)
    }
}

static SITE: LazyLock<Site> = LazyLock::new(|| {
    let files: BTreeMap<String, Vec<u8>> = Web::iter()
        .filter_map(|path| Some((path.to_string(), Web::get(&path)?.data.into_owned())))
        .collect();
    let mut hash = Sha256::new();
    for (path, bytes) in &files {
        hash.update((path.len() as u64).to_be_bytes());
        hash.update(path);
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    }
    let digest: String = hash.finalize()[..4].iter().map(|byte| format!("{byte:02x}")).collect();
    let mut texts = BTreeMap::new();
    let mut kept = BTreeMap::new();
    for (path, bytes) in files {
        match String::from_utf8(bytes) {
            Ok(text) => drop(texts.insert(path, text)),
            Err(error) => {
                let file = File::new(&path, error.into_bytes());
                kept.insert(path, file);
            }
        }
    }
    for (path, text) in bundled(texts) {
        let file = File::new(&path, addressed(&path, &text, &digest).into_bytes());
        kept.insert(path, file);
    }
    Site { digest, files: kept }
});

/// A page's files under their digest, scripts and styles without comments; the rest as it is.
fn addressed(path: &str, text: &str, digest: &str) -> String {
    if path.ends_with(".html") {
        return text.replace("\"/assets/", &format!("\"/assets/v-{digest}/"));
    }
    lean(path, text)
}

/// Pages are for people: only what programs call is in the document.
pub(crate) fn routes() -> Routes {
    OpenApiRouter::new()
        .route("/", get(async |headers: HeaderMap| page("index.html", &headers)))
        .route("/events", get(async |headers: HeaderMap| page("index.html", &headers)))
        .route(
            "/events/{event_id}/dials",
            get(async |headers: HeaderMap| page("dials.html", &headers)),
        )
        .route(
            "/events/{event_id}/gate",
            get(async |headers: HeaderMap| page("gate.html", &headers)),
        )
        .route(
            "/events/{event_id}/announcements",
            get(async |headers: HeaderMap| page("announcements.html", &headers)),
        )
        .route("/manage", get(async |headers: HeaderMap| page("manage.html", &headers)))
        .route("/manage/new", get(async |headers: HeaderMap| page("manage.html", &headers)))
        .route(
            "/events/{event_id}/manage",
            get(async |headers: HeaderMap| page("manage.html", &headers)),
        )
        .route(
            "/events/{event_id}/house",
            get(async |headers: HeaderMap| page("house.html", &headers)),
        )
        .route("/deliveries", get(async |headers: HeaderMap| page("deliveries.html", &headers)))
        .route("/tickets", get(async |headers: HeaderMap| page("tickets.html", &headers)))
        .route("/market", get(async |headers: HeaderMap| page("market.html", &headers)))
        .route(
            "/market/invoices/{invoice}",
            get(async |headers: HeaderMap| page("invoice.html", &headers)),
        )
        .route(
            "/events/{event_id}/insight",
            get(async |headers: HeaderMap| page("insight.html", &headers)),
        )
        .route("/me", get(async |headers: HeaderMap| page("me.html", &headers)))
        .route("/sign-in", get(async |headers: HeaderMap| page("sign-in.html", &headers)))
        .route("/sign-in/return", get(async |headers: HeaderMap| page("sign-in.html", &headers)))
        .route("/confirm", get(async |headers: HeaderMap| page("confirm.html", &headers)))
        .route(
            "/unsubscribe/{token}",
            get(async |headers: HeaderMap| page("unsubscribe.html", &headers)),
        )
        .route("/docs", get(async |headers: HeaderMap| page("docs/docs.html", &headers)))
        // A worker is in charge of what lies below its own address, so that it is at the root.
        .route("/push.js", get(async |headers: HeaderMap| page("js/push-worker.js", &headers)))
        .route("/assets/{*path}", get(asset))
}

/// Browsers ask again each time and mostly get a 304.
pub(super) fn page(path: &str, headers: &HeaderMap) -> Response {
    match SITE.files.get(path) {
        Some(file) => Public::revalidated(file.answer(headers)).into_response(),
        None => ApiError::new(Code::NotFound).into_response(),
    }
}

/// A page with its addresses, for whoever has something to add to it.
pub(super) fn text(path: &str) -> Option<String> {
    String::from_utf8(SITE.files.get(path)?.bytes.clone()).ok()
}

async fn asset(Segments(path): Segments<String>, headers: HeaderMap) -> Response {
    let versioned = path.strip_prefix("v-").and_then(|rest| rest.split_once('/'));
    let Some((digest, path)) = versioned else { return page(&path, &headers) };
    match SITE.files.get(path) {
        Some(file) if digest == SITE.digest => {
            Public::immutable(file.answer(&headers)).into_response()
        }
        // A page of another version, while gateways are being replaced: nobody keeps this.
        Some(file) => file.answer(&headers),
        None => ApiError::new(Code::NotFound).into_response(),
    }
}

fn kind_of(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use http::{StatusCode, header};

    use super::*;

    fn of(response: &Response) -> Option<&str> {
        response.headers().get(header::ETAG)?.to_str().ok()
    }

    #[tokio::test]
    async fn every_file_a_page_names_is_there_under_its_digest() {
        let mut count = 0;
        for (path, _) in SITE.files.iter().filter(|(path, _)| path.ends_with(".html")) {
            let text = text(path).unwrap();
            for named in text.split("\"/assets/").skip(1) {
                let named = named.split('"').next().unwrap();
                assert!(named.starts_with(&format!("v-{}/", SITE.digest)), "{path}: {named}");
                let answer = asset(Segments(named.to_owned()), HeaderMap::new()).await;
                assert_eq!(answer.status(), StatusCode::OK, "{path}: {named}");
                count += 1;
            }
        }
        assert!(count > 15, "{count}");
    }

    /// All that is needed to join, without the heads of its answers: at 50 kbit/s, two and a half
    /// seconds.
    #[test]
    fn what_joining_costs() {
        let html = text("event.html").unwrap();
        let folder = format!("\"/assets/v-{}/", SITE.digest);
        let named = html.split(&folder).skip(1).filter_map(|rest| rest.split('"').next());
        let needed: Vec<_> = named.filter(|name| !name.starts_with("img/")).collect();
        let sizes = needed.iter().map(|name| SITE.files[*name].kept().bytes_on_the_wire());
        let all = SITE.files["event.html"].kept().bytes_on_the_wire() + sizes.sum::<usize>();
        assert!(needed.contains(&"js/event.js"), "{needed:?}");
        assert!(all <= 10_500, "{all} bytes: {needed:?}");
    }

    #[tokio::test]
    async fn another_version_gets_what_there_is() {
        let ours = asset(Segments("js/event.js".to_owned()), HeaderMap::new()).await;
        let theirs = asset(Segments("v-00000000/js/event.js".to_owned()), HeaderMap::new()).await;
        assert_eq!((theirs.status(), of(&theirs)), (StatusCode::OK, of(&ours)));
        let none = asset(Segments("v-00000000/js/none.js".to_owned()), HeaderMap::new()).await;
        assert_eq!(none.status(), StatusCode::NOT_FOUND);
    }
}
