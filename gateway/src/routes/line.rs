//! The line for browsers without script: a page that says where one stands and loads itself anew,
//! and forms for what can be pressed. It does what the calls do, through the same handlers.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::BodyExt;
use serde::Deserialize;
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;

use floodgate_admission::WaitingRoom;
use floodgate_domain::EventDetails;
use floodgate_domain::details::PICTURE_WIDTHS;

use super::event_page::sheet_of;
use super::markup::escaped;
use super::{Routes, door, pages, queue, shop};
use crate::admission::Admission;
use crate::commands::{Commands, RequestKey};
use crate::extract::{ClientAddress, EventPath, Fan, Idempotent, Papers, Persona, Query};
use crate::model::{Empty, Join, Me, Queue};
use crate::people::PeopleDesk;
use crate::problem::{ApiError, Code};
use crate::queue_feeds::QueueFeeds;

/// How often the page loads itself: it costs a page, where a stream costs a line.
const RELOAD_SECONDS: u32 = 15;
/// What has a button of its own stays, longer than a challenge does.
const READ_SECONDS: u32 = 600;
/// Our own answers, read again; the longest is a problem with its fields.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// For people: it is not in the document.
pub(super) fn routes() -> Routes {
    OpenApiRouter::new().route("/events/{event_id}/line", get(show).post(press))
}

