//! The dials of an event: turn them, look first, and see who turned them before.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_admission::{Flow, QueueView};
use floodgate_domain::dials::{PUZZLE_LEVEL_MAX, WORDS_BYTES_MAX};
use floodgate_domain::{Command, PhaseDial, RoomDials, SalePhase, StaffId};

use super::Routes;
use super::respond::answer;
use crate::admission::Admission;
use crate::commands::Commands;
use crate::extract::{EventPath, Idempotent, Manager, Operator, Query, Staff};
use crate::model::{DoneAnswer, Position};
use crate::problem::{ApiError, Code};
use crate::staff::Role;
use crate::time;
use crate::views::Change;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(tune)).routes(routes!(changes))
}

/// Changes a page may list.
const PAGE_MAX: usize = 100;

/// Dials to turn; what is absent stays as it is. All of them are turned, or none.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueueDials {
    /// Places called a minute; 0 holds the line.
    pace_per_minute: Option<u32>,
    /// Shoppers at once. Below those who are inside, nobody new enters until enough have left.
    shoppers_max: Option<u32>,
    /// How much work the door asks for: 0, none, to 12; each level doubles it.
    puzzle_level: Option<u8>,
    /// open, pause or close; closing is for ever and takes a manager.
    #[schema(example = "pause")]
    phase: Option<String>,
    /// Shown to everybody who waits; at most 500 bytes.
    message: Option<String>,
    /// Why, for those who look back; kept in the log with who did it. At most 500 bytes.
    #[serde(default)]
    reason: String,
}

impl QueueDials {
    fn checked(self, role: Role) -> Result<RoomDials, ApiError> {
        let QueueDials { pace_per_minute, shoppers_max, puzzle_level, phase, message, reason } =
            self;
        let wrong = |path: &str, fix: &str| ApiError::new(Code::MalformedBody).field(path, fix);
        let phase = phase.map(|text| {
            PhaseDial::parse(&text)
                .filter(|dial| *dial != PhaseDial::Cancel)
                .ok_or_else(|| wrong("phase", "open, pause or close"))
        });
        let phase = phase.transpose()?;
        if phase == Some(PhaseDial::Close) && role != Role::Manager {
            return Err(ApiError::new(Code::WrongRole).field("phase", "a manager closes a sale"));
        }
        if puzzle_level.is_some_and(|level| level > PUZZLE_LEVEL_MAX) {
            return Err(wrong("puzzle_level", "0 to 12"));
        }
        let message_bytes = message.as_ref().map_or(0, String::len);
        for (path, bytes) in [("message", message_bytes), ("reason", reason.len())] {
            if bytes > WORDS_BYTES_MAX {
                return Err(wrong(path, "at most 500 bytes"));
            }
        }
        let per_minute = pace_per_minute;
        let dials =
            RoomDials { per_minute, shoppers_max, puzzle_level, phase, message, reason, origin: 0 };
        if !dials.turn_anything() {
            let fix = "name pace_per_minute, shoppers_max, puzzle_level, phase or message";
            return Err(wrong("body", fix));
        }
        Ok(dials)
    }
}

#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct TuneQuery {
    /// `true` changes nothing and answers how long the line would take.
    #[serde(default)]
    preview: bool,
}

/// Turns dials, on every gateway: pace, capacity, puzzle, phase, message. The turn is one fact with
/// its actor and reason, and survives restarts. `?preview=true` tells what it would do to the
/// waiting time instead.
#[utoipa::path(put, path = "/v1/events/{event_id}/queue", operation_id = "tuneQueue",
    tag = "Staff", security(("staff" = ["manager", "operator"])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header), TuneQuery),
    request_body = QueueDials,
    responses((status = 200, body = TuneAnswer)))]
pub(crate) async fn tune(
    State(commands): State<Commands>,
    State(admission): State<Admission>,
    staff: Staff<(Manager, Operator)>,
    path: EventPath,
    Query(TuneQuery { preview }): Query<TuneQuery>,
    Idempotent { key, body }: Idempotent<QueueDials>,
) -> Result<Response, ApiError> {
    let dials = body.checked(staff.role)?;
    if preview {
        let preview = Preview::of(&admission, &path, &dials)?;
        return Ok(Json(TuneAnswer::Preview(preview)).into_response());
    }
    let command = Command::TuneRoom(Box::new(dials));
    let outcome = commands.submit(path.event_id, staff.actor(), &key, command).await?;
    answer(path.event_id, outcome, false, |reply| Ok(TuneAnswer::Done(DoneAnswer::from(reply))))
}

/// Done, or with `?preview=true` what it would come to.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum TuneAnswer {
    Done(DoneAnswer),
    Preview(Preview),
}

/// How long the line takes as the dials stand, and as they would stand.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Preview {
    preview: bool,
    /// People in the line who have not been called, as far as this gateway knows.
    people_waiting: u64,
    before: Forecast,
    after: Forecast,
    /// How long a shopper stays on average.
    #[schema(example = "4m 12s")]
    stay: String,
    /// Whether anybody has left yet; until then a shopper is taken to stay as long as he may.
    stay_is_measured: bool,
    as_of: Position,
}

/// The middle of what can happen (P50); minutes are absent when nobody is called.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Forecast {
    phase: &'static str,
    pace_per_minute: u32,
    shoppers_max: u32,
    puzzle_level: u8,
    /// For the place in the middle of the line.
    middle_minutes: Option<f64>,
    /// For the place at its end.
    end_minutes: Option<f64>,
}

