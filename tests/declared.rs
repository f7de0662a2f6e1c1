//! Whether an answer is one that the OpenAPI document promises: every call of every end-to-end test
//! is looked up, so whatever a route may say and does not declare fails there, by name.

use std::sync::LazyLock;

use floodgate_http_client::Response;
use http::Method;
use serde_json::Value;

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_slice(&floodgate_gateway::openapi()).unwrap());

/// The call of the document that serves an address; the most literal one.
fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    let path = path.split('?').next()?;
    let fits = |template: &str| {
        let (mut asked, mut written) = (path.split('/'), template.split('/'));
        loop {
            match (asked.next(), written.next()) {
                (None, None) => return true,
                (Some(asked), Some(part)) if part.starts_with('{') || part == asked => {}
                _ => return false,
            }
        }
    };
    let paths = DOCUMENT["paths"].as_object()?;
    let best = paths.iter().filter(|(template, _)| fits(template));
    let (_, methods) = best.min_by_key(|(template, _)| template.matches('{').count())?;
    methods.get(method.as_str().to_lowercase())
}

/// Panics at an answer that the document does not declare.
pub(crate) fn check(method: &Method, path: &str, answer: &Response) {
    let Some(operation) = operation(method, path) else {
        let is_known = path.starts_with("/v1") && !matches!(answer.status, 400 | 404 | 405);
        assert!(!is_known, "{method} {path} answers {}, and is no call", answer.status);
        return;
    };
    let name = operation["operationId"].as_str().unwrap();
    let responses = &operation["responses"];
    let declared = responses.get(answer.status.to_string());
    let Some(declared) = declared else {
        assert!(
            responses.get("default").is_some(),
            "{name} answered {} {} and does not declare it: add its code to \
             gateway/src/openapi/answers.rs",
            answer.status,
            answer.code()
        );
        return;
    };
    let code = answer.body["code"].as_str();
    let is_problem = declared["content"].get("application/problem+json").is_some();
    if let Some(code) = code.filter(|_| is_problem && responses.get("default").is_none()) {
        let words = declared["description"].as_str().unwrap();
        let mut codes = words.split(':').next().unwrap().split(", ");
        assert!(
            codes.any(|declared| declared == code),
            "{name} answered {} {code}, which is not among {words}: add it to \
             gateway/src/openapi/answers.rs",
            answer.status
        );
    }
}
