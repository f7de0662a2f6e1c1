//! Codes of a presale: minted, listed and exported by staff, claimed by fans.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_admission::{open_code, seal_code};
use floodgate_domain::{Actor, CodeNumber, Command, Refusal};

use super::Routes;
use super::announcements::Writers;
use super::respond::answer;
use crate::admission::Admission;
use crate::commands::{Commands, Outcome, command_id};
use crate::extract::{EventPath, Idempotent, Newcomer, Staff};
use crate::model::DoneAnswer;
use crate::model::codes::{BatchAnswer, BatchList, ClaimBody, EXPORT_MAX, ExportBody, MintBody};
use crate::people::PeopleDesk;
use crate::problem::{ApiError, Code};

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list, mint)).routes(routes!(export)).routes(routes!(claim))
}

/// Adds codes to a batch; the first ones make it. Nobody has them yet: they are exported, or sent with an
/// announcement.
#[utoipa::path(post, path = "/v1/events/{event_id}/codes", operation_id = "mintCodes",
    tag = "Staff", security(("staff" = ["artist", "manager"])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body(content = MintBody,
        example = json!({"batch": 1, "label": "Fan club", "count": 500})),
    responses((status = 200, body = DoneAnswer)))]
pub(crate) async fn mint(
    State(commands): State<Commands>,
    staff: Staff<Writers>,
    path: EventPath,
    Idempotent { key, body }: Idempotent<MintBody>,
) -> Result<Response, ApiError> {
    let command = Command::MintCodes(Box::new(body.mint()?));
    let outcome = commands.submit(path.event_id, staff.actor(), &key, command).await?;
    // Whoever exports at once takes some of these.
    if let Outcome::Decided(reply) = &outcome {
        path.entry.reaches(reply.offset, commands.deadline()).await;
    }
    answer(path.event_id, outcome, false, |reply| Ok(DoneAnswer::from(reply)))
}

/// The batches of an event: how many codes each has, how many are given out, claimed and left.
#[utoipa::path(get, path = "/v1/events/{event_id}/codes", operation_id = "listCodes",
    tag = "Staff", security(("staff" = ["artist", "manager"])),
    params(("event_id" = String, Path)), responses((status = 200, body = BatchList)))]
pub(crate) async fn list(
    State(people): State<PeopleDesk>,
    _: Staff<Writers>,
    path: EventPath,
) -> Result<Json<BatchList>, ApiError> {
    let (event_id, batches) = (path.event_id, path.entry.read().codes.batches.clone());
    let numbers: Vec<u16> = batches.keys().copied().collect();
    let given = people.look(move |work| {
        let one = |batch| Ok((batch, work.codes_given((event_id, batch))?));
        numbers.into_iter().map(one).collect::<Result<BTreeMap<_, _>, _>>()
    });
    let given = given.await?;
    let shown = batches.into_iter().map(|(batch, view)| {
        let given = given.get(&batch).copied().unwrap_or(0);
        BatchAnswer {
            batch,
            label: view.label,
            minted: view.minted,
            given,
            claimed: view.claimed,
            left: view.minted.saturating_sub(given),
        }
    });
    Ok(Json(BatchList { batches: shown.collect() }))
}

/// Takes codes out of a batch, as a file with one on each line below `code`: to be printed, or given out
/// elsewhere. Nobody else gets these; the same key gets the same ones again.
#[utoipa::path(post, path = "/v1/events/{event_id}/codes/export", operation_id = "exportCodes",
    tag = "Staff", security(("staff" = ["artist", "manager"])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body(content = ExportBody, example = json!({"batch": 1, "count": 100})),
    responses((status = 200, description = "RFC 4180", content_type = "text/csv", body = String)))]
pub(crate) async fn export(
    State(people): State<PeopleDesk>,
    State(admission): State<Admission>,
    staff: Staff<Writers>,
    path: EventPath,
    Idempotent { key, body }: Idempotent<ExportBody>,
) -> Result<Response, ApiError> {
    let (event_id, ExportBody { batch, count }) = (path.event_id, body);
    if !(1..=EXPORT_MAX).contains(&count) {
        let fix = format!("must be from 1 to {EXPORT_MAX}");
        return Err(ApiError::new(Code::MalformedBody).field("count", fix));
    }
    let minted = path.entry.read().codes.batches.get(&batch).map(|batch| batch.minted);
    let minted = minted.ok_or_else(|| too_few("has no codes; mint some first"))?;
    // Another body under the same key is another name: it never gets what this one got.
    let name =
        format!("{}-{:08x}", command_id(staff.actor(), event_id, &key.name), key.fingerprint);
    let reserved =
        people.with(move |work| work.reserve_codes((event_id, batch), &name, (count, minted)));
    let first = reserved.await?;
    let first = first.ok_or_else(|| too_few("has fewer codes left; mint more, or take fewer"))?;
    let mut lines = String::from("code\r\n");
    for number in first..first + count {
        lines.push_str(&seal_code(admission.keys(), event_id, CodeNumber { batch, number }));
        lines.push_str("\r\n");
    }
    let kind = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"codes.csv\""),
    ];
    Ok((kind, lines).into_response())
}

fn too_few(fix: &str) -> ApiError {
    ApiError::from(Refusal::CodesOutOfBounds).field("batch", fix)
}

/// Claims a code of the presale for this device: with it, it may join the queue before the sale opens to
/// all. One code a device, one device a code; the same one again changes nothing.
#[utoipa::path(post, path = "/v1/events/{event_id}/me/code", operation_id = "claimCode",
    tag = "Fans", params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body(content = ClaimBody, example = json!({"code": "0400-0XYZ-ABCD-EF12"})),
    responses((status = 200, body = DoneAnswer)))]
pub(crate) async fn claim(
    State(commands): State<Commands>,
    State(admission): State<Admission>,
    visitor: Newcomer,
    path: EventPath,
    Idempotent { key, body }: Idempotent<ClaimBody>,
) -> Result<Response, ApiError> {
    // A guess gets no further than this.
    let code = open_code(admission.keys(), path.event_id, &body.code);
    let code = code.ok_or(Refusal::CodeUnknown)?;
    let command = Command::ClaimCode { code };
    let actor = Actor::Buyer(visitor.buyer);
    let outcome = commands.submit(path.event_id, actor, &key, command).await?;
    // Whoever joins at once is known to have it.
    if let Outcome::Decided(reply) = &outcome {
        path.entry.reaches(reply.offset, commands.deadline()).await;
    }
    let response = answer(path.event_id, outcome, false, |reply| Ok(DoneAnswer::from(reply)))?;
    Ok(visitor.greet(response))
}
