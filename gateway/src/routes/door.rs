//! The door of the waiting room: a challenge to solve or to wait for, and what it comes to.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderMap, HeaderValue, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use floodgate_admission::puzzle::{self, Bearer, Challenge, Kind, Proof, PuzzleError, Shown};
use floodgate_admission::{Device, WaitingRoom};
use floodgate_domain::{BuyerId, EventId};

use super::queue::{COOKIE_SECONDS, held_ticket};
use crate::extract::address::ClientAddress;
use crate::extract::fan::cookie;
use crate::extract::{EventPath, Fan};
use crate::problem::{ApiError, Code};
use crate::state::GatewayState;
use crate::time;

pub(crate) fn routes() -> Router<GatewayState> {
    Router::new().route("/v1/events/{event_id}/queue/challenge", get(challenge))
}

#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct ChallengeQuery {
    /// `true` asks for a challenge to wait for instead of one to solve.
    #[serde(default)]
    wait: bool,
}

/// What the door asks for. With `required` false, join without anything.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct ChallengeAnswer {
    required: bool,
    /// 0 asks for nothing; each level doubles the work.
    level: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    asks: Option<Asks>,
}

/// A challenge. To solve it: let seed be the SHA-256 of `challenge` as ASCII. For each part from
/// 0, find a 32-bit number for which SHA-256 of seed, part and number (both as four bytes, most
/// significant first) begins with `bits` zero bits. The solution is the numbers, four bytes each,
/// as base64url without padding.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Asks {
    /// Send it with the join, as it is.
    challenge: String,
    /// work: solve it. wait: send it after `wait_ms`, without a solution.
    #[schema(example = "work")]
    kind: &'static str,
    parts: u8,
    bits: u8,
    /// 0 for work.
    wait_ms: u64,
    expires_at: String,
    /// The device it is for. Send as Floodgate-Device from now on; browsers have it as a cookie.
    device: String,
}

/// What a join carries.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Join {
    /// From `getChallenge`, when the door asks for one.
    challenge: Option<String>,
    /// What solves it.
    solution: Option<String>,
}

impl From<PuzzleError> for ApiError {
    fn from(error: PuzzleError) -> Self {
        let (code, outcome) = match error {
            PuzzleError::Expired => (Code::PuzzleExpired, "expired"),
            PuzzleError::Spent => (Code::PuzzleSpent, "spent"),
            PuzzleError::NotReady { .. } => (Code::PuzzleNotReady, "early"),
            PuzzleError::Forged
            | PuzzleError::OtherEvent
            | PuzzleError::OtherDevice
            | PuzzleError::OtherNetwork
            | PuzzleError::Unsolved => (Code::PuzzleWrong, "wrong"),
        };
        metrics::counter!("floodgate_puzzles_total", "outcome" => outcome).increment(1);
        let problem = ApiError::new(code).field("challenge", error.to_string());
        match error {
            PuzzleError::NotReady { retry_after_ms } => problem.retry_after_ms(retry_after_ms),
            _ => problem,
        }
    }
}

/// What to do before joining: nothing, solve a puzzle, or wait instead. Who has a place already
/// needs nothing.
#[utoipa::path(get, path = "/v1/events/{event_id}/queue/challenge",
    operation_id = "getChallenge", tag = "Fans",
    params(("event_id" = String, Path), ChallengeQuery),
    responses((status = 200, body = ChallengeAnswer)))]
pub(crate) async fn challenge(
    State(state): State<GatewayState>,
    fan: Fan,
    ClientAddress(address): ClientAddress,
    path: EventPath,
    headers: HeaderMap,
    query: Result<Query<ChallengeQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(ChallengeQuery { wait }) = query
        .map_err(|error| ApiError::new(Code::InvalidQuery).field("wait", error.body_text()))?;
    let level = state.room.puzzle_level(path.event_id);
    if level == 0 || held_ticket(&state, &headers, &path, fan.device).is_some() {
        return Ok(answer(ChallengeAnswer { level, ..ChallengeAnswer::default() }));
    }
    let now = time::now();
    let level = state.room.challenge_level(path.event_id, address, now);
    let device = fan.device.unwrap_or_else(WaitingRoom::fresh_device);
    let kind = if wait { Kind::Wait } else { Kind::Work };
    let bearer = Bearer { event_id: path.event_id, buyer: device.buyer, address };
    let BuyerId(random) = WaitingRoom::fresh_device().buyer;
    let challenge = Challenge::new(kind, level, bearer, now, random);
    let level = challenge.level;
    metrics::counter!("floodgate_puzzles_total", "outcome" => "issued").increment(1);
    let keys = state.room.keys();
    let device = device.seal(keys);
    let set_cookie = cookie("fg_device", &device, COOKIE_SECONDS * 4);
    let asks = Asks {
        challenge: challenge.seal(keys),
        kind: if wait { "wait" } else { "work" },
        parts: challenge.parts,
        bits: challenge.bits,
        wait_ms: challenge.ready_at.0 - challenge.issued_at.0,
        expires_at: time::text(challenge.expires_at),
        device,
    };
    let mut response = answer(ChallengeAnswer { required: true, level, asks: Some(asks) });
    if let Some(value) = set_cookie {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    Ok(response)
}

fn answer(body: ChallengeAnswer) -> Response {
    let mut response = Json(body).into_response();
    // It is for this visitor alone.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The device that may join, and the proof it passed the door with. Who shows nothing at a door
/// that asks for something is told where to get it.
pub(crate) fn pass(
    state: &GatewayState,
    event_id: EventId,
    device: Option<Device>,
    ClientAddress(address): ClientAddress,
    join: &Join,
) -> Result<(Device, Option<Proof>), ApiError> {
    if state.room.puzzle_level(event_id) == 0 {
        return Ok((device.unwrap_or_else(WaitingRoom::fresh_device), None));
    }
    let challenge = join.challenge.as_deref().ok_or_else(|| ApiError::new(Code::PuzzleRequired))?;
    let shown = Shown {
        challenge,
        solution: join.solution.as_deref().unwrap_or_default(),
        buyer: device.map(|device| device.buyer),
        address,
    };
    let (challenge, proof) = puzzle::check(state.room.keys(), event_id, shown, time::now())?;
    let outcome = if challenge.kind == Kind::Wait { "waited" } else { "solved" };
    metrics::counter!("floodgate_puzzles_total", "outcome" => outcome).increment(1);
    Ok((Device { buyer: challenge.buyer }, Some(proof)))
}
