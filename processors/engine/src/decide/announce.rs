//! Announce: words of staff, to go out at once, later, or once they are approved.

use floodgate_domain::announcement::Announcement;
use floodgate_domain::fact::Fact;
use floodgate_domain::presale::CodeNumber;
use floodgate_domain::refusal::Refusal;

use super::Context;
use crate::announcements::AnnouncementState;
use crate::event::Event;
use crate::outcomes::Outcome;
use crate::version::{ANNOUNCEMENTS_GO_OUT, PRESALE};

/// In every phase: a cancelled event is when people have to hear of it. The same words under the same
/// id again change nothing, whenever that is.
pub(super) fn announce(
    event: &Event,
    context: Context,
    announcement: &Announcement,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    context.staff()?;
    if !context.follows(ANNOUNCEMENTS_GO_OUT) {
        return Err(Refusal::NeedsNewerEngine);
    }
    if announcement.codes.is_some() && !context.follows(PRESALE) {
        return Err(Refusal::NeedsNewerEngine);
    }
    let needs_approval = event.policy.approve_announcements == Some(true);
    let state = AnnouncementState::new(announcement, needs_approval);
    let id = announcement.id;
    if let Some(known) = event.announcements.get(id) {
        let is_same = known.digest == state.digest;
        return if is_same { Ok(Outcome::Done) } else { Err(Refusal::AnnouncementExists) };
    }
    if announcement.check().and_then(|()| announcement.check_time(context.now)).is_err() {
        return Err(Refusal::InvalidAnnouncement);
    }
    let categories = 0..event.seat_map.category_count as u8;
    if !categories.into_iter().any(|one| announcement.audience.categories.contains(one)) {
        return Err(Refusal::NoSuchCategory);
    }
    let is_minted = |batch| event.codes.exists(CodeNumber { batch, number: 0 });
    if !announcement.codes.is_none_or(is_minted) {
        return Err(Refusal::CodesOutOfBounds);
    }
    if event.announcements.is_full() {
        return Err(Refusal::TooManyAnnouncements);
    }
    let by = context.staff_id();
    facts.push(Fact::AnnouncementMade {
        announcement: Box::new(announcement.clone()),
        needs_approval,
        by,
    });
    facts.extend(state.starts(context.now).then_some(Fact::AnnouncementStarted { id }));
    Ok(Outcome::Done)
}
