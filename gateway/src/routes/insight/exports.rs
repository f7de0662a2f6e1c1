//! Facts, orders and sales as files, for tools that read CSV or Parquet; incremental by a cursor.
//!
//! An answer has so many rows at most, is made on a thread of its own and sent whole, so that a
//! reader of a million rows costs memory for one part of them; where it goes on is in its
//! headers.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Semaphore;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::{EventId, LogTime, OrderStatus};
use floodgate_event_log::{Log, Topic, partition_of};

use super::super::Routes;

use crate::extract::{EventPath, Manager, Query, Segments, Staff};
use crate::model::Seat;
use crate::model::sheet::{FileKind, Sheet, SheetColumn};
use crate::problem::{ApiError, Code};
use crate::views::{Entry, EventView};

pub(super) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(export))
}

/// Rows of one answer, and records of the log that are looked at for it: some 30 MB while it is
/// made.
const ROWS_MAX: usize = 20_000;
/// Answers made at once; they are large, and nobody waits for them in a queue.
static AT_ONCE: Semaphore = Semaphore::const_new(2);
/// How long one waits for its turn before the answer is to come later.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a broker may take to hand out records that are there.
const FETCH: Duration = Duration::from_secs(2);
/// Records read at once.
const BATCH: usize = 1_024;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    /// `Floodgate-Next` of the answer before.
    #[serde(default)]
    after: u64,
}

/// A part of an export, and where the next one begins.
struct Part {
    sheet: Sheet,
    next: u64,
    has_more: bool,
}

/// A part of an event's facts, orders or sales, from `after` on, 20,000 rows at most.
/// `Floodgate-Next` is the `after` of the next part, `Floodgate-More` whether there is one now;
/// kept and asked again later, it returns what has changed since. `facts`: a row a public fact,
/// `body` all of it as JSON. `orders`: a row an order as it stands; one that changed since comes
/// again, with a greater `version`. `sales`: a row a sold seat, and again with another `status`
/// when its order was refunded or cancelled. Texts that a spreadsheet would take for formulas
/// begin with an apostrophe in CSV.
#[utoipa::path(get, path = "/v1/events/{event_id}/exports/{file}", operation_id = "exportRows",
    tag = "Staff", security(("staff" = ["manager"])),
    params(("event_id" = String, Path), ("file" = String, Path), ExportQuery),
    responses((status = 200, description = "The rows", content_type = "text/csv", body = String,
        headers(("Floodgate-Next" = u64), ("Floodgate-More" = bool)))))]