/// What was pressed.
#[derive(Debug, Deserialize)]
pub(crate) struct Pressed {
    act: Act,
    /// That was waited for.
    #[serde(default)]
    challenge: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Act {
    Join,
    Enter,
}

async fn show(
    State(admission): State<Admission>,
    State(queues): State<QueueFeeds>,
    fan: Fan,
    persona: Persona,
    path: EventPath,
    papers: Papers,
) -> Result<Response, ApiError> {
    let queue = queues.find(path.event_id).ok_or_else(|| ApiError::new(Code::NotFound))?;
    let axum::Json(me) = shop::me(State(admission), fan, persona, path.clone(), papers).await;
    Ok(page(&path, &standing(&path, &queue.now().value, &me), RELOAD_SECONDS))
}

#[expect(clippy::too_many_arguments, reason = "what both handlers need")]
async fn press(
    State(admission): State<Admission>,
    State(queues): State<QueueFeeds>,
    State(people): State<PeopleDesk>,
    State(commands): State<Commands>,
    fan: Fan,
    persona: Persona,
    address: ClientAddress,
    path: EventPath,
    Query(Pressed { act, challenge }): Query<Pressed>,
    headers: HeaderMap,
    papers: Papers,
) -> Result<Response, ApiError> {
    // A form can be sent from anywhere; browsers say from where.
    let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    if site.is_some_and(|site| !["same-origin", "none"].contains(&site)) {
        return Err(ApiError::new(Code::CrossSite));
    }
    let waited_for = challenge.clone();
    let done = match act {
        Act::Enter => {
            let key = Idempotent { key: fresh_key(), body: Empty {} };
            let (room, desk) = (State(admission), State(commands));
            shop::enter(desk, room, persona, address, path.clone(), papers, key).await
        }
        Act::Join => {
            let mut body = Join { challenge, solution: None };
            let mut cookies = HeaderMap::new();
            if body.challenge.is_none() {
                let wait = Query(door::ChallengeQuery::waiting());
                let (room, desk) = (State(admission.clone()), State(people.clone()));
                let (who, where_) = (persona.clone(), path.clone());
                let asked =
                    door::challenge(room, desk, fan, who, address, where_, papers.clone(), wait);
                let (head, asks) = match asked.await {
                    Ok(answer) => read(answer).await?,
                    Err(error) => return refused(&path, error, None).await,
                };
                if asks["required"] == true {
                    let page = page(&path, &at_the_door(&path, &asks), READ_SECONDS);
                    return Ok(with_cookies(page, &head));
                }
                cookies = head;
                body = Join::default();
            }
            let key = Idempotent { key: fresh_key(), body };
            let (room, desk) = (State(admission), State(people));
            let feeds = State(queues);
            let joined =
                queue::join(room, feeds, desk, fan, persona, address, path.clone(), papers, key);
            joined.await.map(|answer| with_cookies(answer, &cookies))
        }
    };
    match done {
        Ok(answer) => {
            let (head, body) = read(answer).await?;
            Ok(with_cookies(back(&path, body["as_of"]["offset"].as_u64()), &head))
        }
        Err(error) => refused(&path, error, waited_for.as_deref()).await,
    }
}

/// Under a key nobody knows: joining and entering are the same however often they are asked for.
fn fresh_key() -> RequestKey {
    let name = format!("{:032x}", WaitingRoom::fresh_device().buyer.0);
    RequestKey { name, fingerprint: 0, trace: None }
}

/// To the page that says what is so now; a reload of it sends nothing again.
/// Back to the page, as fresh as what was done there.
fn back(path: &EventPath, reached: Option<u64>) -> Response {
    let fresh = reached.map(|offset| format!("?at_least={offset}")).unwrap_or_default();
    let place = format!("/events/{}/line{fresh}", path.event_id);
    let place = HeaderValue::from_str(&place).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response()
}

fn with_cookies(mut response: Response, from: &HeaderMap) -> Response {
    for cookie in from.get_all(header::SET_COOKIE) {
        response.headers_mut().append(header::SET_COOKIE, cookie.clone());
    }
    response
}

/// What a handler of ours answered.
async fn read(answer: Response) -> Result<(HeaderMap, Value), ApiError> {
    let (head, body) = answer.into_parts();
    let body = http_body_util::Limited::new(body, ANSWER_BYTES_MAX).collect().await;
    let body = body.map_err(|error| ApiError::internal(&error))?.to_bytes();
    let value = serde_json::from_slice(&body).map_err(|error| ApiError::internal(&error))?;
    Ok((head.headers, value))
}

/// A no, in its own words, with what can be pressed instead.
async fn refused(
    path: &EventPath,
    error: ApiError,
    challenge: Option<&str>,
) -> Result<Response, ApiError> {
    let early = challenge.filter(|_| error.code() == "puzzle_not_ready").map(waited);
    let is_over = ["turn_lapsed", "place_spent", "place_unknown"].contains(&error.code());
    let (_, problem) = read(error.into_response()).await?;
    let words = escaped(problem["detail"].as_str().unwrap_or_default());
    let on = match (early, is_over) {
        (Some(act), _) => form(path, &act, "Take my place"),
        (None, true) => form(path, "join", "Join the queue again"),
        (None, false) => {
            format!("<p><a class=\"button\" href=\"{}\">Back to the line</a></p>", here(path))
        }
    };
    let words = format!("<p role=\"alert\">{words}</p>{on}");
    Ok(page(path, &shown("Not just now", &words), READ_SECONDS))
}

fn here(path: &EventPath) -> String {
    format!("/events/{}/line", path.event_id)
}

fn form(path: &EventPath, act: &str, words: &str) -> String {
    format!(
        "<form method=\"post\" action=\"{}?act={act}\">\
         <button class=\"button primary\">{words}</button></form>",
        here(path)
    )
}

fn shown(title: &str, body: &str) -> String {
    format!("<h2 class=\"state-title\">{title}</h2>{body}")
}

/// What is pressed with a challenge that was waited for; it is text of ours, safe in an address.
fn waited(challenge: &str) -> String {
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || "-_.~".contains(*c);
    let challenge: String = challenge.chars().filter(is_plain).collect();
    format!("join&amp;challenge={challenge}")
}

/// Waits instead of working: nothing here can compute.
fn at_the_door(path: &EventPath, asks: &Value) -> String {
    let asks = &asks["asks"];
    let seconds = asks["wait_ms"].as_u64().unwrap_or_default().div_ceil(1000);
    let act = waited(asks["challenge"].as_str().unwrap_or_default());
    let words = format!(
        "<p>So that programs do not crowd people out, everybody waits a moment at the door. \
         In {seconds} seconds, press the button; before that it does not let you in.</p>"
    );
    shown("A moment at the door", &(words + &form(path, &act, "Take my place")))
}

const RUNNING: [&str; 4] = ["held", "payment_pending", "no_answer", "declined"];

/// Where somebody stands, and what they can do.
fn standing(path: &EventPath, queue: &Queue, me: &Me) -> String {
    let is_in = me.pass_expires_at.is_some();
    let has_order = me.orders.iter().any(|order| RUNNING.contains(&order.status));
    let is_sold = ["open", "presale"].contains(&queue.phase);
    let message = Some(&queue.message).filter(|text| !text.is_empty());
    let message = message
        .map(|text| format!("<p class=\"notice info\">From the organiser: {}</p>", escaped(text)))
        .unwrap_or_default();
    let body = match (queue.phase, me.place) {
        ("cancelled", _) => shown(
            "This event is cancelled",
            "<p>Whoever paid gets the money back on the card they paid with.</p>",
        ),
        ("closed", _) => shown("The sale is closed", "<p>No more tickets are sold here.</p>"),
        _ if is_in || has_order => shown(
            "You are in",
            &format!(
                "<p>To choose seats and to pay, this page needs JavaScript: turn it on for this \
                 site, then press the button. Your seats and your turn are kept meanwhile.</p>\
                 <p><a class=\"button primary\" href=\"/events/{}\">To the seats</a></p>",
                path.event_id
            ),
        ),
        (_, None) => {
            let line = match queue.people_waiting {
                0 => "Nobody is waiting.".to_owned(),
                1 => "1 person is waiting.".to_owned(),
                people => format!("{people} people are waiting."),
            };
            let join = form(path, "join", "Join the queue");
            shown("Join the queue", &format!("<p>{line}</p>{join}"))
        }
        (_, Some(place)) if is_sold && place < queue.frontier => shown(
            "It is your turn",
            &format!(
                "<p>The shop is open for you. Continue when you are ready.</p>{}",
                form(path, "enter", "Continue to the seats")
            ),
        ),
        (_, Some(place)) => waiting(queue, place),
    };
    message + &body
}

fn waiting(queue: &Queue, place: u64) -> String {
    let ahead = place.saturating_sub(queue.frontier);
    let why = match queue.phase {
        "announced" => "<p>The sale has not opened yet. Your place is kept.</p>",
        "paused" => "<p>The sale is paused. Your place is kept.</p>",
        _ if queue.free == 0 => "<p>No seat is free right now. Your place is kept.</p>",
        _ => "",
    };
    let people = if ahead == 1 { "person" } else { "people" };
    let body = format!(
        "<p class=\"ahead\"><strong class=\"ahead-count\">{ahead}</strong> {people} ahead of \
         you</p>{why}<p>Your place is {}. This page loads itself anew every {RELOAD_SECONDS} \
         seconds; you may also close it and come back.</p>",
        place + 1
    );
    shown("You are in the queue", &body)
}

fn logo_of(details: &EventDetails) -> String {
    let Some(logo) = &details.look.logo else { return String::new() };
    let (path, words) = (logo.path_in(PICTURE_WIDTHS[0]), escaped(&logo.alternative));
    format!("<img class=\"logo\" src=\"{path}\" alt=\"{words}\">")
}

/// The page around it, loading itself anew.
fn page(path: &EventPath, content: &str, again_seconds: u32) -> Response {
    let Some(text) = pages::text("line.html") else {
        return ApiError::new(Code::NotFound).into_response();
    };
    let (name, sheet, logo) = {
        let details = &path.entry.read().details;
        (escaped(&details.name), sheet_of(details), logo_of(details))
    };
    let again = format!("{again_seconds}; url={}", here(path));
    let text = text.replace("{{name}}", &name).replace("{{again}}", &again);
    let text = text.replace("{{event}}", &format!("/events/{}", path.event_id));
    let text = text.replacen("{{sheet}}", &sheet, 1).replacen("{{logo}}", &logo, 1);
    let text = text.replacen("{{content}}", content, 1);
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response()
}
