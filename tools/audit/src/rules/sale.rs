//! Facts about a whole event, its shop, its line and its cohorts, each with its command.

use floodgate_domain::fact::LeaveReason;
use floodgate_domain::policy::IDLE_MS;
use floodgate_domain::{Command, EventDetails, Fact, LogTime, PhaseDial, SalePhase, StaffId};

use super::messages::may_be_set;
use super::row::{CAUSE, Row, staff_of};
use super::{CommandView, is_open_to};
use crate::books::event::EventBook;
use crate::books::stage::OrderStage;

/// Hands a ticket may go through, and places one command may reserve, are bounds of the engine;
/// here only what a fact says counts.
pub(super) fn rows(book: &EventBook, fact: &Fact, asked: CommandView<'_>) -> Option<Vec<Row>> {
    of_terms(book, fact, asked)
        .or_else(|| of_shop(book, fact, asked))
        .or_else(|| of_crowd(book, fact, asked))
}

/// Whoever of the staff set something, as new prices and rules say it; under the first rules they do not.
fn setter(asked: CommandView<'_>) -> Option<StaffId> {
    (asked.version > 1).then_some(staff_of(asked))
}

/// Whether an event may say this of itself.
pub(super) fn may_be_said(book: &EventBook, asked: CommandView<'_>, named: &EventDetails) -> bool {
    let times = named.sale_times().may_follow(book.sale_times, asked.now, book.phase);
    let has_presale = named.announced_at.or(named.presale_at).is_some();
    (asked.version >= 4 || !has_presale)
        && asked.version > 1
        && named.check().is_ok()
        && times.is_ok()
}

fn of_terms(book: &EventBook, fact: &Fact, asked: CommandView<'_>) -> Option<Vec<Row>> {
    let by_staff = (CAUSE, "nobody of the staff asked", asked.is_staff());
    let turned = |dial: PhaseDial, named: Option<PhaseDial>, to: SalePhase| {
        let is_lawful = dial.turn(book.phase) == Ok(to) && book.phase != to;
        vec![by_staff, (CAUSE, "nobody turned it there", named == Some(dial) && is_lawful)]
    };
    Some(match (fact, &asked.envelope.command) {
        (Fact::PricesSet(prices), Command::SetPrices(named)) => {
            let is_same = prices == named && prices.currency == book.prices.currency;
            vec![
                by_staff,
                (CAUSE, "other prices", is_same),
                (CAUSE, "by another", prices.by == setter(asked)),
            ]
        }
        (Fact::PolicySet(policy), Command::SetPolicy(named)) => {
            vec![
                by_staff,
                (CAUSE, "another policy", policy == named),
                (CAUSE, "by rules that do not know it", may_be_set(policy, asked)),
                (CAUSE, "by another", policy.by == setter(asked)),
            ]
        }
        (Fact::DetailsSet(details), Command::SetDetails { details: named, revision }) => {
            vec![
                by_staff,
                (CAUSE, "other details", details == named),
                (CAUSE, "by another", details.by == setter(asked)),
                (CAUSE, "over those of somebody else", *revision == book.details_revision),
                (CAUSE, "times that cannot be", may_be_said(book, asked, named)),
            ]
        }
        (Fact::SaleOpened, Command::SetDials(change)) => {
            turned(PhaseDial::Open, change.phase, SalePhase::Open)
        }
        (Fact::PresaleOpened, Command::SetDials(change)) => {
            let mut rows = turned(PhaseDial::Presale, change.phase, SalePhase::Presale);
            rows.push((CAUSE, "by rules that do not know it", asked.version >= 4));
            rows
        }
        (Fact::SalePaused, Command::SetDials(change)) => {
            turned(PhaseDial::Pause, change.phase, SalePhase::Paused)
        }
        (Fact::SaleClosed, Command::SetDials(change)) => {
            turned(PhaseDial::Close, change.phase, SalePhase::Closed)
        }
        (Fact::EventCancelled, Command::SetDials(change)) => {
            turned(PhaseDial::Cancel, change.phase, SalePhase::Cancelled)
        }
        (Fact::DialsSet { change, by }, Command::SetDials(named)) => {
            // The phase is turned by a fact of its own, before.
            let is_turned = named.phase.is_none_or(|dial| dial.turn(book.phase) == Ok(book.phase));
            vec![
                by_staff,
                (CAUSE, "other dials", change == named && change.check().is_ok()),
                (CAUSE, "by another", *by == staff_of(asked)),
                (CAUSE, "the phase is another", is_turned),
            ]
        }
        (Fact::TimeMarked, Command::MarkTime) => {
            vec![(CAUSE, "not by Floodgate itself", asked.is_system())]
        }
        _ => return None,
    })
}

