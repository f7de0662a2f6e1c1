//! Announcements: made, steered, watched.

mod codes;
mod preview;
mod steer;
mod tour;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::{AnnouncementId, Answer, Command, EventId, StaffId};
use floodgate_people::{Report, Verdict, VerdictOf};

use super::Routes;
use super::respond::answer;
use crate::commands::{Commands, Outcome, command_id};
use crate::extract::{Artist, EventPath, Idempotent, Manager, Query, Segments, Staff};
use crate::model::announcement::{
    AnnouncementDraft, AnnouncementList, AnnouncementReport, AnnouncementTaken, ByChannel,
    MessageCounts, PersonVerdict, PersonVerdicts,
};
use crate::people::PeopleDesk;
use crate::problem::{ApiError, Code};
use crate::time;
use crate::views::{AnnouncementView, EventView, Views};

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(list, make))
        .routes(routes!(read))
        .routes(routes!(people))
        .merge(preview::routes())
        .merge(steer::routes())
}

/// Who writes to people.
pub(super) type Writers = (Artist, Manager);

/// People of one page of verdicts.
const PAGE_MAX: u32 = 200;

/// Announces something to the people of an event. Each gets one message at most, on the first of
/// the channels they can be reached on; who gets none, and why, is in the report. With `also_events`
/// the same goes out at further events of the artist, and still reaches each person once.
#[utoipa::path(post, path = "/v1/events/{event_id}/announcements", operation_id = "announce",
    tag = "Artists", security(("staff" = ["artist", "manager"])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = AnnouncementDraft, responses((status = 201, body = AnnouncementTaken)))]
pub(crate) async fn make(
    State(commands): State<Commands>,
    State(store): State<PeopleDesk>,
    State(views): State<Arc<Views>>,
    staff: Staff<Writers>,
    path: EventPath,
    Idempotent { key, body }: Idempotent<AnnouncementDraft>,
) -> Result<Response, ApiError> {
    // The same request under the same key is the same announcement.
    let named = command_id(staff.actor(), path.event_id, &key.name);
    let id = AnnouncementId((named.0 as u64) >> 1);
    let others = tour::others(&views, &path, &body.also_events)?;
    let announcement = body.clone().announcement(id, &path.entry.read())?;
    let further = tour::announcements(&others, &body, id)?;
    // One that is known has its codes already.
    let is_new = path.entry.read().announcements.get(id).is_none();
    if is_new && let Some(batch) = announcement.codes {
        codes::enough(&store, &path, batch, &announcement).await?;
    }
    let command = Command::Announce(Box::new(announcement));
    let outcome = commands.submit(path.event_id, staff.actor(), &key, command).await?;
    if let Outcome::Decided(reply) = &outcome {
        path.entry.reaches(reply.offset, commands.deadline()).await;
    }
    // What is refused here, or not decided, is sent nowhere else yet.
    let is_taken =
        matches!(&outcome, Outcome::Decided(reply) if !matches!(reply.answer, Answer::Refused(_)));
    let also = match is_taken {
        true => tour::announce(&commands, (staff.actor(), &key), further).await?,
        false => Vec::new(),
    };
    answer(path.event_id, outcome, true, |_| {
        let view = path.entry.read();
        let state = view.announcements.get(id).map_or("scheduled", |view| view.state(1));
        Ok(AnnouncementTaken { announcement_id: id.to_string(), state, also })
    })
}

/// The announcements of an event with their reports, the latest first.
#[utoipa::path(get, path = "/v1/events/{event_id}/announcements",
    operation_id = "listAnnouncements", tag = "Artists",
    security(("staff" = ["artist", "manager"])), params(("event_id" = String, Path)),
    responses((status = 200, body = AnnouncementList)))]
pub(crate) async fn list(
    State(store): State<PeopleDesk>,
    State(views): State<Arc<Views>>,
    _: Staff<Writers>,
    path: EventPath,
) -> Result<Json<AnnouncementList>, ApiError> {
    let (all, needs_approval) = {
        let view = path.entry.read();
        (view.announcements.newest(), view.policy.approve_announcements == Some(true))
    };
    let event_id = path.event_id;
    let ids: Vec<_> = all.iter().map(|one| one.announcement.id).collect();
    let reports = store
        .look(move |work| {
            ids.iter().map(|id| work.report(event_id, *id)).collect::<Result<Vec<_>, _>>()
        })
        .await?;
    let elsewhere = tour::of_artist(&views, &path);
    let view = path.entry.read();
    let shown = all.iter().zip(reports).map(|(one, report)| {
        let also = tour::named(&elsewhere, one.announcement.id);
        shown(one, &report, (&view, also))
    });
    Ok(Json(AnnouncementList { announcements: shown.collect(), needs_approval }))
}

/// How far one announcement is.
#[utoipa::path(get, path = "/v1/events/{event_id}/announcements/{announcement_id}",
    operation_id = "getAnnouncement", tag = "Artists",
    security(("staff" = ["artist", "manager"])),
    params(("event_id" = String, Path), ("announcement_id" = String, Path)),
    responses((status = 200, body = AnnouncementReport)))]
