//! The phases and rules of a sale.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::dials::DIALS;
use floodgate_domain::{Actor, Command, DialChange, PhaseDial};

use super::Routes;
use super::respond::answer;
use crate::commands::{Commands, RequestKey};
use crate::extract::{EventPath, Idempotent, Manager, Operator, Staff};
use crate::model::{DoneAnswer, PhaseChange, PolicyPatch, Prices, price_table};
use crate::problem::{ApiError, Code};
use crate::staff::StaffRole;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(open))
        .routes(routes!(presale))
        .routes(routes!(pause))
        .routes(routes!(close))
        .routes(routes!(cancel))
        .routes(routes!(prices, set_prices))
        .routes(routes!(set_policy))
}

/// Turns the phase, as one of the dials: with who and why.
async fn turn(
    commands: &Commands,
    path: &EventPath,
    actor: Actor,
    Idempotent { key, body }: &Idempotent<PhaseChange>,
    phase: PhaseDial,
) -> Result<Response, ApiError> {
    let reason = body.reason.clone();
    let change = DialChange { phase: Some(phase), reason, ..DialChange::default() };
    change.check()?;
    send(commands, path, actor, key, Command::SetDials(Box::new(change))).await
}

/// One command of staff that answers with nothing but its position.
async fn send(
    commands: &Commands,
    path: &EventPath,
    actor: Actor,
    key: &RequestKey,
    command: Command,
) -> Result<Response, ApiError> {
    let outcome = commands.submit(path.event_id, actor, key, command).await?;
    answer(path.event_id, outcome, false, |reply| Ok(DoneAnswer::from(reply)))
}

/// Opens the sale, or resumes it after a pause.
#[utoipa::path(post, path = "/v1/events/{event_id}/sale/open", operation_id = "openSale",
    tag = "Staff", security(("staff" = ["manager", "operator"])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body(content = PhaseChange, example = json!({"reason": "rain"})),
    responses((status = 200, body = DoneAnswer)))]
pub(crate) async fn open(
    State(commands): State<Commands>,
    staff: Staff<(Manager, Operator)>,
    path: EventPath,
    request: Idempotent<PhaseChange>,
) -> Result<Response, ApiError> {
    turn(&commands, &path, staff.actor(), &request, PhaseDial::Open).await
}

/// Begins the presale: only who has claimed a code may join the queue, enter and hold, until the sale opens
/// to all.
#[utoipa::path(post, path = "/v1/events/{event_id}/sale/presale", operation_id = "beginPresale",
    tag = "Staff", security(("staff" = ["manager", "operator"])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body(content = PhaseChange, example = json!({"reason": "the club first"})),
    responses((status = 200, body = DoneAnswer)))]
pub(crate) async fn presale(
    State(commands): State<Commands>,
    staff: Staff<(Manager, Operator)>,
    path: EventPath,
    request: Idempotent<PhaseChange>,
) -> Result<Response, ApiError> {
    turn(&commands, &path, staff.actor(), &request, PhaseDial::Presale).await
}

/// Pauses the sale: no new holds and no new shoppers; held seats can still be paid.
#[utoipa::path(post, path = "/v1/events/{event_id}/sale/pause", operation_id = "pauseSale",
    tag = "Staff", security(("staff" = ["manager", "operator"])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body(content = PhaseChange, example = json!({"reason": "rain"})),
    responses((status = 200, body = DoneAnswer)))]
pub(crate) async fn pause(
    State(commands): State<Commands>,
    staff: Staff<(Manager, Operator)>,
    path: EventPath,
    request: Idempotent<PhaseChange>,
) -> Result<Response, ApiError> {
    turn(&commands, &path, staff.actor(), &request, PhaseDial::Pause).await
}

/// Closes the sale for good: no new holds; held seats can still be paid.
#[utoipa::path(post, path = "/v1/events/{event_id}/sale/close", operation_id = "closeSale",
    tag = "Staff", security(("staff" = ["manager"])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body(content = PhaseChange, example = json!({"reason": "rain"})),
    responses((status = 200, body = DoneAnswer)))]