fn of_shop(book: &EventBook, fact: &Fact, asked: CommandView<'_>) -> Option<Vec<Row>> {
    Some(match (fact, &asked.envelope.command) {
        (Fact::Entered { buyer, place, until, idle_until }, Command::Enter { place: named }) => {
            let by_policy = asked.now.plus(book.policy.pass_ms);
            let has_pass = book
                .buyers
                .get(buyer)
                .is_some_and(|one| one.is_in_shop && asked.now < one.pass_until);
            vec![
                (CAUSE, "another buyer", asked.buyer() == Some(*buyer)),
                (CAUSE, "another place", place == named),
                (CAUSE, "the sale is not open to them", is_open_to(book, *buyer)),
                (CAUSE, "their pass is still good", !has_pass),
                ("shoppers-counted", "another end", asked.is_deadline(*until, by_policy)),
                ("visits-end", "idle at another time", *idle_until == idle_end(book, asked)),
            ]
        }
        (Fact::ShopperStayed { buyer, until }, Command::Stay) => {
            let record = book.buyers.get(buyer).filter(|one| one.is_in_shop);
            let idle_ms = record.and_then(|one| one.idle_ms);
            let end = idle_ms.map(|idle_ms| asked.now.plus(idle_ms));
            let has_pass = record.is_some_and(|one| asked.now < one.pass_until);
            vec![
                (CAUSE, "another buyer", asked.buyer() == Some(*buyer)),
                (CAUSE, "not in the shop, or their pass is over", has_pass),
                ("visits-end", "idle at another time", end == Some(*until)),
            ]
        }
        (Fact::ShopperLeft { buyer, reason: LeaveReason::ByChoice }, Command::Leave) => {
            let live = book.buyers.get(buyer).map_or(&[][..], |one| &one.live[..]);
            let is_paying = |hold_id| {
                book.order(hold_id).is_some_and(|order| order.stage == OrderStage::Pending)
            };
            vec![
                (CAUSE, "another buyer", asked.buyer() == Some(*buyer)),
                (CAUSE, "what was held is not released", live.iter().all(|id| is_paying(*id))),
            ]
        }
        (Fact::ShopperLeft { buyer, reason: LeaveReason::Purchased }, _) => {
            let bought = matches!(asked.before,
                Some(Fact::OrderConfirmed { buyer: paid, .. }) if paid == buyer);
            vec![(
                CAUSE,
                "bought nothing, or still holds",
                bought && book.has_no_live_order(*buyer),
            )]
        }
        _ => return None,
    })
}

/// When whoever enters now is idle if they do nothing.
fn idle_end(book: &EventBook, asked: CommandView<'_>) -> Option<LogTime> {
    let idle_ms = book.policy.idle_ms.unwrap_or(IDLE_MS);
    (asked.version > 1 && idle_ms > 0).then(|| asked.now.plus(idle_ms))
}

fn of_crowd(book: &EventBook, fact: &Fact, asked: CommandView<'_>) -> Option<Vec<Row>> {
    let by_system = (CAUSE, "not by Floodgate itself", asked.is_system());
    let before = || asked.buyer().and_then(|buyer| book.buyers.get(&buyer)?.cohort);
    Some(match (fact, &asked.envelope.command) {
        (Fact::PlacesReserved { count, .. }, Command::ReservePlaces { count: named }) => {
            vec![by_system, (CAUSE, "another number", count == named)]
        }
        (Fact::PlacesCalled { below }, Command::CallPlaces { below: named }) => {
            let expected = named.0.min(book.places);
            vec![by_system, ("line-moves-on", "not as far as called", below.0 == expected)]
        }
        (Fact::TurnAwaited { buyer, place }, Command::AwaitTurn { place: named }) => {
            vec![
                (CAUSE, "another buyer", asked.buyer() == Some(*buyer)),
                (CAUSE, "another place", place == named),
                ("line-moves-on", "the place has entered", !book.spent.contains(place)),
            ]
        }
        (Fact::CohortJoined { cohort }, Command::ShareCohort { cohort: named }) => {
            let lawful = cohort == named && before().is_none();
            vec![("cohorts-add-up", "not the cohort that was shared", lawful)]
        }
        (Fact::CohortLeft { cohort }, command) => {
            let named = match command {
                Command::ShareCohort { cohort } => Some(*cohort),
                Command::WithdrawCohort => None,
                _ => return None,
            };
            let was_in = before() == Some(*cohort) && named != before();
            vec![("cohorts-add-up", "not the cohort they were in", was_in)]
        }
        _ => return None,
    })
}
