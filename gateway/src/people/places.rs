//! One place a person: whoever has a place or a visit on one device has it on all of theirs, and
//! none beside it.

use floodgate_admission::QueueTicket;
use floodgate_domain::{BuyerId, LogTime, Place};

use crate::admission::Admission;
use crate::extract::EventPath;
use crate::problem::ApiError;
use crate::time;
use crate::views::EndedVisit;

/// Visits of these devices that are over.
pub(crate) fn ended(path: &EventPath, buyers: &[BuyerId]) -> Vec<EndedVisit> {
    let view = path.entry.read();
    buyers.iter().filter_map(|buyer| view.left.get(buyer).copied()).collect()
}

/// When the last of them ended.
pub(crate) fn last_visit(path: &EventPath, buyers: &[BuyerId]) -> Option<LogTime> {
    ended(path, buyers).into_iter().map(|left| left.at).max()
}

/// The device that is in the shop, and with which place.
pub(crate) fn visit_of(path: &EventPath, buyers: &[BuyerId]) -> Option<(BuyerId, Place)> {
    let view = path.entry.read();
    buyers.iter().find_map(|buyer| Some((*buyer, view.visits.get(buyer)?.place)))
}

/// The best place that a device of somebody with several has in the store. After a visit nobody
/// knows which of the places is older than that: then each device shows its own ticket, or joins
/// anew.
pub(crate) async fn elsewhere(
    admission: &Admission,
    path: &EventPath,
    buyers: &[BuyerId],
) -> Result<Option<QueueTicket>, ApiError> {
    if buyers.len() < 2 || !ended(path, buyers).is_empty() {
        return Ok(None);
    }
    let event_id = path.event_id;
    let places = admission.room().places_of(event_id, buyers).await?;
    let best = places.into_iter().min_by_key(|(_, place)| *place);
    let ticket = |(buyer, place)| QueueTicket { event_id, buyer, place, joined_at: time::now() };
    Ok(best.map(ticket))
}

/// The place that this device, the first of several, has in the store from before a visit with
/// another one: it is not given again.
pub(crate) async fn stale(
    admission: &Admission,
    path: &EventPath,
    buyers: &[BuyerId],
) -> Result<Option<Place>, ApiError> {
    if buyers.len() < 2 || ended(path, buyers).is_empty() {
        return Ok(None);
    }
    let places = admission.room().places_of(path.event_id, &buyers[..1]).await?;
    Ok(places.first().map(|(_, place)| *place))
}
