//! A refusal as a page: whoever opens an address and gets none of our pages reads why, and what to
//! do. Programs, and our own scripts, get the problem itself.

use axum::extract::{MatchedPath, Request};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use crate::problem::SaidCode;

/// It loads itself no sooner than this: a crowd that is refused comes back as one.
const RELOAD_SECONDS_MIN: u64 = 5;

/// Whether somebody is about to read the answer: a browser opens an address that is no call.
pub(super) fn is_opening(request: &Request) -> bool {
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let is_call = request
        .extensions()
        .get::<MatchedPath>()
        .is_some_and(|route| route.as_str().starts_with("/v1"));
    let is_navigation = match text("sec-fetch-mode") {
        Some(mode) => mode == "navigate",
        None => text("accept").is_some_and(|kinds| kinds.starts_with("text/html")),
    };
    is_navigation && !is_call
}

/// The answer as it was, or, where it is a problem, a page that says so.
pub(super) fn shown(answer: Response) -> Response {
    if answer.extensions().get::<SaidCode>().is_none() {
        return answer;
    }
    let (mut parts, _) = answer.into_parts();
    let later = parts.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let page = page(parts.status, later.and_then(|seconds| seconds.parse().ok()));
    parts.headers.remove(header::CONTENT_LENGTH);
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    parts.headers.insert(header::CONTENT_TYPE, kind);
    Response::from_parts(parts, page.into_response().into_body())
}

/// In the words of people: the codes are for programs.
fn page(status: StatusCode, later: Option<u64>) -> String {
    let is_busy = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    let (title, words) = if is_busy {
        (
            "One moment please",
            "A great many people are here. This page tries again by itself. Your place, your seats \
             and your order are safe.",
        )
    } else if status.is_server_error() {
        (
            "Something went wrong on our side",
            "Please try again. Your place, your seats and your order are safe.",
        )
    } else if status == StatusCode::NOT_FOUND {
        ("There is no such page", "Check the address, or pick the event from the list.")
    } else {
        ("This did not work", "Go back and try again, or begin at the list of events.")
    };
    let seconds = later.unwrap_or(0).max(RELOAD_SECONDS_MIN);
    let reload = if is_busy {
        format!("<meta http-equiv=\"refresh\" content=\"{seconds}\">\n")
    } else {
        String::new()
    };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n{reload}<title>{title}</title>\n\
         <link rel=\"icon\" href=\"/assets/img/icon.svg\" type=\"image/svg+xml\">\n\
         <link rel=\"stylesheet\" href=\"/assets/css/main.css\">\n</head>\n<body>\n\
         <main id=\"main\">\n<section id=\"state\" data-state=\"error\" class=\"card narrow stack\">\n\
         <h1 class=\"state-title\">{title}</h1>\n<p role=\"status\">{words}</p>\n\
         <p><a class=\"button primary\" href=\"\">Try again</a></p>\n\
         <p><a href=\"/\">All events</a> · <a href=\"/tickets\">My tickets</a></p>\n\
         </section>\n</main>\n</body>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use axum::body::Body;
    use http_body_util::BodyExt;

    use super::*;
    use crate::problem::{ApiError, Code};

    fn asking(path: &str, name: &str, value: &str) -> Request {
        Request::builder().uri(path).header(name, value).body(Body::empty()).unwrap()
    }

    #[test]
    fn only_whoever_opens_a_page_gets_one() {
        assert!(is_opening(&asking("/x", "sec-fetch-mode", "navigate")));
        assert!(is_opening(&asking("/x", "accept", "text/html,application/xhtml+xml")));
        assert!(!is_opening(&asking("/x", "sec-fetch-mode", "cors")));
        assert!(!is_opening(&asking("/x", "accept", "*/*")));
    }

    #[tokio::test]
    async fn a_refusal_says_when_it_tries_again() {
        let problem = ApiError::new(Code::RateLimited).retry_after_ms(12_000);
        let answer = shown(problem.into_response());
        assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(answer.headers()[header::RETRY_AFTER], "12");
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(text.contains("content=\"12\"") && text.contains("One moment please"), "{text}");
    }

    #[tokio::test]
    async fn an_answer_that_is_none_stays_as_it_is() {
        let answer = shown((StatusCode::NOT_FOUND, "a page of ours").into_response());
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(&body[..], b"a page of ours");
    }
}
