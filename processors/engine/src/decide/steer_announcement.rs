//! SteerAnnouncement: lets an announcement go out, holds it back, or ends it.

use floodgate_domain::announcement::AnnouncementStep;
use floodgate_domain::fact::Fact;
use floodgate_domain::ids::AnnouncementId;
use floodgate_domain::refusal::Refusal;

use super::Context;
use crate::event::Event;
use crate::outcomes::Outcome;
use crate::version::ANNOUNCEMENTS_GO_OUT;

/// A step that changes nothing is done without a fact. Whoever sends the messages follows pauses and
/// stops after the start; what has been sent is sent.
pub(super) fn steer_announcement(
    event: &Event,
    context: Context,
    (id, step): (AnnouncementId, AnnouncementStep),
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    context.staff()?;
    if !context.follows(ANNOUNCEMENTS_GO_OUT) {
        return Err(Refusal::NeedsNewerEngine);
    }
    let state = *event.announcements.get(id).ok_or(Refusal::UnknownAnnouncement)?;
    if state.is_stopped && step != AnnouncementStep::Stop {
        return Err(Refusal::AnnouncementStopped);
    }
    let after = state.after(step);
    if after != state {
        facts.push(Fact::AnnouncementSteered { id, step, by: context.staff_id() });
        facts.extend(after.starts(context.now).then_some(Fact::AnnouncementStarted { id }));
    }
    Ok(Outcome::Done)
}