pub(crate) async fn export(
    State(log): State<Arc<dyn Log>>,
    _: Staff<Manager>,
    path: EventPath,
    Query(ExportQuery { after }): Query<ExportQuery>,
    names: Segments<(String, String)>,
) -> Result<Response, ApiError> {
    let Segments((_, file)) = names;
    let wanted = file.split_once('.').and_then(|(what, kind)| {
        let is_known = ["facts", "orders", "sales"].contains(&what);
        FileKind::parse(kind).filter(|_| is_known).map(|kind| (what, kind))
    });
    let Some((what, kind)) = wanted else { return Err(ApiError::new(Code::NotFound)) };
    let turn = tokio::time::timeout(PATIENCE, AT_ONCE.acquire()).await;
    let Ok(Ok(turn)) = turn else {
        return Err(ApiError::new(Code::Overloaded).retry_after_ms(5_000));
    };
    let what = what.to_owned();
    let made = tokio::task::spawn_blocking(move || {
        let part = match what.as_str() {
            "facts" => facts(&*log, path.event_id, after)?,
            "orders" => orders(&path.entry, after),
            _ => sales(&path.entry, after),
        };
        let Part { sheet, next, has_more } = part;
        kind.write(sheet).map(|bytes| (bytes, next, has_more))
    });
    let (bytes, next, has_more) = made.await.map_err(|error| ApiError::internal(&error))??;
    drop(turn);
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, kind.content_type());
    headers.insert("floodgate-next", HeaderValue::from(next));
    let more = if has_more { "true" } else { "false" };
    headers.insert("floodgate-more", HeaderValue::from_static(more));
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{file}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// Public facts of an event, read from the log; the cursor is an offset there.
fn facts(log: &dyn Log, event_id: EventId, after: u64) -> Result<Part, ApiError> {
    let id = event_id.to_string();
    let partition = partition_of(id.as_bytes(), log.partitions(Topic::Facts));
    let from = after.max(log.first(Topic::Facts, partition)?);
    let end = log.end(Topic::Facts, partition)?;
    let mut reader = log.reader(Topic::Facts, partition, from.min(end))?;
    let (mut bodies, mut records, mut looked_at) = (Vec::new(), Vec::new(), 0);
    while looked_at < ROWS_MAX && reader.position() < end {
        let count = reader.poll(BATCH.min(ROWS_MAX - looked_at), FETCH, &mut records)?;
        if count == 0 {
            break;
        }
        looked_at += count;
        let own = records.drain(..).filter(|record| *record.key == *id.as_bytes());
        bodies.extend(own.map(|record| {
            let text = String::from_utf8_lossy(&record.value).into_owned();
            let body: Value = serde_json::from_str(&text).unwrap_or_default();
            (record.at, body, text)
        }));
    }
    let text = |name: &'static str| {
        let of = |(_, body, _): &(LogTime, Value, String)| {
            body[name].as_str().unwrap_or_default().to_owned()
        };
        SheetColumn::Text(name, bodies.iter().map(of).collect())
    };
    let number = |name: &'static str, pointer: &str| {
        let of = |(_, body, _): &(LogTime, Value, String)| {
            body.pointer(pointer).and_then(Value::as_i64).unwrap_or(0)
        };
        SheetColumn::Number(name, bodies.iter().map(of).collect())
    };
    let at = |(_, body, _): &(LogTime, Value, String)| {
        body["at"].as_str().and_then(|at| crate::time::parse(at).ok()).unwrap_or(LogTime(0))
    };
    let seats = |(_, body, _): &(LogTime, Value, String)| {
        body["seats"].as_array().map_or(0, |seats| seats.len() as i64)
    };
    let sheet = Sheet(vec![
        number("offset", "/position/offset"),
        number("index", "/position/index"),
        SheetColumn::Time("at", bodies.iter().map(at).collect()),
        text("fact"),
        text("event_id"),
        text("order_id"),
        text("buyer_id"),
        SheetColumn::Number("seat_count", bodies.iter().map(seats).collect()),
        number("amount", "/amount"),
        text("reason"),
        SheetColumn::Text("body", bodies.iter().map(|(_, _, text)| text.clone()).collect()),
    ]);
    Ok(Part { sheet, next: reader.position(), has_more: reader.position() < end })
}

/// Orders that changed after a version, in the order in which they did; 20,000 at most.
fn changed(view: &EventView, after: u64) -> (Vec<floodgate_domain::HoldId>, u64, bool) {
    let mut all: Vec<_> = view
        .insight
        .orders()
        .filter(|(_, mark)| mark.version > after)
        .map(|(hold_id, mark)| (mark.version, hold_id))
        .collect();
    all.sort_unstable_by_key(|(version, _)| *version);
    // Orders that one fact changed stay together: there is one an order.
    let has_more = all.len() > ROWS_MAX;
    all.truncate(ROWS_MAX);
    let next = all.last().map_or(after, |(version, _)| *version);
    (all.into_iter().map(|(_, hold_id)| hold_id).collect(), next, has_more)
}

