//! Requests that change something and come with a cookie of ours come from a page of ours.
//!
//! Cookies are `SameSite`, bodies are JSON and commands have a header of their own, so that a form
//! of another site sends none of them. This is one more wall, which does not depend on a handler:
//! what browsers say of a request's page (`Sec-Fetch-Site`, since 2023 all of them), or, where
//! they say nothing, its `Origin`. A sibling host of the domain is another site too.

use http::header::{COOKIE, HOST, ORIGIN};
use http::{HeaderMap, Method, Uri};

use crate::problem::{ApiError, Code};

/// What our cookies begin with; with `__Host-` before it where visitors come by https.
const COOKIES: &str = "fg_";

/// Refuses what a page of another site sends in the name of a visitor. `public` is where people
/// find the pages; a proxy may ask for them under another host.
pub(crate) fn check(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    public: &str,
) -> Result<(), ApiError> {
    // Reading changes nothing, and what carries no cookie acts in nobody's name.
    if method.is_safe() || !carries_cookie(headers) || is_ours(uri, headers, public) {
        return Ok(());
    }
    metrics::counter!("floodgate_cross_site_refused_total").increment(1);
    Err(ApiError::new(Code::CrossSite))
}

fn carries_cookie(headers: &HeaderMap) -> bool {
    headers.get_all(COOKIE).iter().any(|line| {
        // One that cannot be read is no cookie of ours.
        line.to_str().unwrap_or_default().split(';').any(|pair| {
            let name = pair.trim();
            name.strip_prefix("__Host-").unwrap_or(name).starts_with(COOKIES)
        })
    })
}

fn is_ours(uri: &Uri, headers: &HeaderMap, public: &str) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        // `none`: typed, or a bookmark; no page is behind it.
        return site == "same-origin" || site == "none";
    }
    let Some(origin) = headers.get(ORIGIN) else {
        // No browser leaves both out; a program is nobody's page.
        return true;
    };
    let Some((_, origin)) = origin.to_str().ok().and_then(|text| text.split_once("://")) else {
        return false;
    };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = host.or(uri.authority().map(http::uri::Authority::as_str));
    let public = public.split_once("://").map(|(_, rest)| rest);
    [host, public].into_iter().flatten().any(|ours| ours.eq_ignore_ascii_case(origin))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn is_taken(method: &Method, lines: &[(&'static str, &'static str)]) -> bool {
        let lines = lines
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let headers: HeaderMap = lines.collect();
        check(method, &Uri::from_static("/v1/me"), &headers, "https://tickets.example").is_ok()
    }

    #[test]
    fn what_another_sites_page_sends_with_a_cookie_is_refused() {
        let cookie = ("cookie", "a=b; __Host-fg_device=x");
        let host = ("host", "inner:8080");
        let rows: [(&[(&str, &str)], bool); 13] = [
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "")], false),
            (&[("sec-fetch-site", "cross-site"), ("origin", "https://tickets.example")], false),
            (&[("origin", "https://tickets.example")], true),
            (&[("origin", "http://inner:8080")], true),
            (&[("origin", "https://evil.example")], false),
            (&[("origin", "https://a.tickets.example")], false),
            (&[("origin", "https://tickets.example:444")], false),
            (&[("origin", "null")], false),
            (&[], true),
        ];
        for (lines, expected) in rows {
            let lines: Vec<_> = lines.iter().copied().chain([cookie, host]).collect();
            assert_eq!(is_taken(&Method::POST, &lines), expected, "{lines:?}");
            assert!(is_taken(&Method::GET, &lines), "reading is for everybody: {lines:?}");
        }
        let cross = ("sec-fetch-site", "cross-site");
        assert!(is_taken(&Method::POST, &[cross, host]), "it acts in nobody's name");
        assert!(is_taken(&Method::POST, &[cross, host, ("cookie", "a=fg_x; theirs=1")]));
        for name in ["fg_staff=x", "fg_passes=x", "a=b;fg_places=x", "__Host-fg_flow=x"] {
            assert!(!is_taken(&Method::DELETE, &[cross, host, ("cookie", name)]), "{name}");
        }
    }
}
