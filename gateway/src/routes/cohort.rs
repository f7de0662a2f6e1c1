//! To be counted: a fan's coarse answers for aggregates, shared and taken back by himself.
//!
//! What is said here never comes back out of any call or topic about a person: only cells of many
//! people are published, when a week is over.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::put;
use serde::Deserialize;
use utoipa::ToSchema;

use floodgate_domain::cohort::RegionError;
use floodgate_domain::{Actor, AgeBand, Cohort, Command, Region};

use super::answer;
use crate::extract::{EventPath, Fan, Wish};
use crate::model::{DoneAnswer, Nothing};
use crate::problem::{ApiError, Code};
use crate::state::GatewayState;

pub(crate) fn routes() -> Router<GatewayState> {
    Router::new().route("/v1/events/{event_id}/me/cohort", put(share).delete(withdraw))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CohortWish {
    /// Must be `true`: the person was asked, agreed, is of age, and can take it back.
    #[serde(default)]
    consent: bool,
    /// 18-24, 25-34, 35-44, 45-54, 55-64 or 65+; absent when not said.
    #[schema(example = "25-34")]
    age: Option<String>,
    /// A country: two capital letters of ISO 3166-1; absent when not said.
    #[schema(example = "CH")]
    region: Option<String>,
}

impl CohortWish {
    fn cohort(&self) -> Result<Cohort, ApiError> {
        let malformed =
            |path, message: String| ApiError::new(Code::MalformedBody).field(path, message);
        if !self.consent {
            let message = "ask the person, and send true when they agree; else send nothing";
            return Err(malformed("consent", message.to_owned()));
        }
        let age = self.age.as_ref().map(|text| {
            let bands = AgeBand::ALL.map(AgeBand::code).join(", ");
            AgeBand::parse(text)
                .ok_or_else(|| malformed("age", format!("one of {bands}; or leave it out")))
        });
        let region = self.region.as_ref().map(|text| {
            text.parse::<Region>()
                .map_err(|error: RegionError| malformed("region", error.to_string()))
        });
        Ok(Cohort::new(age.transpose()?, region.transpose()?))
    }
}

/// Lets this buyer be counted in weekly aggregates of the event, under at most an age band and a
/// country. Sharing again replaces the answers; a person counts once.
#[utoipa::path(put, path = "/v1/events/{event_id}/me/cohort", operation_id = "shareCohort",
    tag = "Fans", security(("device" = [])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = CohortWish,
    responses((status = 200, body = DoneAnswer), (status = 202, body = crate::model::PendingAnswer),
        (status = 400, description = "malformed_body: errors names the field",
            body = crate::problem::Problem),
        (status = 403, description = "no_pass: only who has been in the shop is counted",
            body = crate::problem::Problem)))]
pub(crate) async fn share(
    State(state): State<GatewayState>,
    fan: Fan,
    path: EventPath,
    wish: Wish<CohortWish>,
) -> Result<Response, ApiError> {
    let command = Command::ShareCohort { cohort: wish.body.cohort()? };
    let actor = Actor::Buyer(fan.device()?.buyer);
    let outcome = state.submit(path.event_id, actor, &wish.named, command).await?;
    answer(path.event_id, outcome, false, |reply| {
        Ok(DoneAnswer { status: "done", as_of: reply.into() })
    })
}

/// Takes that back: this buyer counts no more in what is published from now on.
#[utoipa::path(delete, path = "/v1/events/{event_id}/me/cohort", operation_id = "withdrawCohort",
    tag = "Fans", security(("device" = [])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = DoneAnswer),
        (status = 202, body = crate::model::PendingAnswer),
        (status = 403, description = "no_pass: nobody here is counted",
            body = crate::problem::Problem)))]
pub(crate) async fn withdraw(
    State(state): State<GatewayState>,
    fan: Fan,
    path: EventPath,
    wish: Wish<Nothing>,
) -> Result<Response, ApiError> {
    let actor = Actor::Buyer(fan.device()?.buyer);
    let command = Command::WithdrawCohort;
    let outcome = state.submit(path.event_id, actor, &wish.named, command).await?;
    answer(path.event_id, outcome, false, |reply| {
        Ok(DoneAnswer { status: "done", as_of: reply.into() })
    })
}