pub(crate) async fn read(
    State(store): State<PeopleDesk>,
    State(views): State<Arc<Views>>,
    _: Staff<Writers>,
    path: EventPath,
    names: Segments<(String, String)>,
) -> Result<Json<AnnouncementReport>, ApiError> {
    let Segments((_, id)) = names;
    let id = named(&id)?;
    report_of((&store, &views), &path, id).await.map(Json)
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PeopleQuery {
    /// Only those with this verdict.
    verdict: Option<String>,
    /// `next` of the page before.
    #[serde(default)]
    cursor: String,
}

/// What became of each person's message, in pages of 200.
#[utoipa::path(get, path = "/v1/events/{event_id}/announcements/{announcement_id}/people",
    operation_id = "listVerdicts", tag = "Artists",
    security(("staff" = ["artist", "manager"])),
    params(("event_id" = String, Path), ("announcement_id" = String, Path), PeopleQuery),
    responses((status = 200, body = PersonVerdicts)))]
pub(crate) async fn people(
    State(store): State<PeopleDesk>,
    _: Staff<Writers>,
    path: EventPath,
    names: Segments<(String, String)>,
    Query(PeopleQuery { verdict, cursor }): Query<PeopleQuery>,
) -> Result<Json<PersonVerdicts>, ApiError> {
    let Segments((_, id)) = names;
    let id = known(&path, named(&id)?)?.announcement.id;
    let only = verdict.map(|text| {
        Verdict::parse(&text).ok_or_else(|| {
            let all = Verdict::ALL.map(Verdict::code).join(", ");
            ApiError::new(Code::InvalidQuery).field("verdict", format!("one of {all}"))
        })
    });
    let (only, event_id) = (only.transpose()?, path.event_id);
    let found =
        store.look(move |work| work.verdicts(event_id, id, only, &cursor, PAGE_MAX)).await?;
    let is_full = found.len() == PAGE_MAX as usize;
    let next = found.last().filter(|_| is_full).map(|last| last.message.clone());
    let person = |one: VerdictOf| PersonVerdict {
        user_id: one.buyer.to_string(),
        verdict: one.verdict.map_or("due", Verdict::code),
        channel: one.channel.map(|channel| channel.code()),
        at: time::text(one.at),
    };
    Ok(Json(PersonVerdicts { people: found.into_iter().map(person).collect(), next }))
}

/// Reads the id of an address.
pub(super) fn named(text: &str) -> Result<AnnouncementId, ApiError> {
    text.parse::<AnnouncementId>()
        .map_err(|error| ApiError::new(Code::InvalidId).field("announcement_id", error.to_string()))
}

/// The announcement, if it is one of this event.
pub(super) fn known(path: &EventPath, id: AnnouncementId) -> Result<AnnouncementView, ApiError> {
    let view = path.entry.read();
    let found = view.announcements.get(id).cloned();
    found.ok_or_else(|| floodgate_domain::Refusal::UnknownAnnouncement.into())
}

pub(super) async fn report_of(
    (store, views): (&PeopleDesk, &Views),
    path: &EventPath,
    id: AnnouncementId,
) -> Result<AnnouncementReport, ApiError> {
    let one = known(path, id)?;
    let event_id: EventId = path.event_id;
    let report = store.look(move |work| work.report(event_id, id)).await?;
    let also = tour::named(&tour::of_artist(views, path), id);
    Ok(shown(&one, &report, (&path.entry.read(), also)))
}

fn shown(
    one: &AnnouncementView,
    report: &Report,
    (view, also): (&EventView, Vec<String>),
) -> AnnouncementReport {
    let mut counts = MessageCounts {
        due: report.due,
        quiet: report.quiet,
        paused: report.paused,
        ..MessageCounts::default()
    };
    let mut by_channel = ByChannel::default();
    counts.total = counts.due + counts.quiet + counts.paused;
    let left = counts.total;
    for (verdict, channel, count) in report.done.iter().copied() {
        counts.total += count;
        if let (Verdict::Sent, Some(channel)) = (verdict, channel) {
            by_channel.add(channel, count);
        }
        *match verdict {
            Verdict::Sent => &mut counts.sent,
            Verdict::Quiet => &mut counts.quiet,
            Verdict::Capped => &mut counts.capped,
            Verdict::Suppressed => &mut counts.suppressed,
            Verdict::NoConsent => &mut counts.no_consent,
            Verdict::NoAddress => &mut counts.no_address,
            Verdict::Bounced => &mut counts.bounced,
            Verdict::Failed | Verdict::TooLate => &mut counts.failed,
            Verdict::Stopped => &mut counts.stopped,
            Verdict::Repeated => &mut counts.repeated,
            Verdict::NoCode => &mut counts.no_code,
        } += count;
    }
    // Just started: its messages are not in the store yet.
    let is_new = one.started_at.is_some_and(|at| time::now().0 < at.0 + JUST_STARTED_MS);
    let left = if counts.total == 0 && is_new { 1 } else { left };
    AnnouncementReport {
        announcement_id: one.announcement.id.to_string(),
        state: one.state(left),
        needs_approval: one.needs_approval,
        words: AnnouncementDraft::of(&one.announcement, view, also),
        by: one.by.unwrap_or(StaffId::SYSTEM).to_string(),
        made_at: time::text(one.made_at),
        started_at: one.started_at.map(time::text),
        counts,
        by_channel,
        as_of: time::text(time::now()),
    }
}

/// How long the messages of an announcement may take to be there.
const JUST_STARTED_MS: u64 = 5_000;

/// What renders a message as its reader will see it; whoever sends them knows how.
pub(super) type Preview = Arc<dyn crate::people::preview::MessagePreview>;
