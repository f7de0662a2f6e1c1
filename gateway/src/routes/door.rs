//! The door of the waiting room: a challenge to solve or to wait for, and its outcome.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_admission::puzzle::{self, Bearer, Challenge, ChallengeKind, Proof, Shown};
use floodgate_admission::{Device, WaitingRoom};
use floodgate_domain::{BuyerId, EventId};

use super::Routes;
use crate::admission::Admission;
use crate::extract::{ClientAddress, EventPath, Fan, Papers, Persona, Query};
use crate::model::{DoorAnswer, Join, PuzzleChallenge};
use crate::people::PeopleDesk;
use crate::people::places::elsewhere;
use crate::problem::{ApiError, Code};
use crate::time;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(challenge))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChallengeQuery {
    /// `true` asks for a challenge to wait for instead of one to solve.
    #[serde(default)]
    wait: bool,
}

impl ChallengeQuery {
    /// For who cannot compute.
    pub(super) fn waiting() -> Self {
        ChallengeQuery { wait: true }
    }
}

/// What to do before joining: nothing, solve a puzzle, or wait instead. Whoever has a place already
/// needs nothing. The waits of a network follow each other, so that `wait_ms` grows with those who
/// wait there; beyond ten minutes the answer is 429.
#[utoipa::path(get, path = "/v1/events/{event_id}/queue/challenge",
    operation_id = "getChallenge", tag = "Fans",
    params(("event_id" = String, Path), ChallengeQuery),
    responses((status = 200, body = DoorAnswer)))]
#[expect(clippy::too_many_arguments, reason = "each is a precondition of the call")]
pub(crate) async fn challenge(
    State(admission): State<Admission>,
    State(people): State<PeopleDesk>,
    fan: Fan,
    persona: Persona,
    ClientAddress(address): ClientAddress,
    path: EventPath,
    papers: Papers,
    Query(ChallengeQuery { wait }): Query<ChallengeQuery>,
) -> Result<Response, ApiError> {
    people.check_signed_in(&path.entry, fan.device.map(|device| device.buyer)).await?;
    let (room, keys) = (admission.room(), admission.keys());
    let level = room.puzzle_level(path.event_id);
    let has_place = papers.held_ticket(keys, &path, persona.all()).is_some()
        || elsewhere(&admission, &path, persona.all()).await?.is_some();
    if level == 0 || has_place {
        return Ok(answer(DoorAnswer { level, ..DoorAnswer::default() }));
    }
    let now = time::now();
    let level = room.challenge_level(path.event_id, address, now);
    let device = fan.device.unwrap_or_else(WaitingRoom::fresh_device);
    let kind = if wait { ChallengeKind::Wait } else { ChallengeKind::Work };
    let bearer = Bearer { event_id: path.event_id, buyer: device.buyer, address };
    let BuyerId(random) = WaitingRoom::fresh_device().buyer;
    let mut challenge = Challenge::new(kind, level, bearer, now, random);
    if wait {
        challenge = challenge.not_before(room.wait_at_door(address, level, now)?);
    }
    let level = challenge.level;
    metrics::counter!("floodgate_puzzles_total", "outcome" => "issued").increment(1);
    let device = device.seal(keys);
    let set_cookie = papers.device_cookie(&device);
    let asks = PuzzleChallenge {
        challenge: challenge.seal(keys),
        kind: if wait { "wait" } else { "work" },
        parts: challenge.parts,
        bits: challenge.bits,
        wait_ms: challenge.ready_at.0 - challenge.issued_at.0,
        expires_at: time::text(challenge.expires_at),
        device,
    };
    let mut response = answer(DoorAnswer { required: true, level, asks: Some(asks) });
    if let Some(value) = set_cookie {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    Ok(response)
}

fn answer(body: DoorAnswer) -> Response {
    Json(body).into_response()
}

/// The device that may join, and its proof for the door. If the door needs a proof and there is
/// none, the error says where to get it.
pub(crate) fn pass(
    admission: &Admission,
    event_id: EventId,
    device: Option<Device>,
    ClientAddress(address): ClientAddress,
    join: &Join,
) -> Result<(Device, Option<Proof>), ApiError> {
    if admission.room().puzzle_level(event_id) == 0 {
        return Ok((device.unwrap_or_else(WaitingRoom::fresh_device), None));
    }
    let challenge = join.challenge.as_deref().ok_or_else(|| ApiError::new(Code::PuzzleRequired))?;
    let shown = Shown {
        challenge,
        solution: join.solution.as_deref().unwrap_or_default(),
        buyer: device.map(|device| device.buyer),
        address,
    };
    let (challenge, proof) = puzzle::check(admission.keys(), event_id, shown, time::now())?;
    let outcome = if challenge.kind == ChallengeKind::Wait { "waited" } else { "solved" };
    metrics::counter!("floodgate_puzzles_total", "outcome" => outcome).increment(1);
    Ok((Device { buyer: challenge.buyer }, Some(proof)))
}