fn orders(entry: &Entry, after: u64) -> Part {
    let view = entry.read();
    let (ids, next, has_more) = changed(&view, after);
    let rows: Vec<_> = ids
        .iter()
        .filter_map(|id| Some((view.orders.get(id)?, view.insight.order(*id)?)))
        .collect();
    let currency = view.insight.tally.currency();
    let number = |name, of: &dyn Fn(&Row<'_>) -> i64| {
        SheetColumn::Number(name, rows.iter().map(of).collect())
    };
    let text = |name, of: &dyn Fn(&Row<'_>) -> String| {
        SheetColumn::Text(name, rows.iter().map(of).collect())
    };
    let sheet = Sheet(vec![
        text("event_id", &|_| view.id.to_string()),
        text("order_id", &|(order, _)| order.hold_id.order().to_string()),
        text("user_id", &|(order, _)| order.buyer.to_string()),
        text("status", &|(order, _)| order.status.code().to_owned()),
        number("seat_count", &|(order, _)| order.seats.len() as i64),
        number("amount", &|(order, _)| i64::try_from(order.amount).unwrap_or(i64::MAX)),
        text("currency", &|_| currency.to_owned()),
        number("attempts", &|(order, _)| i64::from(order.attempt)),
        SheetColumn::Flag("settled", rows.iter().map(|(order, _)| order.settled).collect()),
        SheetColumn::Time("created_at", rows.iter().map(|(_, mark)| mark.began_at).collect()),
        SheetColumn::Time("changed_at", rows.iter().map(|(_, mark)| mark.changed_at).collect()),
        number("version", &|(_, mark)| i64::try_from(mark.version).unwrap_or(i64::MAX)),
    ]);
    Part { sheet, next, has_more }
}

/// An order as it stands, and when it changed.
type Row<'a> = (&'a floodgate_domain::OrderView, crate::views::OrderMark);

fn sales(entry: &Entry, after: u64) -> Part {
    let view = entry.read();
    let (ids, mut next, mut has_more) = changed(&view, after);
    let mut rows = Vec::new();
    for id in ids {
        let (Some(order), Some(mark)) = (view.orders.get(&id), view.insight.order(id)) else {
            continue;
        };
        if rows.len() + order.seats.len() > ROWS_MAX {
            has_more = true;
            break;
        }
        next = mark.version;
        use OrderStatus::{Cancelled, Confirmed, Refunded};
        if matches!(order.status, Confirmed | Refunded | Cancelled) {
            rows.extend(order.seats.iter().map(|seat| (order, mark, Seat::of(&view, seat))));
        }
    }
    let text = |name, of: &dyn Fn(&SoldSeat<'_>) -> String| {
        SheetColumn::Text(name, rows.iter().map(of).collect())
    };
    let number = |name, of: &dyn Fn(&SoldSeat<'_>) -> i64| {
        SheetColumn::Number(name, rows.iter().map(of).collect())
    };
    let after_opening =
        |(_, _, seat): &SoldSeat<'_>| i64::from(view.insight.sold_after(seat.seat_id as usize)) - 1;
    let sheet = Sheet(vec![
        text("event_id", &|_| view.id.to_string()),
        text("order_id", &|(order, ..)| order.hold_id.order().to_string()),
        text("status", &|(order, ..)| order.status.code().to_owned()),
        number("seat_id", &|(_, _, seat)| i64::from(seat.seat_id)),
        text("section", &|(_, _, seat)| seat.section.clone()),
        text("row", &|(_, _, seat)| seat.row.clone()),
        text("seat", &|(_, _, seat)| seat.seat.clone()),
        text("category", &|(_, _, seat)| seat.category.clone()),
        number("order_amount", &|(order, ..)| i64::try_from(order.amount).unwrap_or(i64::MAX)),
        number("order_seats", &|(order, ..)| order.seats.len() as i64),
        // -1 where the seat is not sold any more.
        number("sold_after_seconds", &after_opening),
        SheetColumn::Time("changed_at", rows.iter().map(|(_, mark, _)| mark.changed_at).collect()),
        number("version", &|(_, mark, _)| i64::try_from(mark.version).unwrap_or(i64::MAX)),
    ]);
    Part { sheet, next, has_more }
}

/// A seat of an order that was sold.
type SoldSeat<'a> = (&'a floodgate_domain::OrderView, crate::views::OrderMark, Seat);
