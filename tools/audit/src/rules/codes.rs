//! Codes of a presale, each with its command.

use floodgate_domain::{Command, Fact, SalePhase};

use super::CommandView;
use super::row::{CAUSE, Row, staff_of};
use crate::books::event::EventBook;

/// The rules that know them.
const SINCE: u32 = 4;

pub(super) fn rows(book: &EventBook, fact: &Fact, asked: CommandView<'_>) -> Option<Vec<Row>> {
    let mut rows = match (fact, &asked.envelope.command) {
        (Fact::CodesMinted { batch, label, count, by }, Command::MintCodes(named)) => vec![
            (CAUSE, "nobody of the staff asked", asked.is_staff()),
            (CAUSE, "another batch", *batch == named.batch),
            (CAUSE, "another name", *label == named.label),
            (CAUSE, "another count", *count == named.count),
            (CAUSE, "by another", *by == staff_of(asked)),
        ],
        (Fact::CodeClaimed { buyer, code }, Command::ClaimCode { code: named }) => vec![
            (CAUSE, "another buyer", asked.buyer() == Some(*buyer)),
            (CAUSE, "another code", code == named),
        ],
        _ => return None,
    };
    rows.push((CAUSE, "by rules that do not know it", asked.version >= SINCE));
    rows.push((CAUSE, "the sale is over", !is_over(book)));
    Some(rows)
}

fn is_over(book: &EventBook) -> bool {
    matches!(book.phase, SalePhase::Closed | SalePhase::Cancelled)
}

/// Whether a command has to lead to a fact.
pub(super) fn is_owed(book: &EventBook, asked: CommandView<'_>) -> bool {
    let owes = match &asked.envelope.command {
        Command::MintCodes(named) => asked.is_staff() && book.codes.has_room(named),
        Command::ClaimCode { code } => {
            asked.buyer().is_some_and(|buyer| book.codes.can_claim(buyer, *code))
        }
        _ => false,
    };
    owes && asked.version >= SINCE && !is_over(book)
}
