//! How many wait and shop now, in the shape of the IAB Tech Lab's Concurrent Streams API 1.0.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::EventId;
use floodgate_people::ProductKind;

use super::super::Routes;
use super::orders::not_read;
use crate::extract::{Advertiser, Staff};
use crate::model::streams::{ConcurrentStreams, MediaStream};
use crate::people::PeopleDesk;
use crate::problem::ApiError;
use crate::time;
use crate::views::Views;
use crate::views::audience::AudienceTables;

pub(super) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(concurrent_streams))
}

/// Events that are answered for at once; each is a look at the end of a partition.
const EVENTS_MAX: usize = 32;
/// A snapshot that is older is of a sale that is quiet: it is not of now.
const NOW_MS: u64 = 10 * 60_000;

/// The newest snapshot of each event whose concurrency the key has bought, in the shape of the IAB Tech
/// Lab's Concurrent Streams API 1.0: a media stream is an event's sale, `cstreams` whoever waits or
/// shops. Events in which fewer than a hundred were there for ten minutes are left out. Counts as a
/// reading of tables.
#[utoipa::path(get, path = "/v1/concurrent-streams", operation_id = "getConcurrentStreams",
    tag = "Advertisers", security(("staff" = ["advertiser"])),
    responses((status = 200, body = ConcurrentStreams)))]
pub(crate) async fn concurrent_streams(
    State(people): State<PeopleDesk>,
    State(audience): State<AudienceTables>,
    State(views): State<Arc<Views>>,
    staff: Staff<Advertiser>,
) -> Result<Json<ConcurrentStreams>, ApiError> {
    let (now, of) = (time::now(), staff.id);
    let orders = people.look(move |work| work.product_orders(Some(of))).await?;
    let live = orders
        .iter()
        .filter(|order| order.kind == ProductKind::Concurrency && order.is_delivered(now));
    let events: BTreeSet<EventId> = live.map(|order| order.event_id).collect();
    let events: Vec<EventId> = events.into_iter().take(EVENTS_MAX).collect();
    let kind = ProductKind::Concurrency;
    let newest =
        audience.newest(((staff.id, staff.further), events, kind), now).await.map_err(not_read)?;
    let streams = newest.iter().filter_map(|(event_id, record)| {
        let entry = views.get(*event_id)?;
        let view = entry.read();
        let opened_at = view.insight.selling_since;
        MediaStream::of(record, &view.details, opened_at)
    });
    let is_now = |stream: &MediaStream| now.0.saturating_sub(stream.until.0) <= NOW_MS;
    Ok(Json(ConcurrentStreams::of(now, streams.filter(is_now).collect())))
}
