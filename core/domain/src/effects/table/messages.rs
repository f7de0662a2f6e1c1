//! Rows of consents and announcements.

use super::PUBLIC;
use crate::announcement::{Announcement, AnnouncementStep};
use crate::effects::{AnnouncementMove, Concerns, ConsentMove, Effects, Visibility};
use crate::fact::Fact;
use crate::ids::{AnnouncementId, BuyerId, StaffId};

/// Internal: what somebody wants to hear of is nobody else's business.
fn of_consent(buyer: BuyerId, consent: ConsentMove) -> Effects<'static> {
    let (visibility, concerns) = (Visibility::Internal, Concerns::Buyer(buyer, None));
    Effects { visibility, consent: Some(consent), concerns, ..PUBLIC }
}

/// The rows of both; any other fact changes nothing here.
pub(super) fn of_consents(fact: &Fact) -> Effects<'_> {
    if let Fact::ConsentGiven { buyer, consent } = *fact {
        return of_consent(buyer, ConsentMove::Given { buyer, consent });
    }
    let Fact::ConsentWithdrawn { buyer, scope, channel } = *fact else { return PUBLIC };
    of_consent(buyer, ConsentMove::Withdrawn { buyer, scope, channel })
}

/// It concerns nobody: whoever it is for gets it as a message of its own.
fn of_announcement(announcement: AnnouncementMove<'_>) -> Effects<'_> {
    Effects { announcement: Some(announcement), ..PUBLIC }
}

pub(super) fn made(announcement: &Announcement, needs_approval: bool, by: StaffId) -> Effects<'_> {
    let made = AnnouncementMove::Made { announcement, needs_approval };
    Effects { by: Some(by), ..of_announcement(made) }
}

pub(super) fn steered(id: AnnouncementId, step: AnnouncementStep, by: StaffId) -> Effects<'static> {
    Effects { by: Some(by), ..of_announcement(AnnouncementMove::Steered { id, step }) }
}

pub(super) fn started(id: AnnouncementId) -> Effects<'static> {
    of_announcement(AnnouncementMove::Started { id })
}
