//! Announcements: what is sent, and what became of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use floodgate_domain::announcement::AnnouncementError;
use floodgate_domain::{
    Announcement, AnnouncementId, AudienceSpec, AudienceWho, CategorySet, Channel,
};

use super::contact::malformed;
use crate::problem::ApiError;
use crate::time;
use crate::views::EventView;

/// Words for an audience.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnnouncementDraft {
    /// Any of holders, waiters, followers.
    #[schema(example = json!(["holders", "followers"]))]
    pub(crate) who: Vec<String>,
    /// Of the holders, only those with seats of these price categories, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) categories: Option<Vec<String>>,
    /// Of the holders, only those with seats in these sections, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sections: Option<Vec<String>>,
    /// Any of page, email, sms, web_push, in order of preference: each person gets one message, on
    /// the first they can be reached on.
    #[schema(example = json!(["email", "page"]))]
    pub(crate) channels: Vec<String>,
    #[schema(example = "Doors at six", max_length = 200)]
    pub(crate) subject: String,
    #[schema(example = "We open an hour earlier.\nSee you there!", max_length = 8192)]
    pub(crate) text: String,
    /// Where to read more; https.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) link: Option<String>,
    /// A picture to show; https.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) picture: Option<String>,
    /// When it goes out; at once where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub(crate) send_at: Option<String>,
    /// The batch whose codes of the presale go with it, one to each person. There is no link then:
    /// each message leads to where its code is entered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1023)]
    pub(crate) codes: Option<u16>,
    /// Further events of the same artist whose people are written to as well, each person once; price
    /// categories and sections are named alike there. Not together with codes, which are of one event.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100)]
    pub(crate) also_events: Vec<String>,
}

impl AnnouncementDraft {
    /// As the engine knows it; refused with the field and the fix where it cannot be.
    pub(crate) fn announcement(
        self,
        id: AnnouncementId,
        view: &EventView,
    ) -> Result<Announcement, ApiError> {
        if self.codes.is_some() && !self.also_events.is_empty() {
            let fix = "must be empty where codes go out: a code is of one event";
            return Err(malformed("also_events", fix.to_owned()));
        }
        let mut who = AudienceWho::default();
        for text in &self.who {
            let one = AudienceWho::parse(text);
            who = who.with(one.ok_or_else(|| {
                malformed("who", "any of holders, waiters, followers".to_owned())
            })?);
        }
        let channels = self.channels.iter().map(|text| {
            Channel::parse(text).ok_or_else(|| {
                malformed("channels", "any of page, email, sms, web_push".to_owned())
            })
        });
        let send_at = self.send_at.as_deref().map(time::parse).transpose();
        let send_at = send_at.map_err(|fix| malformed("send_at", fix.to_owned()))?;
        let announcement = Announcement {
            id,
            audience: AudienceSpec {
                who,
                categories: categories(self.categories.as_deref(), view)?,
                sections: sections(self.sections.as_deref(), view)?,
            },
            channels: channels.collect::<Result<_, _>>()?,
            subject: self.subject,
            text: self.text,
            link: self.link.unwrap_or_default(),
            picture: self.picture.unwrap_or_default(),
            send_at,
            codes: self.codes,
        };
        let checked = announcement.check().and_then(|()| announcement.check_time(time::now()));
        checked.map_err(|AnnouncementError { field, fix }| malformed(field, fix))?;
        Ok(announcement)
    }
}

impl AnnouncementDraft {
    /// As it was sent, by the names of the plan.
    pub(crate) fn of(
        announcement: &Announcement,
        view: &EventView,
        also_events: Vec<String>,
    ) -> Self {
        let AudienceSpec { who, categories, sections } = &announcement.audience;
        let names = view.plan.categories.iter().zip(0..);
        let named = names.filter(|(_, at)| categories.contains(*at));
        let named = named.map(|(category, _)| category.name.clone());
        let section = |at: &u16| Some(view.plan.sections.get(usize::from(*at))?.name.clone());
        let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        AnnouncementDraft {
            who: who.codes().map(str::to_owned).collect(),
            categories: (*categories != CategorySet::ANY).then(|| named.collect()),
            sections: (!sections.is_empty()).then(|| sections.iter().filter_map(section).collect()),
            channels: announcement.channels.iter().map(|one| one.code().to_owned()).collect(),
            subject: announcement.subject.clone(),
            text: announcement.text.clone(),
            link: text(&announcement.link),
            picture: text(&announcement.picture),
            send_at: announcement.send_at.map(time::text),
            codes: announcement.codes,
            also_events,
        }
    }
}

fn categories(names: Option<&[String]>, view: &EventView) -> Result<CategorySet, ApiError> {
    let Some(names) = names else { return Ok(CategorySet::ANY) };
    let mut set = CategorySet(0);
    for name in names {
        let at = view.plan.categories.iter().position(|category| category.name == *name);
        let at = at.and_then(|at| u8::try_from(at).ok()).ok_or_else(|| {
            malformed("categories", format!("the event has no category named {name}"))
        })?;
        set = CategorySet(set.0 | CategorySet::only(at).0);
    }
    Ok(set)
}

fn sections(names: Option<&[String]>, view: &EventView) -> Result<Vec<u16>, ApiError> {
    let mut found = Vec::new();
    for name in names.unwrap_or_default() {
        let at = view.plan.sections.iter().position(|section| section.name == *name);
        let at = at.and_then(|at| u16::try_from(at).ok()).ok_or_else(|| {
            malformed("sections", format!("the event has no section named {name}"))
        })?;
        found.push(at);
    }
    Ok(found)
}