impl Preview {
    fn of(admission: &Admission, path: &EventPath, dials: &RoomDials) -> Result<Self, ApiError> {
        let view = path.entry.read();
        let room = admission.room().view(path.event_id);
        let room = room.ok_or(floodgate_domain::Refusal::UnknownEvent)?;
        let (measured, longest) = (view.stay.mean_ms(), view.policy.pass_ms);
        let stay_ms = measured.unwrap_or(longest);
        let waiting = waiting(&room);
        let now = RoomDials {
            per_minute: Some(room.pace_per_minute),
            shoppers_max: Some(view.policy.shoppers_max),
            puzzle_level: Some(room.puzzle_level),
            ..RoomDials::default()
        };
        let turned = RoomDials {
            per_minute: dials.per_minute.or(now.per_minute),
            shoppers_max: dials.shoppers_max.or(now.shoppers_max),
            puzzle_level: dials.puzzle_level.or(now.puzzle_level),
            ..RoomDials::default()
        };
        let phase = dials.phase.map_or(Ok(view.phase), |dial| dial.turn(view.phase))?;
        let crowd = Crowd { waiting, shoppers: view.shoppers, stay_ms, free: view.counts.free };
        let stay = std::time::Duration::from_secs(stay_ms.div_ceil(1000));
        Ok(Preview {
            preview: true,
            people_waiting: waiting,
            before: crowd.forecast(&now, view.phase),
            after: crowd.forecast(&turned, phase),
            stay: humantime::format_duration(stay).to_string(),
            stay_is_measured: measured.is_some(),
            as_of: view.as_of.into(),
        })
    }
}

/// People who have a place and were not called. A gateway that gave out none since it started
/// takes all places that were reserved, which is more than there are.
fn waiting(room: &QueueView) -> u64 {
    let given = if room.given_beyond == 0 { room.shop.places_reserved } else { room.given_beyond };
    given.saturating_sub(room.frontier)
}

/// Who waits and who is inside.
struct Crowd {
    waiting: u64,
    shoppers: u32,
    stay_ms: u64,
    free: u32,
}

impl Crowd {
    fn forecast(&self, dials: &RoomDials, phase: SalePhase) -> Forecast {
        let (pace_per_minute, shoppers_max) =
            (dials.per_minute.unwrap_or(0), dials.shoppers_max.unwrap_or(0));
        let flow = Flow {
            is_open: phase == SalePhase::Open && self.free > 0,
            per_minute: pace_per_minute,
            shoppers: self.shoppers,
            shoppers_max,
            stay_ms: self.stay_ms,
        };
        // Tenths of a minute: more would pretend to know more.
        let minutes = |ahead| flow.wait_ms(ahead).map(|ms| (ms as f64 / 6_000.0).round() / 10.0);
        Forecast {
            phase: phase.code(),
            pace_per_minute,
            shoppers_max,
            puzzle_level: dials.puzzle_level.unwrap_or(0),
            middle_minutes: minutes(self.waiting / 2),
            end_minutes: minutes(self.waiting),
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct ChangesQuery {
    /// At most 100.
    limit: Option<usize>,
    /// `next` of the page before.
    before: Option<u64>,
}

/// What staff changed, newest first: the last 512 of an event, the rest is in the log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangeList {
    changes: Vec<ChangeAnswer>,
    /// Pass as `before` for the next page; absent at the end.
    next: Option<u64>,
    as_of: Position,
}

/// One change; dials that were not turned are absent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangeAnswer {
    at: String,
    /// Offset of the command it follows from.
    offset: u64,
    /// room_tuned, or what older commands said: sale_opened, policy_set …
    #[schema(example = "room_tuned")]
    change: String,
    /// The staff key's id; absent where the command did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    /// api, settings_file or system.
    #[serde(skip_serializing_if = "Option::is_none")]
    through: Option<&'static str>,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pace_per_minute: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shoppers_max: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    puzzle_level: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

impl ChangeAnswer {
    fn of(change: &Change) -> Self {
        let dials = &change.dials;
        let through = |by| match by {
            StaffId::SYSTEM => "system",
            StaffId::SETTINGS_FILE => "settings_file",
            _ => "api",
        };
        ChangeAnswer {
            at: time::text(change.at),
            offset: change.source.offset,
            change: snake_case(change.fact),
            by: change.by.map(|by| by.to_string()),
            through: change.by.map(through),
            reason: dials.reason.clone(),
            pace_per_minute: dials.per_minute,
            shoppers_max: dials.shoppers_max,
            puzzle_level: dials.puzzle_level,
            phase: dials.phase.map(PhaseDial::code),
            message: dials.message.clone(),
        }
    }
}

/// `RoomTuned` as `room_tuned`.
fn snake_case(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

/// Who changed what about this event, when and why. Newest first.
#[utoipa::path(get, path = "/v1/events/{event_id}/changes", operation_id = "listChanges",
    tag = "Staff", security(("staff" = ["manager", "operator"])),
    params(("event_id" = String, Path), ChangesQuery,
        ("at_least" = Option<u64>, Query, description = "Offset of an `as_of` you know: no older answer, if it arrives within a second")),
    responses((status = 200, body = ChangeList)))]
pub(crate) async fn changes(
    _: Staff<(Manager, Operator)>,
    path: EventPath,
    Query(ChangesQuery { limit, before }): Query<ChangesQuery>,
) -> Result<Json<ChangeList>, ApiError> {
    let limit = limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
    let view = path.entry.read();
    let mut rest = view.changes.newest(before);
    let page: Vec<&Change> = rest.by_ref().take(limit).collect();
    let next = rest.next().and(page.last()).map(|last| last.source.version());
    let changes = page.into_iter().map(ChangeAnswer::of).collect();
    Ok(Json(ChangeList { changes, next, as_of: view.as_of.into() }))
}
