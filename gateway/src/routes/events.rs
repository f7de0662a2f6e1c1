//! Events: list, read, create.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Uri};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::details::SaleTimes;
use floodgate_domain::{Answer, Command, EventDetails, EventId, NewEvent, SalePhase, VenueId};

use super::Routes;
use super::respond::answer;
use super::venues::import;
use crate::caching::Public;
use crate::commands::{Commands, Outcome, command_id};
use crate::extract::query::parameter;
use crate::extract::{EventPath, IdempotentPlan, Manager, Query, Staff};
use crate::kept::{KeptAnswer, Shelf};
use crate::model::{
    CreateEvent, Created, EventDetail, EventList, EventSummary, PlanAnswer, PlanColumns, PlanForm,
    SeatingPlan, price_table,
};
use crate::problem::{ApiError, Code};
use crate::time;
use crate::views::Views;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(read)).routes(routes!(plan))
}

/// Events a page may list.
const PAGE_MAX: usize = 100;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// At most 100.
    limit: Option<usize>,
    /// The last event id of the previous page.
    after: Option<String>,
}

/// All events, ordered by id.
#[utoipa::path(get, path = "/v1/events", operation_id = "listEvents", tag = "Fans",
    params(Page), responses((status = 200, body = EventList)))]
pub(crate) async fn list(
    State(views): State<Arc<Views>>,
    Query(page): Query<Page>,
) -> Result<Json<EventList>, ApiError> {
    let limit = page.limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
    let after: Option<EventId> =
        page.after.map(|text| text.parse()).transpose().map_err(|error| {
            ApiError::new(Code::InvalidQuery).field("after", format!("{error}"))
        })?;
    let all = views.all();
    let mut rest = all.iter().filter(|(id, _)| after.is_none_or(|after| *id > after));
    let events: Vec<_> =
        rest.by_ref().take(limit).map(|(_, entry)| EventSummary::of(&entry.read())).collect();
    let next = rest.next().and(events.last().map(|event| event.event_id.clone()));
    Ok(Json(EventList { events, next }))
}

/// One event with its categories, prices and rules.
#[utoipa::path(get, path = "/v1/events/{event_id}", operation_id = "getEvent", tag = "Fans",
    params(("event_id" = String, Path)), responses((status = 200, body = EventDetail)))]
pub(crate) async fn read(path: EventPath) -> Json<EventDetail> {
    Json(EventDetail::of(&path.entry.read()))
}

/// The seating plan: sections, rows, runs of adjacent seats, and where to draw them. Seat
/// numbers are `first_seat`, `first_seat + 1`, … of each run.
#[utoipa::path(get, path = "/v1/events/{event_id}/plan", operation_id = "getPlan", tag = "Fans",
    params(("event_id" = String, Path),
        ("form" = Option<String>, Query, description = "`columns`: the same in a tenth of the bytes, to be put together; `rows` where nothing is said")),
    responses((status = 200, body = PlanAnswer), (status = 304)))]
pub(crate) async fn plan(
    State(plans): State<Shelf<(VenueId, PlanForm)>>,
    path: EventPath,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (plan, venue_id) = {
        let view = path.entry.read();
        (view.plan.clone(), view.venue_id)
    };
    let form = form_of(&uri)?;
    // A venue's id is a digest of its plan, so there is only one edition.
    let make = move || {
        let plan = match form {
            PlanForm::Rows => PlanAnswer::Rows(SeatingPlan::of(&plan, venue_id)),
            PlanForm::Columns => PlanAnswer::Columns(Box::new(PlanColumns::of(&plan, venue_id))),
        };
        let json = serde_json::to_vec(&plan);
        // A type of ours, whose form cannot fail.
        let kept = KeptAnswer::new("application/json", json.unwrap_or_default());
        kept.dense().tagged(format!("{venue_id}-{form:?}"))
    };
    let kept = plans.get((venue_id, form), 0, make).await;
    let answer = kept.and_then(|kept| kept.answer(&headers));
    let answer = answer.ok_or_else(|| ApiError::internal(&"a plan that cannot be written"))?;
    Ok(Public::seconds(300, answer).into_response())
}

fn form_of(uri: &Uri) -> Result<PlanForm, ApiError> {
    match parameter(uri.query(), "form") {
        None | Some("rows") => Ok(PlanForm::Rows),
        Some("columns") => Ok(PlanForm::Columns),
        Some(_) => Err(ApiError::new(Code::InvalidQuery).field("form", "rows or columns")),
    }
}

/// A new event. Its id is derived from the Idempotency-Key, so that a retry does not create a second.
#[utoipa::path(post, path = "/v1/events", operation_id = "createEvent", tag = "Staff",
    security(("staff" = ["manager"])), params(("Idempotency-Key" = String, Header)),
    request_body(content = CreateEvent, example = json!({
        "name": "An evening", "artist": "The Examples", "currency": "EUR",
        "venue_name": "Town Hall", "venue_address": "1 Market Square\n12345 Town",
        "time_zone": "Europe/Berlin", "doors_at": "2037-06-01T19:00:00+02:00",
        "starts_at": "2037-06-01T20:00:00+02:00", "age_min": 6,
        "plan": {"format": "csv", "content": "section,row,seat,category\nA,1,1,Stalls\nA,1,2,Stalls\n"},
        "prices": {"Stalls": [{"amount": 3900, "fee": 300, "until_taken": 1}, {"amount": 4900}]},
        "policy": {"hold": "5m", "seats_per_buyer_max": 4}})),
    responses((status = 201, body = Created)))]
pub(crate) async fn create(
    State(commands): State<Commands>,
    State(views): State<Arc<Views>>,
    staff: Staff<Manager>,
    IdempotentPlan { key, mut body }: IdempotentPlan<CreateEvent>,
) -> Result<Response, ApiError> {
    let actor = staff.actor();
    let event_id = EventId((command_id(actor, EventId(0), &key.name).0 >> 64) as u64);
    let details = body.take_details().apply(EventDetails::default())?;
    details.sale_times().may_follow(SaleTimes::default(), time::now(), SalePhase::Announced)?;
    let uploaded = body.plan;
    let name = details.name.clone();
    // Reading 200,000 seats takes a moment: not on a thread that serves others.
    let imported = tokio::task::spawn_blocking(move || import(&uploaded, &name))
        .await
        .map_err(|error| ApiError::internal(&error))??;
    let prices = price_table(&body.currency, &body.prices, &imported.plan)?;
    let new = NewEvent {
        details,
        venue_id: imported.venue_id,
        plan: imported.plan,
        prices,
        policy: body.policy.apply(floodgate_domain::Policy::default(), "policy.")?,
    };
    let (seats, venue_id) = (new.plan.seat_count(), new.venue_id);
    let command = Command::CreateEvent(Box::new(new));
    let outcome = commands.submit(event_id, actor, &key, command).await?;
    // What was answered as created can be read in the next request.
    if matches!(&outcome, Outcome::Decided(reply) if !matches!(reply.answer, Answer::Refused(_))) {
        views.appeared(event_id, commands.deadline()).await;
    }
    answer(event_id, outcome, true, |reply| {
        Ok(Created {
            event_id: event_id.to_string(),
            venue_id: venue_id.to_string(),
            seats,
            report: imported.report,
            as_of: reply.into(),
        })
    })
}
