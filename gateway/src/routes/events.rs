//! Events: list, read, create.

use std::collections::BTreeMap;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use floodgate_domain::{Answer, Command, Currency, EventId, LogTime, NewEvent, PriceTable, Tier};
use floodgate_seating::PlanJson;

use super::venues::{PlanUpload, import};
use super::{answer, sale::PolicyPatch};
use crate::commands::{Outcome, command_id};
use crate::extract::{EventPath, Fan, Manager, PlanWish};
use crate::model::{CategoryStatus, EventSummary, Position};
use crate::problem::{ApiError, Code};
use crate::state::GatewayState;
use crate::time;

pub(crate) fn routes() -> Router<GatewayState> {
    Router::new()
        .route("/v1/events", get(list).post(create))
        .route("/v1/events/{event_id}", get(read))
        .route("/v1/events/{event_id}/plan", get(plan))
}

/// Events a page may list.
const PAGE_MAX: usize = 100;

#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct Page {
    /// At most 100.
    limit: Option<usize>,
    /// The event id the page before ended with.
    after: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventList {
    events: Vec<EventSummary>,
    /// Pass as `after` for the next page; absent at the end.
    next: Option<String>,
}

/// An event in full.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventDetail {
    #[serde(flatten)]
    summary: EventSummary,
    categories: Vec<CategoryStatus>,
    policy: PolicyPatch,
}

/// What each category costs: one amount, or tiers.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum PriceEntry {
    /// All-in, in minor units.
    Amount(u32),
    Tiers(Vec<TierEntry>),
}

/// One price, valid while its limits hold.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TierEntry {
    /// All-in, in minor units.
    amount: u32,
    /// Of which fees.
    #[serde(default)]
    fee: u32,
    /// Ends when so many seats of the category are held or sold.
    until_taken: Option<u32>,
    /// Ends at this instant, RFC 3339.
    until: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateEvent {
    #[schema(example = "An evening")]
    name: String,
    #[serde(default)]
    description: String,
    /// RFC 3339.
    starts_at: Option<String>,
    plan: PlanUpload,
    #[schema(example = "EUR")]
    currency: String,
    /// By category name.
    prices: BTreeMap<String, PriceEntry>,
    #[serde(default)]
    policy: PolicyPatch,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Created {
    event_id: String,
    venue_id: String,
    seats: u32,
    /// What the reader of the plan noticed.
    #[schema(value_type = Object)]
    report: serde_json::Value,
    as_of: Position,
}

/// All events, in the order of their ids.
#[utoipa::path(get, path = "/v1/events", operation_id = "listEvents", tag = "Fans",
    params(Page), responses((status = 200, body = EventList)))]
pub(crate) async fn list(
    State(state): State<GatewayState>,
    _: Fan,
    Query(page): Query<Page>,
) -> Result<Json<EventList>, ApiError> {
    let limit = page.limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
    let after: Option<EventId> =
        page.after.map(|text| text.parse()).transpose().map_err(|error| {
            ApiError::new(Code::InvalidQuery).field("after", format!("{error}"))
        })?;
    let all = state.views.all();
    let mut rest = all.iter().filter(|(id, _)| after.is_none_or(|after| *id > after));
    let events: Vec<_> =
        rest.by_ref().take(limit).map(|(_, entry)| EventSummary::of(&entry.read())).collect();
    let next = rest.next().and(events.last().map(|event| event.event_id.clone()));
    Ok(Json(EventList { events, next }))
}

/// One event with its categories, prices and rules.
#[utoipa::path(get, path = "/v1/events/{event_id}", operation_id = "getEvent", tag = "Fans",
    params(("event_id" = String, Path)), responses((status = 200, body = EventDetail)))]
pub(crate) async fn read(_: Fan, path: EventPath) -> Json<EventDetail> {
    let view = path.entry.read();
    Json(EventDetail {
        summary: EventSummary::of(&view),
        categories: CategoryStatus::all(&view),
        policy: PolicyPatch::of(&view.policy),
    })
}

/// The seating plan: sections, rows, runs of seats that touch, and where to draw them. Seat
/// numbers are `first_seat`, `first_seat + 1`, … of each run.
#[utoipa::path(get, path = "/v1/events/{event_id}/plan", operation_id = "getPlan", tag = "Fans",
    params(("event_id" = String, Path)),
    responses((status = 200, description = "The plan", body = Object), (status = 304)))]
