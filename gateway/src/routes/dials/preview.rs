//! What a change of dials would do to the waiting time; nothing is changed.

use serde::Serialize;
use utoipa::ToSchema;

use floodgate_admission::Flow;
use floodgate_domain::{DialChange, Refusal, SalePhase};

use super::standing;
use crate::admission::Admission;
use crate::extract::EventPath;
use crate::model::{DialValues, LogPosition};
use crate::problem::ApiError;

/// How long the line takes with the current dials, and with the changed ones.
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
    /// Whether anybody has left yet; until then shoppers are assumed to stay as long as they may.
    stay_is_measured: bool,
    as_of: LogPosition,
}

/// The median outcome (P50); minutes are absent when nobody is called.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Forecast {
    dials: DialValues,
    /// For the place in the middle of the line.
    middle_minutes: Option<f64>,
    /// For the place at its end.
    end_minutes: Option<f64>,
}

impl Preview {
    pub(super) fn of(
        admission: &Admission,
        path: &EventPath,
        change: &DialChange,
    ) -> Result<Self, ApiError> {
        let view = path.entry.read();
        let room = admission.room().view(path.event_id).ok_or(Refusal::UnknownEvent)?;
        let before = standing(admission, path.event_id, &view)?;
        let mut after = before.clone();
        after.take_over(change);
        let phase = change.phase.map_or(Ok(view.phase), |dial| dial.turn(view.phase))?;
        let (measured, longest) = (view.stay.mean_ms(), view.policy.pass_ms);
        let stay_ms = measured.unwrap_or(longest);
        let waiting = room.people_waiting();
        let line =
            WaitingLine { waiting, shoppers: view.shoppers, stay_ms, free: view.counts.free };
        let stay = std::time::Duration::from_secs(stay_ms.div_ceil(1000));
        Ok(Preview {
            preview: true,
            people_waiting: waiting,
            before: line.forecast(&before, view.phase),
            after: line.forecast(&after, phase),
            stay: humantime::format_duration(stay).to_string(),
            stay_is_measured: measured.is_some(),
            as_of: view.as_of.into(),
        })
    }
}

/// Who waits and who is inside.
struct WaitingLine {
    waiting: u64,
    shoppers: u32,
    stay_ms: u64,
    free: u32,
}

impl WaitingLine {
    fn forecast(&self, dials: &DialChange, phase: SalePhase) -> Forecast {
        let flow = Flow {
            is_open: phase.sells() && self.free > 0,
            per_minute: dials.pace_per_minute.unwrap_or(0),
            shoppers: self.shoppers,
            shoppers_max: dials.shoppers_max.unwrap_or(0),
            stay_ms: self.stay_ms,
        };
        // Tenths of a minute: more would pretend to know more.
        let minutes = |ahead| flow.wait_ms(ahead).map(|ms| (ms as f64 / 6_000.0).round() / 10.0);
        Forecast {
            dials: DialValues::standing(dials, phase),
            middle_minutes: minutes(self.waiting / 2),
            end_minutes: minutes(self.waiting),
        }
    }
}
