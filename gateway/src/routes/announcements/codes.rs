//! Codes of a presale that go with an announcement: whether there are enough.

use floodgate_domain::{Announcement, LogTime};
use floodgate_people::{ReachCount, ReachQuery};

use crate::extract::EventPath;
use crate::model::announcement::PreviewedCodes;
use crate::model::contact::malformed;
use crate::people::PeopleDesk;
use crate::problem::{ApiError, Code};

/// What an audience of so many needs of a batch, and what is left there.
pub(super) async fn previewed(
    store: &PeopleDesk,
    path: &EventPath,
    batch: u16,
    needed: u64,
) -> Result<PreviewedCodes, ApiError> {
    let minted = path.entry.read().codes.batches.get(&batch).map(|batch| batch.minted);
    let minted = minted.ok_or_else(|| {
        malformed("codes", format!("the event has no batch {batch}: mint its codes first"))
    })?;
    let event_id = path.event_id;
    let given = store.look(move |work| work.codes_given((event_id, batch))).await?;
    let left = u64::from(minted.saturating_sub(given));
    Ok(PreviewedCodes { batch, needed, left, missing: needed.saturating_sub(left) })
}

/// Refuses what would leave somebody without a code. The audience may grow until it goes out: who is
/// beyond the last code then is in the report.
pub(super) async fn enough(
    store: &PeopleDesk,
    path: &EventPath,
    batch: u16,
    announcement: &Announcement,
) -> Result<(), ApiError> {
    let (spec, channels) = (announcement.audience.clone(), announcement.channels.clone());
    let (event_id, since) = (path.event_id, LogTime(0));
    let counts = store.look(move |work| {
        let (spec, channels) = (&spec, channels.as_slice());
        work.count_reach(ReachQuery { event_id, spec, channels, cap: 1, since })
    });
    let count = |one: &ReachCount| match one {
        ReachCount::On(_, count) | ReachCount::Not(_, count) => *count,
    };
    let needed = counts.await?.iter().map(count).sum();
    let PreviewedCodes { left, missing, .. } = previewed(store, path, batch, needed).await?;
    if missing == 0 {
        return Ok(());
    }
    let fix = format!(
        "batch {batch} has {left} codes left for {needed} people: mint {missing} more, or choose \
         fewer people"
    );
    Err(ApiError::new(Code::CodesTooFew).field("codes", fix))
}