pub(crate) async fn close(
    State(commands): State<Commands>,
    staff: Staff<Manager>,
    path: EventPath,
    request: Idempotent<PhaseChange>,
) -> Result<Response, ApiError> {
    turn(&commands, &path, staff.actor(), &request, PhaseDial::Close).await
}

/// Cancels the event: releases everything held and refunds everything sold.
#[utoipa::path(post, path = "/v1/events/{event_id}/cancel", operation_id = "cancelEvent",
    tag = "Staff", security(("staff" = ["manager"])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body(content = PhaseChange, example = json!({"reason": "rain"})),
    responses((status = 200, body = DoneAnswer)))]
pub(crate) async fn cancel(
    State(commands): State<Commands>,
    staff: Staff<Manager>,
    path: EventPath,
    request: Idempotent<PhaseChange>,
) -> Result<Response, ApiError> {
    turn(&commands, &path, staff.actor(), &request, PhaseDial::Cancel).await
}

/// The prices of each category with all their steps, in the form in which they are set; buyers see
/// the price of now alone.
#[utoipa::path(get, path = "/v1/events/{event_id}/prices", operation_id = "getPrices",
    tag = "Staff", security(("staff" = ["manager"])), params(("event_id" = String, Path)),
    responses((status = 200, body = Prices)))]
pub(crate) async fn prices(_: Staff<Manager>, path: EventPath) -> Json<Prices> {
    let view = path.entry.read();
    Json(Prices::of(&view.prices, &view.plan))
}

/// New prices for seats that are not held yet.
#[utoipa::path(put, path = "/v1/events/{event_id}/prices", operation_id = "setPrices",
    tag = "Staff", security(("staff" = ["manager"])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body(content = Prices,
        example = json!({"currency": "EUR", "prices": {"Stalls": 5900}})),
    responses((status = 200, body = DoneAnswer)))]
pub(crate) async fn set_prices(
    State(commands): State<Commands>,
    staff: Staff<Manager>,
    path: EventPath,
    Idempotent { key, body }: Idempotent<Prices>,
) -> Result<Response, ApiError> {
    let plan = path.entry.read().plan.clone();
    let prices = price_table(&body.currency, &body.prices, &plan)?;
    send(&commands, &path, staff.actor(), &key, Command::SetPrices(Box::new(prices))).await
}

/// New rules for future holds; existing ones keep theirs. A rule that is also a dial can be set with a
/// reason by `setDials`.
#[utoipa::path(put, path = "/v1/events/{event_id}/policy", operation_id = "setPolicy",
    tag = "Staff", security(("staff" = ["manager", "operator"])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body(content = PolicyPatch, example = json!({"hold": "4m", "retry": "90s"})),
    responses((status = 200, body = DoneAnswer)))]
pub(crate) async fn set_policy(
    State(commands): State<Commands>,
    staff: Staff<(Manager, Operator)>,
    path: EventPath,
    Idempotent { key, body }: Idempotent<PolicyPatch>,
) -> Result<Response, ApiError> {
    let before = path.entry.read().policy;
    if staff.role != StaffRole::Manager
        && let Some(rule) = body.for_managers(&before)
    {
        return Err(ApiError::new(Code::WrongRole).field(rule, "is a manager's to change"));
    }
    let policy = body.apply(before, "")?;
    let changed = DIALS.iter().find(|dial| dial.of_policy(&policy) != dial.of_policy(&before));
    if let Some(dial) = changed {
        let fix = "is a dial; turn it with PATCH /v1/events/{event_id}/dials, and say why";
        return Err(ApiError::new(Code::MalformedBody).field(dial.name, fix));
    }
    send(&commands, &path, staff.actor(), &key, Command::SetPolicy(Box::new(policy))).await
}