/// An announcement was taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnnouncementTaken {
    #[schema(example = "ann_0000000000001")]
    pub(crate) announcement_id: String,
    /// awaiting_approval, scheduled, sending …
    pub(crate) state: &'static str,
    /// How it stands at the further events.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) also: Vec<AnnouncementElsewhere>,
}

/// An announcement at a further event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnnouncementElsewhere {
    pub(crate) event_id: String,
    /// awaiting_approval, scheduled, sending …; pending where it is not decided yet, and refused.
    pub(crate) state: &'static str,
    /// Why it was refused there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<&'static str>,
}

/// How many messages of an announcement are where. `total` is their sum.
#[derive(Debug, Default, Clone, Serialize, ToSchema)]
pub(crate) struct MessageCounts {
    pub(crate) total: u64,
    pub(crate) sent: u64,
    /// On their way, or about to be.
    pub(crate) due: u64,
    /// They wait for the morning where their readers are.
    pub(crate) quiet: u64,
    pub(crate) paused: u64,
    /// Their readers had as many this week as anybody gets.
    pub(crate) capped: u64,
    /// To addresses that must not be written to.
    pub(crate) suppressed: u64,
    pub(crate) no_consent: u64,
    pub(crate) no_address: u64,
    pub(crate) bounced: u64,
    pub(crate) failed: u64,
    pub(crate) stopped: u64,
    /// The same address had it already.
    pub(crate) repeated: u64,
    /// No code was left for them. They get one, and the message, once more are minted.
    pub(crate) no_code: u64,
}

/// How far an announcement is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnnouncementReport {
    pub(crate) announcement_id: String,
    /// awaiting_approval, scheduled, sending, paused, stopped, sent.
    pub(crate) state: &'static str,
    pub(crate) needs_approval: bool,
    #[serde(flatten)]
    pub(crate) words: AnnouncementDraft,
    /// Who made it.
    pub(crate) by: String,
    #[schema(format = DateTime)]
    pub(crate) made_at: String,
    /// When it began to go out.
    #[schema(format = DateTime)]
    pub(crate) started_at: Option<String>,
    pub(crate) counts: MessageCounts,
    pub(crate) by_channel: ByChannel,
    #[schema(format = DateTime)]
    pub(crate) as_of: String,
}

/// People by the channel they are reached on.
#[derive(Debug, Default, Clone, Serialize, ToSchema)]
pub(crate) struct ByChannel {
    pub(crate) page: u64,
    pub(crate) email: u64,
    pub(crate) sms: u64,
    pub(crate) web_push: u64,
}

impl ByChannel {
    pub(crate) fn add(&mut self, channel: Channel, count: u64) {
        *match channel {
            Channel::Page => &mut self.page,
            Channel::Email => &mut self.email,
            Channel::Sms => &mut self.sms,
            Channel::WebPush => &mut self.web_push,
        } += count;
    }
}

/// All announcements of an event, the latest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnnouncementList {
    pub(crate) announcements: Vec<AnnouncementReport>,
    /// Whether somebody has to approve before anything goes out.
    pub(crate) needs_approval: bool,
}

/// Whom it would reach now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnnouncementPreview {
    /// People in the audience.
    pub(crate) total: u64,
    /// Of them, those who would get it.
    pub(crate) reached: u64,
    pub(crate) by_channel: ByChannel,
    pub(crate) not_reached: NotReached,
    /// The further events; whoever is counted at several of them gets it once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) also: Vec<PreviewedElsewhere>,
    /// Where codes go with it.
    pub(crate) codes: Option<PreviewedCodes>,
    /// What they would read.
    pub(crate) readers: Vec<PreviewedReader>,
    #[schema(format = DateTime)]
    pub(crate) as_of: String,
}

/// The audience at a further event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewedElsewhere {
    pub(crate) event_id: String,
    pub(crate) event_name: String,
    pub(crate) total: u64,
    pub(crate) reached: u64,
}

/// Whether a batch has codes enough. One is kept for each person of the audience, reached or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PreviewedCodes {
    pub(crate) batch: u16,
    /// People who get one with this announcement.
    pub(crate) needed: u64,
    /// People of the audience who have one of this batch already, and are not written to again.
    pub(crate) have_one: u64,
    /// Nobody was given these yet.
    pub(crate) left: u64,
    /// As many have to be minted before it can be sent.
    pub(crate) missing: u64,
}

/// Why people would not get it.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct NotReached {
    pub(crate) no_consent: u64,
    pub(crate) no_address: u64,
    pub(crate) suppressed: u64,
    pub(crate) capped: u64,
}

/// What one kind of reader would get.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewedReader {
    pub(crate) channel: &'static str,
    pub(crate) language: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: Option<String>,
    /// How many would read it on this channel, in all languages.
    pub(crate) count: u64,
}

/// A message for trying out, and where it goes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestBody {
    pub(crate) announcement: AnnouncementDraft,
    #[schema(example = "ada@example.org", max_length = 254)]
    pub(crate) address: String,
    /// en or de; en where it is absent.
    pub(crate) language: Option<String>,
}

/// What became of one person's message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PersonVerdict {
    pub(crate) user_id: String,
    /// sent, quiet, capped, suppressed, no_consent, no_address, bounced, failed, stopped,
    /// repeated, no_code; due while it is none of these yet.
    pub(crate) verdict: &'static str,
    pub(crate) channel: Option<&'static str>,
    /// When it was known; of those that wait, when they are due.
    #[schema(format = DateTime)]
    pub(crate) at: String,
}

/// A page of them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PersonVerdicts {
    pub(crate) people: Vec<PersonVerdict>,
    /// Ask with this as `cursor` for the next page; absent on the last.
    pub(crate) next: Option<String>,
}
