//! Being counted: a fan's coarse answers for aggregates, shared and withdrawn by themselves.
//!
//! What is said here never appears in any call or topic about a person: only cells of many
//! people are published, when a week is over.

use axum::extract::State;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::cohort::RegionError;
use floodgate_domain::{Actor, AgeBand, Cohort, Command, Region};

use super::Routes;
use super::respond::answer;
use crate::commands::Commands;
use crate::extract::{EventPath, Fan, Idempotent};
use crate::model::{CohortAnswers, CohortPurpose, DoneAnswer, Empty, PendingAnswer};
use crate::problem::{ApiError, Code, Problem};

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(share, withdraw))
}

fn cohort(answers: &CohortAnswers) -> Result<Cohort, ApiError> {
    // All there is to agree to; what is not this was refused when it was read.
    let CohortPurpose::Audience = answers.purpose;
    let malformed = |path, message: String| ApiError::new(Code::MalformedBody).field(path, message);
    if !answers.consent {
        let message = "ask the person, and send true when they agree; else send nothing";
        return Err(malformed("consent", message.to_owned()));
    }
    let age = answers.age.as_ref().map(|text| {
        let bands = AgeBand::ALL.map(AgeBand::code).join(", ");
        AgeBand::parse(text)
            .ok_or_else(|| malformed("age", format!("one of {bands}; or leave it out")))
    });
    let region = answers.region.as_ref().map(|text| {
        text.parse::<Region>().map_err(|error: RegionError| malformed("region", error.to_string()))
    });
    Ok(Cohort::new(age.transpose()?, region.transpose()?))
}

/// Lets this buyer be counted in weekly aggregates of the event, under at most an age band and a
/// country. Sharing again replaces the answers; a person counts once.
#[utoipa::path(put, path = "/v1/events/{event_id}/me/cohort", operation_id = "shareCohort",
    tag = "Fans", security(("device" = [])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = CohortAnswers,
    responses((status = 200, body = DoneAnswer), (status = 202, body = PendingAnswer),
        (status = 400, description = "malformed_body: errors names the field",
            body = Problem),
        (status = 403, description = "no_pass: only people who have been in the shop are counted",
            body = Problem)))]
pub(crate) async fn share(
    State(commands): State<Commands>,
    fan: Fan,
    path: EventPath,
    Idempotent { key, body }: Idempotent<CohortAnswers>,
) -> Result<Response, ApiError> {
    let command = Command::ShareCohort { cohort: cohort(&body)? };
    let actor = Actor::Buyer(fan.device()?.buyer);
    let outcome = commands.submit(path.event_id, actor, &key, command).await?;
    answer(path.event_id, outcome, false, |reply| Ok(DoneAnswer::from(reply)))
}

/// Withdraws that: this buyer is not counted in anything published from now on.
#[utoipa::path(delete, path = "/v1/events/{event_id}/me/cohort", operation_id = "withdrawCohort",
    tag = "Fans", security(("device" = [])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = DoneAnswer),
        (status = 202, body = PendingAnswer),
        (status = 403, description = "no_pass: this device is not counted",
            body = Problem)))]
pub(crate) async fn withdraw(
    State(commands): State<Commands>,
    fan: Fan,
    path: EventPath,
    Idempotent { key, .. }: Idempotent<Empty>,
) -> Result<Response, ApiError> {
    let actor = Actor::Buyer(fan.device()?.buyer);
    let command = Command::WithdrawCohort;
    let outcome = commands.submit(path.event_id, actor, &key, command).await?;
    answer(path.event_id, outcome, false, |reply| Ok(DoneAnswer::from(reply)))
}
