//! Rows of what staff do: events, phases, terms, dials.

use super::PUBLIC;
use crate::answer::SalePhase;
use crate::command::NewEvent;
use crate::details::EventDetails;
use crate::dials::DialChange;
use crate::effects::{Concerns, Effects, Notice, Visibility};
use crate::ids::StaffId;
use crate::policy::Policy;
use crate::price::PriceTable;

fn everybody(notice: Notice) -> Effects<'static> {
    Effects { concerns: Concerns::Everybody(notice), ..PUBLIC }
}

pub(super) fn created(new: &NewEvent) -> Effects<'_> {
    Effects {
        created: Some(new),
        prices: Some(&new.prices),
        policy: Some(&new.policy),
        details: Some(&new.details),
        ..phase(SalePhase::Announced, Notice::EventAnnounced)
    }
}

pub(super) fn prices_set(prices: &PriceTable, by: Option<StaffId>) -> Effects<'_> {
    Effects { prices: Some(prices), by, ..everybody(Notice::EventPricesChanged) }
}

pub(super) fn policy_set(policy: &Policy, by: Option<StaffId>) -> Effects<'_> {
    Effects { policy: Some(policy), by, ..everybody(Notice::EventRulesChanged) }
}

pub(super) fn details_set(details: &EventDetails, by: Option<StaffId>) -> Effects<'_> {
    Effects { details: Some(details), by, ..everybody(Notice::EventDetailsChanged) }
}

pub(super) fn phase(phase: SalePhase, notice: Notice) -> Effects<'static> {
    Effects { phase: Some(phase), ..everybody(notice) }
}

pub(super) fn dials_set(change: &DialChange, by: StaffId) -> Effects<'_> {
    let message = change.message.as_deref();
    Effects { dials: Some(change), by: Some(by), reason: Some(&change.reason), message, ..PUBLIC }
}

/// Of no event, and of no use to other teams.
pub(super) fn version_set(version: u32) -> Effects<'static> {
    Effects { visibility: Visibility::Internal, rules: Some(version), ..PUBLIC }
}
