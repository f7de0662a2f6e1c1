//! To which address of a person a message goes, and why to none.

use floodgate_domain::{Channel, ConsentScope, ContactId, PersonId};
use floodgate_people::{DueMessage, PeopleError, Reach, Verdict, Via, Work};

use crate::courier::Language;
use crate::occasion::Occasion;
use crate::say::Saying;

/// What has no order of its own goes by mail first, and is on the page in any case.
const USUAL: [Channel; 4] = [Channel::Email, Channel::WebPush, Channel::Sms, Channel::Page];

/// Where a message goes.
#[derive(Debug)]
pub(crate) struct Chosen {
    pub(crate) person: Option<PersonId>,
    pub(crate) channel: Channel,
    /// `None` is the page.
    pub(crate) contact: Option<ChosenContact>,
    pub(crate) language: Language,
    pub(crate) time_zone: String,
    /// What they agreed to, where that is why they are written to.
    pub(crate) scope: Option<ConsentScope>,
}

/// An address, in the clear: it is kept for one try.
pub(crate) struct ChosenContact {
    pub(crate) contact: Option<ContactId>,
    pub(crate) address: String,
    pub(crate) lookup: Vec<u8>,
}

/// Personal: never shown by accident.
impl std::fmt::Debug for ChosenContact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChosenContact").field("contact", &self.contact).finish_non_exhaustive()
    }
}

#[derive(Debug)]
pub(crate) enum Choice {
    Go(Box<Chosen>),
    No(Verdict),
}

impl Chosen {
    /// What is recorded of the way it went.
    pub(crate) fn via(&self, reference: Option<String>) -> Via {
        Via {
            person: self.person,
            contact: self.contact.as_ref().and_then(|contact| contact.contact),
            channel: Some(self.channel),
            lookup: self.contact.as_ref().map(|contact| contact.lookup.clone()),
            reference,
        }
    }
}

/// The channels of a message, the preferred one first.
pub(crate) fn order_of_channels(
    saying: &Saying<'_>,
    message: &DueMessage,
    occasion: &Occasion,
) -> Vec<Channel> {
    let announced = match (message.event_id, message.announcement) {
        (Some(event_id), Some(id)) => saying.channels_of(event_id, id),
        _ => None,
    };
    let is_page = |channel: &Channel| *channel == Channel::Page;
    let usual = USUAL.into_iter().filter(|channel| !occasion.is_about_address || !is_page(channel));
    announced.unwrap_or_else(|| usual.collect())
}

/// Looks for the first channel on which somebody can be reached.
pub(crate) fn choose(
    work: &mut Work<'_>,
    message: &DueMessage,
    occasion: &Occasion,
    channels: &[Channel],
    is_usable: impl Fn(Channel) -> bool,
) -> Result<Choice, PeopleError> {
    if Saying::is_test(message) {
        return test_of(work, message);
    }
    if occasion.is_about_address {
        return of_contact(work, message);
    }
    let event_id = message.event_id.unwrap_or(floodgate_domain::EventId(0));
    let reach = work.reach(message.buyer, event_id)?;
    Ok(of_reach(reach, occasion, channels, is_usable))
}

fn of_reach(
    reach: Reach,
    occasion: &Occasion,
    channels: &[Channel],
    is_usable: impl Fn(Channel) -> bool,
) -> Choice {
    let Reach { person, language, time_zone, contacts } = reach;
    let language = Language::nearest(&language);
    // The least of what was in the way: somebody who has one good address is not said to have none.
    let mut why = Verdict::NoAddress;
    for &channel in channels {
        if channel == Channel::Page {
            let scope = None;
            return Choice::Go(Box::new(Chosen {
                person,
                channel,
                contact: None,
                language,
                time_zone,
                scope,
            }));
        }
        let theirs = contacts.iter().filter(|one| one.address.channel() == channel);
        for one in theirs.filter(|_| is_usable(channel)) {
            if one.is_suppressed {
                why = if why == Verdict::NoAddress { Verdict::Suppressed } else { why };
            } else if occasion.is_by_consent && one.consent.is_none() {
                why = Verdict::NoConsent;
            } else {
                let contact = Some(ChosenContact {
                    contact: Some(one.contact),
                    address: one.address.expose().to_owned(),
                    lookup: one.lookup.clone(),
                });
                let scope = one.consent;
                return Choice::Go(Box::new(Chosen {
                    person,
                    channel,
                    contact,
                    language,
                    time_zone,
                    scope,
                }));
            }
        }
    }
    Choice::No(why)
}

/// What is about an address goes there, confirmed or not.
fn of_contact(work: &mut Work<'_>, message: &DueMessage) -> Result<Choice, PeopleError> {
    let view = work.person_view(message.buyer)?;
    let found = view.and_then(|view| {
        let contact = view.contacts.into_iter().find(|one| Some(one.contact) == message.contact)?;
        Some((view.person, view.language, view.time_zone, contact))
    });
    let Some((person, language, time_zone, contact)) = found else {
        return Ok(Choice::No(Verdict::NoAddress));
    };
    Ok(Choice::Go(Box::new(Chosen {
        person: Some(person),
        channel: contact.address.channel(),
        contact: Some(ChosenContact {
            contact: Some(contact.contact),
            address: contact.address.expose().to_owned(),
            lookup: message.lookup.clone().unwrap_or_default(),
        }),
        language: Language::nearest(&language),
        time_zone,
        scope: None,
    })))
}

/// A message that staff try out has its address with it.
fn test_of(work: &mut Work<'_>, message: &DueMessage) -> Result<Choice, PeopleError> {
    let address = work.test_address(message)?;
    let language = message.variables["language"].as_str().unwrap_or_default();
    let contact = Some(ChosenContact {
        contact: None,
        address: address.expose().to_owned(),
        lookup: Vec::new(),
    });
    Ok(Choice::Go(Box::new(Chosen {
        person: None,
        channel: address.channel(),
        contact,
        language: Language::nearest(language),
        time_zone: String::new(),
        scope: None,
    })))
}
