//! What happened in a sale, for managers, operators and readers of a share link; exports.

mod exports;
mod links;

use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::{EventId, LogTime, Refusal};

use super::Routes;
use crate::extract::{EventPath, NumbersReader, Query};
use crate::model::insight::{
    AnalyticsAnswer, RefusedAnswer, SalesCurve, SoldPart, TotalsAnswer, WindowsAnswer,
};
use crate::problem::{ApiError, Code};
use crate::time;
use crate::views::Views;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(analytics))
        .routes(routes!(seats))
        .merge(links::routes())
        .merge(exports::routes())
}

/// Steps that windows can be put together by: those that divide into each other.
const STEPS: [u32; 4] = [10, 60, 600, 3_600];

/// When this process began to count what it refuses.
static SINCE: LazyLock<LogTime> = LazyLock::new(time::now);

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AnalyticsQuery {
    /// `windows.next` of the answer before: only what is new since then.
    #[serde(default)]
    since: u64,
    /// 10, 60, 600 or 3600; windows of long ago are of ten minutes at least.
    step_seconds: Option<u32>,
    /// Another event, whose sales are laid over these at their opening.
    compare: Option<String>,
}

/// What happened in the sale, in windows of log time, and what it adds up to: arrivals,
/// admissions, holds, orders, revenue, sell-through. Follows from the facts alone, but for
/// `refused`.
#[utoipa::path(get, path = "/v1/events/{event_id}/analytics", operation_id = "getAnalytics",
    tag = "Staff", security(("staff" = ["manager", "operator"])),
    params(("event_id" = String, Path), AnalyticsQuery,
        ("at_least" = Option<u64>, Query, description = "Offset of an `as_of` you have seen: waits up to a second for an answer at least as new"),
        ("Floodgate-Share" = Option<String>, Header, description = "Instead of a key: from a link, see shareAnalytics")),
    responses((status = 200, body = AnalyticsAnswer)))]
pub(crate) async fn analytics(
    State(views): State<Arc<Views>>,
    reader: NumbersReader,
    path: EventPath,
    Query(query): Query<AnalyticsQuery>,
) -> Result<Json<AnalyticsAnswer>, ApiError> {
    let step = query.step_seconds.unwrap_or(STEPS[0]);
    if !STEPS.contains(&step) {
        let fix = "must be 10, 60, 600 or 3600";
        return Err(ApiError::new(Code::InvalidQuery).field("step_seconds", fix));
    }
    if query.compare.is_some() && reader == NumbersReader::ByLink {
        let fix = "a link shows the numbers of one event";
        return Err(ApiError::new(Code::InvalidQuery).field("compare", fix));
    }
    let compared = query.compare.as_deref().map(|text| other(&views, text)).transpose()?;
    let mut curves = Vec::new();
    if let Some(other) = compared {
        curves = vec![SalesCurve::of(&path.entry.read(), step), other(step)];
    }
    let view = path.entry.read();
    let insight = &view.insight;
    Ok(Json(AnalyticsAnswer {
        event_id: path.event_id.to_string(),
        name: view.details.name.clone(),
        phase: view.phase_text(),
        currency: insight.tally.currency().to_owned(),
        opened_at: insight.tally.opened_at.map(time::text),
        capacity: view.capacity(),
        free: view.counts.free,
        held: view.counts.held,
        sold: view.counts.sold,
        shoppers: view.shoppers,
        not_called: view.places_called.not_called(view.places_reserved),
        totals: TotalsAnswer::from(&insight.tally.totals),
        net: insight.tally.totals.net(),
        windows: WindowsAnswer::of(&view, LogTime(query.since), step),
        sections: SoldPart::sections(&view),
        categories: SoldPart::categories(&view),
        refused: RefusedAnswer::of(*SINCE, path.entry.refused.counts()),
        curves,
        as_of: view.as_of.into(),
    }))
}

/// The event to compare with: its curve, once the step is known.
fn other(views: &Views, text: &str) -> Result<impl FnOnce(u32) -> SalesCurve, ApiError> {
    let event_id: EventId = text.parse().map_err(|_| {
        ApiError::new(Code::InvalidQuery).field("compare", "an event's id, such as evt_…")
    })?;
    let entry = views.get(event_id).ok_or(Refusal::UnknownEvent)?;
    Ok(move |step| SalesCurve::of(&entry.read(), step))
}

/// How long each seat took to sell, for a map: two little-endian bytes a seat in the order of the
/// plan, 0 while it is not sold, otherwise one more than the seconds since somebody could first
/// buy, 65535 at most.
#[utoipa::path(get, path = "/v1/events/{event_id}/analytics/seats",
    operation_id = "getSellingTimes", tag = "Staff", security(("staff" = ["manager", "operator"])),
    params(("event_id" = String, Path),
        ("Floodgate-Share" = Option<String>, Header, description = "Instead of a key: from a link, see shareAnalytics")),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>)))]
pub(crate) async fn seats(_: NumbersReader, path: EventPath) -> Response {
    let view = path.entry.read();
    let seats = (0..view.seats.len()).flat_map(|seat| view.insight.sold_after(seat).to_le_bytes());
    let bytes: Vec<u8> = seats.collect();
    ([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response()
}

/// Notes when the counts of what was refused began.
pub(super) fn begin_counting() {
    LazyLock::force(&SINCE);
}
