//! What a page may load, as browsers enforce it.

use http::HeaderValue;

/// Of everything this installation serves, except pages of a provider that name further origins.
pub(crate) const OWN: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; worker-src 'self'; form-action 'self'; \
    base-uri 'none'; frame-ancestors 'none'";

/// The same with these origins beside our own, for scripts, frames and connections.
pub(crate) fn with(origins: &[&str]) -> HeaderValue {
    if origins.is_empty() {
        return HeaderValue::from_static(OWN);
    }
    let origins = origins.join(" ");
    let policy = format!(
        "default-src 'none'; script-src 'self' {origins}; style-src 'self'; \
        img-src 'self' data: {origins}; connect-src 'self' {origins}; frame-src {origins}; \
        form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    // Origins are constants of a provider; one that is no header value opens nothing.
    HeaderValue::from_str(&policy).unwrap_or_else(|_| HeaderValue::from_static(OWN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_added_for_that_page_alone() {
        assert_eq!(with(&[]), OWN);
        let policy = with(&["https://js.psp.example", "https://api.psp.example"]);
        let policy = policy.to_str().unwrap_or_default();
        assert!(policy.contains("script-src 'self' https://js.psp.example"), "{policy}");
        assert!(policy.contains("frame-src https://js.psp.example"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(with(&["a\nb"]), OWN);
    }
}
