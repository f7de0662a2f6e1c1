//! Looking before sending: whom it would reach, why not the others, and what they would read.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::{AnnouncementId, Channel};
use floodgate_people::{ReachCount, ReachQuery, Verdict};

use super::super::Routes;
use super::{Preview, Writers, tour};
use crate::extract::{EventPath, Idempotent, Staff};
use crate::model::announcement::{
    AnnouncementDraft, AnnouncementPreview, ByChannel, NotReached, PreviewedCodes, PreviewedReader,
    TestBody,
};
use crate::model::contact::{LANGUAGES, StateAnswer, address, language, malformed};
use crate::people::PeopleDesk;
use crate::problem::{ApiError, Code};
use crate::time;
use crate::views::Views;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(preview)).routes(routes!(test))
}

const WEEK_MS: u64 = 7 * 24 * 3_600_000;

/// Adds what was counted; how many are reached on each channel.
fn add(preview: &mut AnnouncementPreview, counts: &[ReachCount]) -> [u64; Channel::ALL.len()] {
    let mut on = [0; Channel::ALL.len()];
    for count in counts {
        match *count {
            ReachCount::On(channel, count) => {
                preview.by_channel.add(channel, count);
                preview.reached += count;
                preview.total += count;
                on[channel as usize - 1] += count;
            }
            ReachCount::Not(verdict, count) => {
                let reasons = &mut preview.not_reached;
                *match verdict {
                    Verdict::Capped => &mut reasons.capped,
                    Verdict::Suppressed => &mut reasons.suppressed,
                    Verdict::NoConsent => &mut reasons.no_consent,
                    _ => &mut reasons.no_address,
                } += count;
                preview.total += count;
            }
        }
    }
    on
}

/// Whom an announcement would reach if it went out now, why it would not reach the others, and
/// what they would read. Sends nothing.
#[utoipa::path(post, path = "/v1/events/{event_id}/announcements/preview",
    operation_id = "previewAnnouncement", tag = "Artists",
    security(("staff" = ["artist", "manager"])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = AnnouncementDraft, responses((status = 200, body = AnnouncementPreview)))]
pub(crate) async fn preview(
    State(store): State<PeopleDesk>,
    State(renderer): State<Preview>,
    State(views): State<Arc<Views>>,
    _: Staff<Writers>,
    path: EventPath,
    Idempotent { body, .. }: Idempotent<AnnouncementDraft>,
) -> Result<Json<AnnouncementPreview>, ApiError> {
    let others = tour::others(&views, &path, &body.also_events)?;
    let further = tour::announcements(&others, &body, AnnouncementId(1))?;
    let (announcement, details) = {
        let view = path.entry.read();
        (body.announcement(AnnouncementId(1), &view)?, view.details.clone())
    };
    let (spec, channels) = (announcement.audience.clone(), announcement.channels.clone());
    let (event_id, now) = (path.event_id, time::now());
    let since = floodgate_domain::LogTime(now.0.saturating_sub(WEEK_MS));
    let cap = renderer.weekly_cap();
    let counts = store
        .look(move |work| {
            let (spec, channels) = (&spec, channels.as_slice());
            work.count_reach(ReachQuery { event_id, spec, channels, cap, since })
        })
        .await?;
    let mut preview = AnnouncementPreview {
        total: 0,
        reached: 0,
        by_channel: ByChannel::default(),
        not_reached: NotReached::default(),
        also: tour::previewed(&store, further, (cap, since)).await?,
        codes: None,
        readers: Vec::new(),
        as_of: time::text(now),
    };
    let on = add(&mut preview, &counts);
    if let Some(batch) = announcement.codes {
        let audience = &announcement.audience;
        let codes = super::codes::previewed(&store, &path, batch, audience).await?;
        let have_one = preview.total.saturating_sub(codes.needed);
        preview.codes = Some(PreviewedCodes { have_one, ..codes });
    }
    for channel in announcement.channels.iter().copied() {
        for language in LANGUAGES {
            let seen = renderer
                .announcement(language, channel, &announcement, &details)
                .map_err(|reason| ApiError::internal(&reason))?;
            let (channel, count) = (channel.code(), on[channel as usize - 1]);
            let (language, subject) = (language.to_owned(), seen.subject);
            let (text, html) = (seen.text, seen.html);
            let reader = PreviewedReader { channel, language, subject, text, html, count };
            preview.readers.push(reader);
        }
    }
    Ok(Json(preview))
}

/// Sends an announcement to one address of yours, marked as a test. Nobody else gets anything.
#[utoipa::path(post, path = "/v1/events/{event_id}/announcements/test",
    operation_id = "testAnnouncement", tag = "Artists",
    security(("staff" = ["artist", "manager"])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body(content = TestBody, example = json!({
        "announcement": {"who": ["holders"], "channels": ["email"], "subject": "Doors at six",
            "text": "We open an hour earlier."},
        "address": "ada@example.org"})),
    responses((status = 200, body = StateAnswer)))]
pub(crate) async fn test(
    State(store): State<PeopleDesk>,
    _: Staff<Writers>,
    path: EventPath,
    Idempotent { key, body }: Idempotent<TestBody>,
) -> Result<Json<StateAnswer>, ApiError> {
    let announcement =
        body.announcement.clone().announcement(AnnouncementId(1), &path.entry.read())?;
    let on = announcement.channels.iter().copied().find(|channel| *channel != Channel::Page);
    let on = on.filter(|on| [Channel::Email, Channel::Sms].contains(on)).ok_or_else(|| {
        malformed("announcement.channels", "name email or sms to try it out".to_owned())
    })?;
    let (address, language) = (address(on, &body.address)?, language(body.language)?);
    let words = serde_json::to_value(&body.announcement)
        .map_err(|error| ApiError::new(Code::MalformedBody).field("body", error.to_string()))?;
    let event_id = path.event_id;
    let name = format!("test-{event_id}-{}", key.name);
    let variables = serde_json::json!({ "announcement": words, "language": language });
    store
        .with(move |work| work.queue_test(&name, event_id, &address, variables, time::now()))
        .await?;
    Ok(Json(StateAnswer { state: "queued" }))
}
