//! What happened when, second by second, and what everybody waited for where nothing did.

use std::fmt;

use serde::Serialize;
use tokio::time::Instant;

use crate::seen::QueueSeen;

/// Seconds that are kept: patience is bounded, and a crowd outlasts it by minutes at most.
const SECONDS_MAX: usize = 86_400;
/// A pause shorter than this is no wait worth a line.
const WAIT_MIN_S: usize = 5;
/// Waits that are reported; the longest ones stay.
const WAITS_MAX: usize = 20;

/// Where a buyer is in the visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Joining,
    Line,
    Door,
    Choosing,
    Paying,
}

/// All of them, with what a buyer there waits for.
const STAGES: [(Stage, &str); 5] = [
    (Stage::Joining, "a place in the line"),
    (Stage::Line, "their turn"),
    (Stage::Door, "room in the shop"),
    (Stage::Choosing, "seats"),
    (Stage::Paying, "their payment"),
];

/// What is counted by the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    Joined,
    Admitted,
    Hold,
    Confirmed,
    /// Paid with a card that is never answered for, and went home.
    LostPayment,
}

/// One second of a stampede. Seconds in which nothing happened and nobody moved are left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Second {
    /// From the first arrival.
    pub second: usize,
    pub joined: u64,
    pub admitted: u64,
    pub holds: u64,
    pub confirmed: u64,
    /// In the line at its end.
    pub waiting: u64,
}

impl Second {
    fn is_quiet(&self) -> bool {
        self.joined + self.admitted + self.holds + self.confirmed == 0
    }
}

/// A time in which nobody got anywhere, though somebody was there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Wait {
    pub from_s: usize,
    pub seconds: usize,
    /// In words.
    pub waited_for: String,
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Wait { from_s, seconds, waited_for } = self;
        write!(f, "{seconds} s from {from_s} s on: {waited_for}")
    }
}

/// What a second ended with, beside what is printed of it.
#[derive(Debug, Clone, Copy, Default)]
struct State {
    /// Buyers in each stage.
    stages: [u64; STAGES.len()],
    /// Payments begun that are never answered.
    lost: u64,
    seen: QueueSeen,
}

/// The seconds so far.
#[derive(Debug)]
pub(super) struct Timeline {
    started: Instant,
    /// Those that are over, each with its state.
    past: Vec<(Second, State)>,
    now: Second,
    state: State,
}

impl Timeline {
    pub(super) fn new(started: Instant) -> Self {
        let (now, state) = (Second::default(), State::default());
        Timeline { started, past: Vec::new(), now, state }
    }

    /// Ends the seconds that have passed.
    fn pass(&mut self, at: Instant) {
        let second = at.saturating_duration_since(self.started).as_secs() as usize;
        while self.past.len() < second.min(SECONDS_MAX) {
            let next = Second { second: self.past.len() + 1, ..Second::default() };
            let mut over = std::mem::replace(&mut self.now, next);
            over.waiting = self.state.stages[Stage::Line as usize];
            self.past.push((over, self.state));
        }
    }

    /// A buyer went from one stage to another; from nowhere, or home.
    pub(super) fn moves(&mut self, at: Instant, from: Option<Stage>, to: Option<Stage>) {
        self.pass(at);
        if let Some(from) = from {
            let count = &mut self.state.stages[from as usize];
            *count = count.saturating_sub(1);
        }
        if let Some(to) = to {
            self.state.stages[to as usize] += 1;
        }
    }

    pub(super) fn count(&mut self, at: Instant, what: Count) {
        self.pass(at);
        match what {
            Count::Joined => self.now.joined += 1,
            Count::Admitted => self.now.admitted += 1,
            Count::Hold => self.now.holds += 1,
            Count::Confirmed => self.now.confirmed += 1,
            Count::LostPayment => self.state.lost += 1,
        }
    }

    /// What the public queue says now.
    pub(super) fn sees(&mut self, at: Instant, seen: QueueSeen) {
        self.pass(at);
        self.state.seen = seen;
    }

