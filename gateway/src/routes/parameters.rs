//! Query parameters: each call takes those that the document names, and no other. One that were
//! ignored would be a request that was not heard.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use http::Method;
use serde_json::Value;

use crate::problem::{ApiError, Code};

/// The names that each call takes, by `METHOD /path`; a call without any is there too.
static KNOWN: LazyLock<HashMap<String, BTreeSet<String>>> = LazyLock::new(|| {
    let document: Value = serde_json::from_slice(&super::openapi()).unwrap_or_default();
    let paths = document["paths"].as_object().into_iter().flatten();
    let calls = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods
            .map(move |(method, call)| (format!("{} {path}", method.to_uppercase()), names(call)))
    });
    calls.collect()
});

fn names(call: &Value) -> BTreeSet<String> {
    let parameters = call["parameters"].as_array().into_iter().flatten();
    let in_query = parameters.filter(|parameter| parameter["in"] == "query");
    in_query.filter_map(|parameter| Some(parameter["name"].as_str()?.to_owned())).collect()
}

/// Refuses a parameter that the call does not take. Pages take whatever a link brings, and so do a
/// payment provider's own pages and webhooks.
pub(super) fn check(method: &Method, route: &str, query: Option<&str>) -> Result<(), ApiError> {
    let Some(query) = query.filter(|_| is_strict(route)) else { return Ok(()) };
    let method = if method == Method::HEAD { &Method::GET } else { method };
    let Some(known) = KNOWN.get(&format!("{method} {route}")) else { return Ok(()) };
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split('=').next().unwrap_or_default();
        if !known.contains(name) {
            let all: Vec<&str> = known.iter().map(String::as_str).collect();
            let fix = match all[..] {
                [] => "this call takes no query parameters".to_owned(),
                _ => format!("this call takes {}", all.join(", ")),
            };
            return Err(ApiError::new(Code::InvalidQuery).field(name, fix));
        }
    }
    Ok(())
}

/// Whether a route may refuse what it does not know.
fn is_strict(route: &str) -> bool {
    route.starts_with("/v1/") && !route.starts_with("/v1/payments/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_call_does_not_take_is_refused_and_the_rest_is_named() {
        let rows = [
            ("/v1/events", Some("limit=3&after=evt_1"), None),
            ("/v1/events", Some(""), None),
            ("/v1/events", None, None),
            ("/v1/events", Some("limit=3&page=2"), Some("this call takes after, limit")),
            ("/v1/events/{event_id}", Some("x"), Some("this call takes no query parameters")),
            ("/v1/payments/pages/{page}", Some("session=1"), None),
            ("/events/{event_id}", Some("from=newsletter"), None),
        ];
        for (route, query, expected) in rows {
            let found = check(&Method::GET, route, query).err();
            let words = found.map(|error| format!("{error:?}"));
            let is_as_expected = match (&words, expected) {
                (Some(words), Some(expected)) => words.contains(expected),
                (None, None) => true,
                _ => false,
            };
            assert!(is_as_expected, "{route} {query:?}: {words:?}");
        }
        assert!(check(&Method::HEAD, "/v1/events", Some("page=2")).is_err(), "as GET");
    }
}