pub(crate) async fn plan(_: Fan, path: EventPath, headers: HeaderMap) -> Response {
    let (plan, venue_id) = {
        let view = path.entry.read();
        (view.plan.clone(), view.venue_id)
    };
    let tag = format!("\"{venue_id}\"");
    let cached = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let mut response = if cached == Some(tag.as_str()) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Json(PlanJson::from(&plan, venue_id)).into_response()
    };
    if let Ok(value) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, value);
    }
    let forever = HeaderValue::from_static("public, max-age=300");
    response.headers_mut().insert(header::CACHE_CONTROL, forever);
    response
}

/// A new event. Its id follows from the Idempotency-Key, so that a retry makes no second one.
#[utoipa::path(post, path = "/v1/events", operation_id = "createEvent", tag = "Staff",
    security(("staff" = [])), params(("Idempotency-Key" = String, Header)),
    request_body = CreateEvent, responses((status = 201, body = Created)))]
pub(crate) async fn create(
    State(state): State<GatewayState>,
    Manager(staff): Manager,
    PlanWish { named, body }: PlanWish<CreateEvent>,
) -> Result<Response, ApiError> {
    let actor = staff.actor();
    let event_id = EventId((command_id(actor, EventId(0), &named.key).0 >> 64) as u64);
    let uploaded = body.plan;
    let (name, imported) = {
        let name = body.name.clone();
        // Reading 200,000 seats takes a moment: not on a thread that serves others.
        let imported = tokio::task::spawn_blocking(move || import(&uploaded, &name))
            .await
            .map_err(|error| ApiError::internal(&error))??;
        (body.name, imported)
    };
    let prices = price_table(&body.currency, &body.prices, |name| {
        imported.plan.categories.iter().position(|category| category.name == name)
    })?;
    let starts_at = body.starts_at.as_deref().map(|text| {
        let field = || ApiError::new(Code::MalformedBody).field("starts_at", "not RFC 3339");
        time::parse(text).ok_or_else(field)
    });
    let new = NewEvent {
        name,
        description: body.description,
        starts_at: starts_at.transpose()?.unwrap_or(LogTime(0)).0,
        venue_id: imported.venue_id,
        plan: imported.plan,
        prices,
        policy: body.policy.apply(floodgate_domain::Policy::default())?,
    };
    let (seats, venue_id) = (new.plan.seat_count(), new.venue_id);
    let command = Command::CreateEvent(Box::new(new));
    let outcome = state.submit(event_id, actor, &named, command).await?;
    // What was answered as created can be read in the next request.
    if matches!(&outcome, Outcome::Decided(reply) if !matches!(reply.answer, Answer::Refused(_))) {
        state.views.appeared(event_id, state.settings.answer_deadline).await;
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

/// Prices by category name, as the engine takes them.
pub(crate) fn price_table(
    currency: &str,
    entries: &BTreeMap<String, PriceEntry>,
    find: impl Fn(&str) -> Option<usize>,
) -> Result<PriceTable, ApiError> {
    let malformed =
        |path: &str, message: &str| ApiError::new(Code::MalformedBody).field(path, message);
    let currency = Currency::parse(currency)
        .ok_or_else(|| malformed("currency", "a code of three letters, such as EUR"))?;
    let mut categories: Vec<Vec<Tier>> = Vec::new();
    for (name, entry) in entries {
        let at = find(name)
            .ok_or_else(|| malformed(&format!("prices.{name}"), "the plan has no such category"))?;
        if categories.len() <= at {
            categories.resize(at + 1, Vec::new());
        }
        categories[at] = match entry {
            PriceEntry::Amount(amount) => {
                vec![Tier { amount: *amount, fee: 0, until_taken: None, until: None }]
            }
            PriceEntry::Tiers(tiers) => tiers
                .iter()
                .map(tier)
                .collect::<Result<_, _>>()
                .map_err(|message| malformed(&format!("prices.{name}"), message))?,
        };
    }
    Ok(PriceTable { currency, categories })
}

fn tier(entry: &TierEntry) -> Result<Tier, &'static str> {
    let until = entry.until.as_deref().map(|text| time::parse(text).ok_or("until: not RFC 3339"));
    Ok(Tier {
        amount: entry.amount,
        fee: entry.fee,
        until_taken: entry.until_taken,
        until: until.transpose()?,
    })
}
