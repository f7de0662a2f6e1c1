//! The pages, inside the binary.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rust_embed::RustEmbed;
use utoipa_axum::router::OpenApiRouter;

use super::Routes;
use crate::problem::{ApiError, Code};

/// Everything under `gateway/web`.
#[derive(RustEmbed)]
#[folder = "web/"]
struct Web;

/// Pages are for people: only what programs call is in the document.
pub(crate) fn routes() -> Routes {
    OpenApiRouter::new()
        .route("/", get(async |headers: HeaderMap| file("index.html", &headers)))
        .route("/events/{event_id}", get(async |headers: HeaderMap| file("event.html", &headers)))
        .route(
            "/events/{event_id}/dials",
            get(async |headers: HeaderMap| file("dials.html", &headers)),
        )
        .route(
            "/events/{event_id}/gate",
            get(async |headers: HeaderMap| file("gate.html", &headers)),
        )
        .route("/docs", get(async |headers: HeaderMap| file("docs/docs.html", &headers)))
        .route("/assets/{*path}", get(asset))
}

async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    file(&path, &headers)
}

/// A file with its kind and an ETag; browsers ask again each time and mostly get a 304.
fn file(path: &str, headers: &HeaderMap) -> Response {
    let Some(file) = Web::get(path) else { return ApiError::new(Code::NotFound).into_response() };
    let digest = file.metadata.sha256_hash();
    let tag: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{tag}\"");
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    // A compressing layer marks its answers as weak.
    let mut response = if known.map(|known| known.trim_start_matches("W/")) == Some(&tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        file.data.into_owned().into_response()
    };
    let kind = HeaderValue::from_static(kind_of(path));
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
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
