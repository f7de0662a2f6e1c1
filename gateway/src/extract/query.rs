//! Query parameters, refused as a problem when they are not what the call accepts.

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::{ApiError, Code};

/// The query of an address.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<S, T> FromRequestParts<S> for Query<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        match axum::extract::Query::try_from_uri(&parts.uri) {
            Ok(axum::extract::Query(query)) => Ok(Query(query)),
            Err(error) => {
                let text = error.body_text();
                let (name, why) = named(&text);
                Err(ApiError::new(Code::InvalidQuery).field(name, why))
            }
        }
    }
}

/// The value of one parameter as it is written, for those who only compare it.
pub(crate) fn parameter<'a>(query: Option<&'a str>, name: &str) -> Option<&'a str> {
    let mut pairs = query?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
}

/// Which parameter is wrong, and why; `query` where none is named.
fn named(text: &str) -> (&str, &str) {
    let text = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(text);
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    text.split_once(": ").filter(|(name, _)| is_name(name)).unwrap_or(("query", text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Limited {
        #[allow(dead_code, reason = "only read by serde")]
        limit: Option<u32>,
    }

    #[tokio::test]
    async fn the_wrong_parameter_is_named() {
        for (uri, name) in
            [("/?limit=abc", "limit"), ("/?limit=-1", "limit"), ("/?other=1", "other")]
        {
            let (mut parts, ()) = http::Request::get(uri).body(()).expect("a request").into_parts();
            let error = Query::<Limited>::from_request_parts(&mut parts, &()).await;
            let error = error.expect_err("it is wrong");
            assert!(format!("{error:?}").contains(&format!("\"{name}\"")), "{uri}: {error:?}");
        }
    }
}
