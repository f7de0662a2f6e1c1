//! What happened in a sale, as staff and readers of a share link see it: numbers only.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use floodgate_domain::LogTime;
use floodgate_domain::tally::Tally;

use super::LogPosition;
use crate::time;
use crate::views::{EventView, Window};

/// The numbers of the domain's tally: one that is added there does not compile before it is here.
macro_rules! numbers {
    ($($name:ident)*) => {
        /// What happened, counted; the schema of `floodgate.windows.v1` says of what. Money in
        /// minor units.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
        pub(crate) struct TotalsAnswer {
            $(pub(crate) $name: u64,)*
        }

        impl From<&Tally> for TotalsAnswer {
            fn from(tally: &Tally) -> Self {
                let Tally { $($name),* } = *tally;
                TotalsAnswer { $($name,)* }
            }
        }
    };
}
numbers! {
    places entered left
    holds extended released holds_expired
    paying attempts declined unanswered
    confirmed settled orders_expired cancelled refunded
    seats_held seats_sold seats_back seats_given
    gross fees returned fees_returned
}

/// Everything about a sale that can be counted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnalyticsAnswer {
    pub(crate) event_id: String,
    pub(crate) name: String,
    pub(crate) phase: &'static str,
    pub(crate) currency: String,
    /// When the sale first opened to all.
    pub(crate) opened_at: Option<String>,
    pub(crate) capacity: u32,
    pub(crate) free: u32,
    pub(crate) held: u32,
    pub(crate) sold: u32,
    /// People in the shop now, and places of the line that are not called yet; places are
    /// reserved in blocks, so that fewer may wait.
    pub(crate) shoppers: u32,
    pub(crate) not_called: u64,
    /// Since the event was created; `windows` has the same numbers by name.
    pub(crate) totals: TotalsAnswer,
    /// Without fees and without what was given back; below zero where more came back.
    pub(crate) net: i64,
    pub(crate) windows: WindowsAnswer,
    pub(crate) sections: Vec<SoldPart>,
    pub(crate) categories: Vec<SoldPart>,
    pub(crate) refused: RefusedAnswer,
    /// This sale and the one it is compared with, laid over each other at their opening.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) curves: Vec<SalesCurve>,
    pub(crate) as_of: LogPosition,
}

/// What happened in each stretch of log time; stretches in which nothing did are left out.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WindowsAnswer {
    pub(crate) step_seconds: u32,
    pub(crate) begins_at: Vec<String>,
    /// By name, a number for each of `begins_at`.
    pub(crate) numbers: BTreeMap<&'static str, Vec<u64>>,
    /// Pass as `since` to hear only what is new: the last stretch again, and those after it.
    pub(crate) next: u64,
}

/// How much of a section or price category is sold.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SoldPart {
    pub(crate) name: String,
    /// Seats of the plan, those that are not for sale included.
    pub(crate) seats: u32,
    pub(crate) sold: u32,
}

/// What this gateway refused about the event, by the problem's code.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefusedAnswer {
    /// Counts begin with the process, and each gateway counts its own.
    pub(crate) since: String,
    /// At the door: puzzles, limits, places and passes; mostly programs.
    pub(crate) at_door: BTreeMap<&'static str, u64>,
    pub(crate) in_shop: BTreeMap<&'static str, u64>,
}

/// Seats and revenue from the opening on, both since the beginning.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SalesCurve {
    pub(crate) event_id: String,
    pub(crate) name: String,
    pub(crate) currency: String,
    pub(crate) capacity: u32,
    pub(crate) opened_at: Option<String>,
    /// Seconds after the opening; below zero before it.
    pub(crate) seconds: Vec<i64>,
    pub(crate) seats_sold: Vec<u64>,
    pub(crate) gross: Vec<u64>,
}

impl WindowsAnswer {
    pub(crate) fn of(view: &EventView, since: LogTime, step_seconds: u32) -> Self {
        let windows = view.insight.windows(since, u64::from(step_seconds) * 1_000);
        let mut by_name: BTreeMap<&'static str, Vec<u64>> = BTreeMap::new();
        for window in &windows {
            for (name, number) in Tally::NAMES.iter().zip(window.tally.numbers()) {
                by_name.entry(name).or_default().push(number);
            }
        }
        WindowsAnswer {
            step_seconds,
            begins_at: windows.iter().map(|window| time::text(window.begins_at)).collect(),
            numbers: by_name,
            next: view.insight.last_begins_at().0,
        }
    }
}

impl SalesCurve {
    pub(crate) fn of(view: &EventView, step_seconds: u32) -> Self {
        let insight = &view.insight;
        let windows = insight.windows(LogTime(0), u64::from(step_seconds) * 1_000);
        let opened_at = insight.tally.opened_at.or(insight.selling_since);
        let totals = insight.tally.totals;
        // From the end, since the beginning of a long sale is in the totals alone.
        let (mut seats, mut gross) = (totals.seats_sold, totals.gross);
        let points = windows.iter().rev().map(|&Window { begins_at, tally }| {
            let at = (begins_at.0 / 1_000) as i64 + i64::from(step_seconds);
            let since = opened_at.map_or(0, |opened_at| (opened_at.0 / 1_000) as i64);
            let point = (at - since, seats, gross);
            seats = seats.saturating_sub(tally.seats_sold);
            gross = gross.saturating_sub(tally.gross);
            point
        });
        let mut points: Vec<_> = points.collect();
        points.reverse();
        SalesCurve {
            event_id: view.id.to_string(),
            name: view.details.name.clone(),
            currency: insight.tally.currency().to_owned(),
            capacity: view.capacity(),
            opened_at: opened_at.map(time::text),
            seconds: points.iter().map(|point| point.0).collect(),
            seats_sold: points.iter().map(|point| point.1).collect(),
            gross: points.iter().map(|point| point.2).collect(),
        }
    }
}

impl SoldPart {
    pub(crate) fn sections(view: &EventView) -> Vec<Self> {
        let sections = view.plan.sections.iter().zip(&view.insight.tally.sections);
        let parts = sections.map(|(section, &sold)| {
            let runs = section.rows.iter().flat_map(|row| &row.runs);
            let seats = runs.map(|run| run.labels.len() as u32).sum();
            SoldPart { name: section.name.clone(), seats, sold }
        });
        parts.collect()
    }

    pub(crate) fn categories(view: &EventView) -> Vec<Self> {
        let mut seats = vec![0_u32; view.plan.categories.len()];
        for category in &view.categories {
            if let Some(count) = seats.get_mut(usize::from(*category)) {
                *count += 1;
            }
        }
        let categories = view.plan.categories.iter().zip(seats);
        let parts =
            categories.zip(&view.insight.tally.categories).map(|((category, seats), &sold)| {
                SoldPart { name: category.name.clone(), seats, sold }
            });
        parts.collect()
    }
}

/// Beginnings of the codes that the door and the limits say.
const OF_DOOR: [&str; 9] = [
    "puzzle_",
    "rate_limited",
    "too_many_streams",
    "not_your_turn",
    "turn_lapsed",
    "pass_",
    "device_",
    "queue_",
    "cross_site",
];

impl RefusedAnswer {
    pub(crate) fn of(since: LogTime, by_code: BTreeMap<&'static str, u64>) -> Self {
        let is_of_door = |code: &str| OF_DOOR.iter().any(|begin| code.starts_with(begin));
        let (at_door, in_shop) = by_code.into_iter().partition(|(code, _)| is_of_door(code));
        RefusedAnswer { since: time::text(since), at_door, in_shop }
    }
}
