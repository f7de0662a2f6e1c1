//! Tables of an audience, each with its command.

use floodgate_domain::{AudienceRelease, Command, Fact, SalePhase};

use super::CommandView;
use super::row::{CAUSE, Row};
use crate::books::event::EventBook;

/// The rules that know them.
const SINCE: u32 = 5;
/// What one may cost, in millionths of ε.
const COSTS: std::ops::RangeInclusive<u32> = 100_000..=1_000_000;

pub(super) fn rows(book: &EventBook, fact: &Fact, asked: CommandView<'_>) -> Option<Vec<Row>> {
    let Fact::AudienceReleased { release, .. } = fact else { return None };
    let Command::ReleaseAudience(named) = &asked.envelope.command else { return None };
    Some(vec![
        (CAUSE, "another table than was asked for", release == named),
        (CAUSE, "Floodgate did not ask", asked.is_system()),
        (CAUSE, "nobody can have been counted", sells(book)),
        (CAUSE, "by rules that do not know it", asked.version >= SINCE),
        (CAUSE, "at a price that cannot be", COSTS.contains(&release.epsilon_micros)),
    ])
}

/// Whether a command has to lead to a fact.
pub(super) fn is_owed(book: &EventBook, release: &AudienceRelease, asked: CommandView<'_>) -> bool {
    let AudienceRelease { from, until, epsilon_micros, .. } = *release;
    let is_window = from < until && until <= asked.now && from >= book.releases.until;
    let has_price = COSTS.contains(&epsilon_micros);
    let fits = has_price && book.releases.is_within_budget(epsilon_micros, asked.now);
    asked.is_system() && asked.version >= SINCE && sells(book) && is_window && fits
}

fn sells(book: &EventBook) -> bool {
    !matches!(book.phase, SalePhase::Announced | SalePhase::Cancelled)
}
