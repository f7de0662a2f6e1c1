//! Codes of a presale that go with an announcement: whether there are enough.

use floodgate_domain::{Announcement, AudienceSpec};

use crate::extract::EventPath;
use crate::model::announcement::PreviewedCodes;
use crate::model::contact::malformed;
use crate::people::PeopleDesk;
use crate::problem::{ApiError, Code};

/// What an audience needs of a batch, and what is left there. Whoever has a code of it gets none.
pub(super) async fn previewed(
    store: &PeopleDesk,
    path: &EventPath,
    batch: u16,
    audience: &AudienceSpec,
) -> Result<PreviewedCodes, ApiError> {
    let minted = path.entry.read().codes.batches.get(&batch).map(|batch| batch.minted);
    let minted = minted.ok_or_else(|| {
        malformed("codes", format!("the event has no batch {batch}: mint its codes first"))
    })?;
    let event_id = path.event_id;
    let spec = audience.clone();
    let (given, needed) = store
        .look(move |work| {
            let batch = (event_id, batch);
            Ok((work.codes_given(batch)?, work.without_code(batch, &spec)?))
        })
        .await?;
    let left = u64::from(minted.saturating_sub(given));
    Ok(PreviewedCodes { batch, needed, have_one: 0, left, missing: needed.saturating_sub(left) })
}

/// Refuses what would leave somebody without a code. The audience may grow until it goes out: who is
/// beyond the last code then is in the report.
pub(super) async fn enough(
    store: &PeopleDesk,
    path: &EventPath,
    batch: u16,
    announcement: &Announcement,
) -> Result<(), ApiError> {
    let codes = previewed(store, path, batch, &announcement.audience).await?;
    let PreviewedCodes { left, missing, needed, .. } = codes;
    if missing == 0 {
        return Ok(());
    }
    let fix = format!(
        "batch {batch} has {left} left for {needed} people: mint {missing} more, or choose \
         fewer people"
    );
    Err(ApiError::new(Code::CodesTooFew).field("codes", fix))
}
