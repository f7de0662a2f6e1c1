//! Words of staff, as other teams read them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use floodgate_domain::Announcement;
use floodgate_domain::effects::AnnouncementMove;
use floodgate_domain::plan::CategorySet;

use super::time_text;

/// Of `announcement_made` all of it, of the others the part that is new. Whom it reaches, on which
/// channel, is not published: that is about people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AnnouncementBody {
    pub announcement_id: String,
    /// Of `announcement_steered`: `approve`, `pause`, `resume` or `stop`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// One line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Where to read more, and what to look at: addresses that begin with `https://`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// For whom it is: any of `holders` of tickets, `waiters` in the line, `followers`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub who: Option<Vec<String>>,
    /// Holders in these price categories alone, by their index in the plan; absent is all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub categories: Option<Vec<u8>>,
    /// Holders in these sections alone, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sections: Option<Vec<u16>>,
    /// `page`, `email`, `sms`, `web_push`, the preferred one first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<String>>,
    /// When it goes out; absent is at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_at: Option<String>,
    /// Whether it goes out only once it is approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs_approval: Option<bool>,
}

impl From<AnnouncementMove<'_>> for AnnouncementBody {
    fn from(change: AnnouncementMove<'_>) -> Self {
        let announcement_id = change.id().to_string();
        match change {
            AnnouncementMove::Made { announcement, needs_approval } => AnnouncementBody {
                announcement_id,
                needs_approval: Some(needs_approval),
                ..whole(announcement)
            },
            AnnouncementMove::Steered { step, .. } => AnnouncementBody {
                announcement_id,
                step: Some(step.code().to_owned()),
                ..AnnouncementBody::default()
            },
            AnnouncementMove::Started { .. } => {
                AnnouncementBody { announcement_id, ..AnnouncementBody::default() }
            }
        }
    }
}

fn whole(announcement: &Announcement) -> AnnouncementBody {
    let Announcement { audience, channels, subject, text, link, picture, send_at, .. } =
        announcement;
    let known = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let CategorySet(bits) = audience.categories;
    let named = (0..64).filter(|category| bits & (1 << category) != 0);
    let is_narrow = audience.categories != CategorySet::ANY;
    AnnouncementBody {
        subject: Some(subject.clone()),
        text: Some(text.clone()),
        link: known(link),
        picture: known(picture),
        who: Some(audience.who.codes().map(str::to_owned).collect()),
        categories: is_narrow.then(|| named.collect()),
        sections: Some(audience.sections.clone()).filter(|sections| !sections.is_empty()),
        channels: Some(channels.iter().map(|channel| channel.code().to_owned()).collect()),
        send_at: send_at.map(time_text),
        ..AnnouncementBody::default()
    }
}
