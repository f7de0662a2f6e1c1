//! The same announcement at several events of an artist: one name, so that a person who belongs to
//! several of them gets it once.

use std::sync::Arc;

use floodgate_domain::{Actor, Announcement, AnnouncementId, Answer, Command, EventId, LogTime};
use floodgate_people::{ReachCount, ReachQuery};

use crate::commands::{Commands, Outcome, RequestKey};
use crate::extract::EventPath;
use crate::model::announcement::{AnnouncementDraft, AnnouncementElsewhere, PreviewedElsewhere};
use crate::model::contact::malformed;
use crate::people::PeopleDesk;
use crate::problem::ApiError;
use crate::views::{Entry, Views};

/// Events that one announcement may name beside its own: a tour around the world.
const EVENTS_MAX: usize = 100;

/// The further events that an announcement names; each is another one, and of the same artist.
pub(super) fn others(
    views: &Views,
    path: &EventPath,
    named: &[String],
) -> Result<Vec<(EventId, Arc<Entry>)>, ApiError> {
    let wrong = |fix: String| Err(malformed("also_events", fix));
    if named.len() > EVENTS_MAX {
        return wrong(format!("at most {EVENTS_MAX} events"));
    }
    let artist = artist_of(&path.entry);
    if artist.is_empty() && !named.is_empty() {
        return wrong("the event names no artist: send to each event by itself".to_owned());
    }
    let mut found: Vec<(EventId, Arc<Entry>)> = Vec::with_capacity(named.len());
    for text in named {
        let id =
            text.parse::<EventId>().map_err(|error| malformed("also_events", error.to_string()));
        let id = id?;
        let Some(entry) = views.get(id) else { return wrong(format!("there is no event {text}")) };
        if id == path.event_id || found.iter().any(|(known, _)| *known == id) {
            return wrong(format!("name {text} once"));
        }
        if artist_of(&entry) != artist {
            return wrong(format!("{text} is an event of another artist"));
        }
        found.push((id, entry));
    }
    Ok(found)
}

/// A further event, and what is announced there.
#[derive(Debug)]
pub(super) struct Further {
    event_id: EventId,
    entry: Arc<Entry>,
    announcement: Announcement,
}

/// What is announced at each of them, by the names of its own plan.
pub(super) fn announcements(
    others: &[(EventId, Arc<Entry>)],
    draft: &AnnouncementDraft,
    id: AnnouncementId,
) -> Result<Vec<Further>, ApiError> {
    let one = |(event_id, entry): &(EventId, Arc<Entry>)| {
        let announcement = draft.clone().announcement(id, &entry.read())?;
        Ok(Further { event_id: *event_id, entry: Arc::clone(entry), announcement })
    };
    others.iter().map(one).collect()
}

/// Announces at the further events, one after the other. Under the same key, what was done already
/// is found done.
pub(super) async fn announce(
    commands: &Commands,
    (actor, key): (Actor, &RequestKey),
    further: Vec<Further>,
) -> Result<Vec<AnnouncementElsewhere>, ApiError> {
    let mut all = Vec::with_capacity(further.len());
    for Further { event_id, entry, announcement } in further {
        let id = announcement.id;
        let command = Command::Announce(Box::new(announcement));
        let (state, code) = match commands.submit(event_id, actor, key, command).await? {
            Outcome::Pending(_) => ("pending", None),
            Outcome::Decided(reply) => match &reply.answer {
                Answer::Refused(refusal) => ("refused", Some(refusal.code())),
                _ => {
                    entry.reaches(reply.offset, commands.deadline()).await;
                    let view = entry.read();
                    let known = view.announcements.get(id);
                    (known.map_or("scheduled", |known| known.state(1)), None)
                }
            },
        };
        all.push(AnnouncementElsewhere { event_id: event_id.to_string(), state, code });
    }
    Ok(all)
}

/// Whom it would reach at the further events.
pub(super) async fn previewed(
    store: &PeopleDesk,
    further: Vec<Further>,
    (cap, since): (u64, LogTime),
) -> Result<Vec<PreviewedElsewhere>, ApiError> {
    let mut all = Vec::with_capacity(further.len());
    for Further { event_id, entry, announcement } in further {
        let counts = store
            .look(move |work| {
                let (spec, channels) = (&announcement.audience, &announcement.channels);
                work.count_reach(ReachQuery { event_id, spec, channels, cap, since })
            })
            .await?;
        let (mut total, mut reached) = (0, 0);
        for count in counts {
            match count {
                ReachCount::On(_, count) => (total, reached) = (total + count, reached + count),
                ReachCount::Not(_, count) => total += count,
            }
        }
        let event_name = entry.read().details.name.clone();
        let event_id = event_id.to_string();
        all.push(PreviewedElsewhere { event_id, event_name, total, reached });
    }
    Ok(all)
}

/// The other events of the artist.
pub(super) fn of_artist(views: &Views, path: &EventPath) -> Vec<(EventId, Arc<Entry>)> {
    let artist = artist_of(&path.entry);
    let is_other = |(event_id, entry): &(EventId, Arc<Entry>)| {
        *event_id != path.event_id && artist_of(entry) == artist
    };
    if artist.is_empty() { Vec::new() } else { views.all().into_iter().filter(is_other).collect() }
}

/// Those of them at which this was announced too.
pub(super) fn named(others: &[(EventId, Arc<Entry>)], id: AnnouncementId) -> Vec<String> {
    let has = |entry: &Entry| entry.read().announcements.get(id).is_some();
    others.iter().filter(|(_, entry)| has(entry)).map(|(id, _)| id.to_string()).collect()
}

fn artist_of(entry: &Entry) -> String {
    entry.read().details.artist.to_lowercase()
}