    /// Everything up to now, and the waits in it.
    pub(super) fn read(&mut self, at: Instant) -> (Vec<Second>, Vec<Wait>) {
        self.pass(at);
        let mut last = self.now.clone();
        last.waiting = self.state.stages[Stage::Line as usize];
        let mut seconds: Vec<Second> = self.past.iter().map(|(second, _)| second.clone()).collect();
        seconds.push(last);
        let mut waiting = 0;
        seconds.retain(|second| {
            let is_news = !second.is_quiet() || second.waiting != waiting;
            waiting = second.waiting;
            is_news
        });
        (seconds, self.waits())
    }

    fn waits(&self) -> Vec<Wait> {
        let (mut waits, mut from) = (Vec::new(), 0);
        for at in 0..=self.past.len() {
            let goes_on = self.past.get(at).is_some_and(|(second, state)| {
                second.is_quiet() && state.stages.iter().sum::<u64>() > 0
            });
            if goes_on {
                continue;
            }
            if at - from >= WAIT_MIN_S {
                let waited_for = self.past[from].1.in_words(&self.past[at - 1].1);
                waits.push(Wait { from_s: from, seconds: at - from, waited_for });
            }
            from = at + 1;
        }
        waits.sort_by_key(|wait| std::cmp::Reverse(wait.seconds));
        waits.truncate(WAITS_MAX);
        waits.sort_by_key(|wait| wait.from_s);
        waits
    }
}

impl State {
    /// Who waited from here to there, for what, and what may have held them up.
    fn in_words(&self, end: &State) -> String {
        let people = STAGES.iter().map(|(stage, what)| (self.stages[*stage as usize], what));
        let mut words: Vec<String> = people
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} waited for {what}"))
            .collect();
        let QueueSeen { free, shoppers, shoppers_max, .. } = end.seen;
        if self.stages[Stage::Line as usize] > 0 && free == 0 {
            words.push("no seat was free".to_owned());
        } else if shoppers_max > 0 && shoppers >= shoppers_max {
            words.push(format!("the shop was full, {shoppers} were in it"));
        }
        if self.lost > 0 {
            words.push(format!("{} lost payments had to time out", self.lost));
        }
        words.join("; ")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_quiet_time_says_who_waited_for_what() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_millis(seconds * 1000 + 1);
        let mut line = Timeline::new(start);
        for _ in 0..3 {
            line.moves(at(0), None, Some(Stage::Line));
            line.count(at(0), Count::Joined);
        }
        line.moves(at(1), Some(Stage::Line), Some(Stage::Choosing));
        line.count(at(1), Count::Admitted);
        line.count(at(2), Count::Hold);
        line.count(at(2), Count::LostPayment);
        line.moves(at(2), Some(Stage::Choosing), None);
        line.sees(at(3), QueueSeen { free: 0, ..QueueSeen::default() });
        line.moves(at(233), Some(Stage::Line), None);
        line.moves(at(233), Some(Stage::Line), None);
        let (seconds, waits) = line.read(at(234));
        let row = |second, joined, admitted, holds, waiting| Second {
            second,
            joined,
            admitted,
            holds,
            confirmed: 0,
            waiting,
        };
        let expected =
            [row(0, 3, 0, 0, 3), row(1, 0, 1, 0, 2), row(2, 0, 0, 1, 2), row(233, 0, 0, 0, 0)];
        assert_eq!(seconds, expected);
        let [wait] = waits.as_slice() else { panic!("{waits:?}") };
        assert_eq!((wait.from_s, wait.seconds), (3, 230));
        assert_eq!(
            wait.to_string(),
            "230 s from 3 s on: 2 waited for their turn; no seat was free; \
             1 lost payments had to time out"
        );
    }

    #[test]
    fn short_pauses_and_an_empty_house_are_no_waits() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_millis(seconds * 1000 + 1);
        let mut line = Timeline::new(start);
        line.moves(at(0), None, Some(Stage::Paying));
        line.count(at(0), Count::Hold);
        line.count(at(4), Count::Confirmed);
        line.moves(at(4), Some(Stage::Paying), None);
        assert_eq!(line.read(at(60)).1, []);
    }
}
