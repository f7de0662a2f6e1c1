//! Who has to do with an event, folded from the facts, and who of them can be reached.

use std::fmt::Write;

use floodgate_domain::{
    AnnouncementId, AudienceSpec, AudienceWho, BuyerId, Channel, Consent, ConsentScope, ContactId,
    EventId, LogTime, PersonId,
};

use crate::PeopleError;
use crate::address::Address;
use crate::database::{StoredRow, values};
use crate::messages::Verdict;
use crate::store::Work;

/// Seats of one section and category that somebody gets, or gives up where it is negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeatGain {
    pub event_id: EventId,
    pub buyer: BuyerId,
    pub category: u8,
    pub section: u16,
    pub seats: i64,
}

/// An audience and the ways it is to be reached on, in order of preference.
#[derive(Debug, Clone, Copy)]
pub struct ReachQuery<'a> {
    pub event_id: EventId,
    pub spec: &'a AudienceSpec,
    pub channels: &'a [Channel],
    /// Announcements a person gets at most since `since`.
    pub cap: u64,
    pub since: LogTime,
}

/// How many of an audience are reached how, or why they are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReachCount {
    On(Channel, u64),
    Not(Verdict, u64),
}

/// How somebody can be reached about an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    pub person: Option<PersonId>,
    pub language: String,
    pub time_zone: String,
    /// Confirmed ones; the oldest first.
    pub contacts: Vec<ReachedContact>,
}

/// An address of somebody who is to be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReachedContact {
    pub contact: ContactId,
    pub address: Address,
    /// What finds the address again.
    pub lookup: Vec<u8>,
    pub is_suppressed: bool,
    /// Under which of the scopes they agreed to messages on this channel.
    pub consent: Option<ConsentScope>,
}

/// Consents that one list shows.
const FOLLOWS_MAX: i64 = 500;

/// Consents that count for the event `$1`: its own, and those to its artist given at any event.
const COUNTING: &str = "(k.event = $1 AND k.scope = 1 OR k.scope = 2 AND k.event IN (
    SELECT e.event FROM event_artists e JOIN event_artists f ON f.artist = e.artist
    WHERE f.event = $1 AND f.artist <> ''))";

/// The same of one buyer, who is looked up by the buyer: the plus keeps a database from reading all
/// consents of the event for each of them.
const COUNTING_OF_BUYER: &str = "(+k.event = $1 AND k.scope = 1 OR k.scope = 2 AND +k.event IN (
    SELECT e.event FROM event_artists e JOIN event_artists f ON f.artist = e.artist
    WHERE f.event = $1 AND f.artist <> ''))";

impl Work<'_> {
    /// Who is on stage at an event; empty where that is not known.
    pub fn set_artist(&mut self, event_id: EventId, artist: &str) -> Result<(), PeopleError> {
        self.run(
            "INSERT INTO event_artists (event, artist) VALUES ($1, $2)
             ON CONFLICT (event) DO UPDATE SET artist = excluded.artist",
            values![event_id.0, artist.to_lowercase()],
        )
        .map(|_| ())
    }

    /// Somebody agreed to messages.
    pub fn consent_given(
        &mut self,
        event_id: EventId,
        buyer: BuyerId,
        consent: Consent,
        at: LogTime,
    ) -> Result<(), PeopleError> {
        self.run(
            "INSERT INTO consents (event, buyer, scope, channel, wording, at)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (event, buyer, scope, channel)
             DO UPDATE SET wording = excluded.wording, at = excluded.at",
            values![
                event_id.0,
                buyer.0,
                consent.scope as u8,
                consent.channel as u8,
                consent.wording,
                at.0
            ],
        )
        .map(|_| ())
    }

    /// Somebody took that back.
    pub fn consent_withdrawn(
        &mut self,
        event_id: EventId,
        buyer: BuyerId,
        scope: ConsentScope,
        channel: Channel,
    ) -> Result<(), PeopleError> {
        self.run(
            "DELETE FROM consents WHERE event = $1 AND buyer = $2 AND scope = $3 AND channel = $4",
            values![event_id.0, buyer.0, scope as u8, channel as u8],
        )
        .map(|_| ())
    }

    /// What a device agreed to at one event, oldest first.
    pub fn consents(
        &mut self,
        event_id: EventId,
        buyer: BuyerId,
    ) -> Result<Vec<(Consent, LogTime)>, PeopleError> {
        let rows = self.rows(
            "SELECT scope, channel, wording, at FROM consents WHERE event = $1 AND buyer = $2
             ORDER BY at, scope, channel",
            values![event_id.0, buyer.0],
        )?;
        rows.iter().map(|row| Ok((consent(row, 0)?, LogTime(row.id(3)?)))).collect()
    }

    /// What the person of a device agreed to at all events, on any of their devices, oldest first.
    pub fn follows(
        &mut self,
        buyer: BuyerId,
    ) -> Result<Vec<(EventId, BuyerId, Consent, LogTime)>, PeopleError> {
        let rows = self.rows(
            "SELECT k.scope, k.channel, k.wording, k.event, k.buyer, k.at FROM consents k
             WHERE k.buyer = $1 OR k.buyer IN (SELECT o.buyer FROM buyers o JOIN buyers b
                 ON o.person = b.person WHERE b.buyer = $1)
             ORDER BY k.at, k.event, k.scope, k.channel, k.buyer LIMIT $2",
            values![buyer.0, FOLLOWS_MAX],
        )?;
        let one = |row: &StoredRow| {
            let (event_id, buyer) = (EventId(row.id(3)?), BuyerId(row.id(4)?));
            Ok((event_id, buyer, consent(row, 0)?, LogTime(row.id(5)?)))
        };
        rows.iter().map(one).collect()
    }

    /// Seats somebody has got, or given up.
    pub fn gain(&mut self, gain: SeatGain) -> Result<(), PeopleError> {
        let SeatGain { event_id, buyer, category, section, seats } = gain;
        self.run(
            "INSERT INTO audience (event, buyer, who, category, section, seats)
             VALUES ($1, $2, 1, $3, $4, $5)
             ON CONFLICT (event, buyer, who, category, section)
             DO UPDATE SET seats = audience.seats + excluded.seats",
            values![event_id.0, buyer.0, category, section, seats],
        )
        .map(|_| ())
    }

    /// Somebody has a place in the line now, or has none any more.
    pub fn set_waiting(
        &mut self,
        event_id: EventId,
        buyer: BuyerId,
        is_waiting: bool,
    ) -> Result<(), PeopleError> {
        let sql = if is_waiting {
            "INSERT INTO audience (event, buyer, who, category, section, seats)
             VALUES ($1, $2, 2, 0, 0, 1)
             ON CONFLICT (event, buyer, who, category, section) DO NOTHING"
        } else {
            "DELETE FROM audience WHERE event = $1 AND buyer = $2 AND who = 2"
        };
        self.run(sql, values![event_id.0, buyer.0]).map(|_| ())
    }

    /// The line of an event is over.
    pub fn nobody_waits(&mut self, event_id: EventId) -> Result<(), PeopleError> {
        let sql = "DELETE FROM audience WHERE event = $1 AND who = 2";
        self.run(sql, values![event_id.0]).map(|_| ())
    }

    /// Queues an announcement for everybody of its audience, one message a person; how many. It is
    /// named after both, so that the same announcement of several events reaches a person once.
    pub fn queue_announcement(
        &mut self,
        announcement: AnnouncementId,
        event_id: EventId,
        spec: &AudienceSpec,
        now: LogTime,
    ) -> Result<u64, PeopleError> {
        let sql = format!(
            "INSERT INTO messages (message, occasion, event, announcement, buyer, variables, state,
                 due_at, tries, made_at)
             SELECT '{announcement}-' || p.one, 'announcement', $1, $2, p.buyer, '{{}}', 0, $3, 0,
                 $3
             FROM ({}) p WHERE 0 = 0 ON CONFLICT (message) DO NOTHING",
            persons(spec)
        );
        self.run(&sql, values![event_id.0, announcement.0, now.0])
    }

    /// Queues a message to the followers of an event, one a person; how many were new. `name` is
    /// that of this message, for whoever it goes to.
    pub fn queue_for_followers(
        &mut self,
        event_id: EventId,
        occasion: &str,
        name: &str,
        now: LogTime,
    ) -> Result<u64, PeopleError> {
        self.queue_for(AudienceWho::FOLLOWERS, event_id, occasion, name, now)
    }

    /// The same for any of the people of an event.
    pub fn queue_for(
        &mut self,
        who: AudienceWho,
        event_id: EventId,
        occasion: &str,
        name: &str,
        now: LogTime,
    ) -> Result<u64, PeopleError> {
        let sql = format!(
            "INSERT INTO messages (message, occasion, event, buyer, variables, state, due_at, tries,
                 made_at)
             SELECT CAST($3 AS TEXT) || '-' || p.one, $2, $1, p.buyer, '{{}}', 0, $4, 0, $4
             FROM ({}) p WHERE 0 = 0 ON CONFLICT (message) DO NOTHING",
            persons(&AudienceSpec::all(who))
        );
        self.run(&sql, values![event_id.0, occasion, name, now.0])
    }

    /// How many of an audience would be reached, and why the others would not.
    pub fn count_reach(
        &mut self,
        audience: ReachQuery<'_>,
    ) -> Result<Vec<ReachCount>, PeopleError> {
        let level = |channel: Channel| {
            let number = channel as u8;
            let contact = format!(
                "SELECT 1 FROM contacts c WHERE c.person = p.person AND c.channel = {number}
                 AND c.confirmed_at IS NOT NULL"
            );
            let open = "NOT EXISTS (SELECT 1 FROM suppressions s
                 WHERE s.channel = c.channel AND s.lookup = c.lookup)";
            let consent = format!(
                "SELECT 1 FROM consents k WHERE k.channel = {number} AND (k.buyer = p.buyer OR
                 k.buyer IN (SELECT y.buyer FROM buyers y WHERE y.person = p.person))
                 AND {COUNTING_OF_BUYER}"
            );
            format!(
                "CASE WHEN NOT EXISTS ({contact}) THEN 0 WHEN NOT EXISTS ({contact} AND {open}) THEN 1
                 WHEN NOT EXISTS ({consent}) THEN 2 ELSE 3 END"
            )
        };
        let asked = [Channel::Email, Channel::Sms, Channel::WebPush].map(level);
        let sql = format!(
            "SELECT email, sms, push, capped, COUNT(*) FROM (
                 SELECT CAST({} AS BIGINT) AS email, CAST({} AS BIGINT) AS sms,
                     CAST({} AS BIGINT) AS push,
                     CAST(CASE WHEN (SELECT COUNT(*) FROM messages m WHERE m.person = p.person
                         AND m.done_at >= $3 AND m.announcement IS NOT NULL AND m.verdict = 'sent'
                         AND m.channel <> 1) >= $2 THEN 1 ELSE 0 END AS BIGINT) AS capped
                 FROM ({}) p) levels GROUP BY email, sms, push, capped",
            asked[0],
            asked[1],
            asked[2],
            persons(audience.spec)
        );
        let (cap, since) = (audience.cap, audience.since);
        let rows = self.rows(&sql, values![audience.event_id.0, cap, since.0])?;
        let mut counts: Vec<ReachCount> = Vec::new();
        for row in &rows {
            let levels = [3, row.int(0)?, row.int(1)?, row.int(2)?];
            let found = reached(audience.channels, levels, row.int(3)? > 0, row.id(4)?);
            add(&mut counts, found);
        }
        counts.sort_unstable();
        Ok(counts)
    }

    /// How the person of a device can be reached about an event.
    pub fn reach(&mut self, buyer: BuyerId, event_id: EventId) -> Result<Reach, PeopleError> {
        let view = self.row(
            "SELECT p.person, p.sealing_key, p.language, p.time_zone FROM persons p
             JOIN buyers b ON b.person = p.person WHERE b.buyer = $1",
            values![buyer.0],
        )?;
        let Some(view) = view else {
            let (language, time_zone) = ("en".to_owned(), String::new());
            return Ok(Reach { person: None, language, time_zone, contacts: Vec::new() });
        };
        let person = PersonId(view.id(0)?);
        let key = self.master.key(person, &view.bytes(1)?)?;
        let sql = format!(
            "SELECT c.contact, c.channel, c.address, c.lookup,
                 (SELECT MIN(s.at) FROM suppressions s
                     WHERE s.channel = c.channel AND s.lookup = c.lookup),
                 (SELECT MIN(k.scope) FROM consents k WHERE k.channel = c.channel
                     AND k.buyer IN (SELECT y.buyer FROM buyers y WHERE y.person = c.person)
                     AND {COUNTING_OF_BUYER})
             FROM contacts c WHERE c.person = $2 AND c.confirmed_at IS NOT NULL
             ORDER BY c.confirmed_at, c.contact"
        );
        let rows = self.rows(&sql, values![event_id.0, person.0])?;
        let contact = |row: &StoredRow| {
            let text = key.open(person, "address", &row.bytes(2)?)?;
            let scope = row.int_or_none(5)?.and_then(|scope| u8::try_from(scope).ok());
            Ok(ReachedContact {
                contact: ContactId(row.id(0)?),
                address: Address::stored(row.channel(1)?, text),
                lookup: row.bytes(3)?,
                is_suppressed: row.int_or_none(4)?.is_some(),
                consent: scope.and_then(ConsentScope::from_number),
            })
        };
        let contacts = rows.iter().map(contact).collect::<Result<_, PeopleError>>()?;
        Ok(Reach {
            person: Some(person),
            language: view.text(2)?,
            time_zone: view.text(3)?,
            contacts,
        })
    }
}

/// One row a person of the audience of the event `$1`: what names them, the first of their
/// pseudonyms, and the person if it is known. The sections are numbers of ours.
pub(crate) fn persons(spec: &AudienceSpec) -> String {
    let mut kinds = Vec::new();
    if spec.who.has(AudienceWho::HOLDERS) {
        let mut sql = "SELECT a.buyer FROM audience a
             WHERE a.event = $1 AND a.who = 1 AND a.seats > 0"
            .to_owned();
        if spec.categories.0 != u64::MAX {
            let set = spec.categories.0.cast_signed();
            // The name of nothing: 64 bits as a signed number, shifted to the category's own.
            let _ = write!(sql, " AND ((({set}) >> CAST(a.category AS INTEGER)) & 1) = 1");
        }
        if !spec.sections.is_empty() {
            let list: Vec<_> = spec.sections.iter().map(ToString::to_string).collect();
            let _ = write!(sql, " AND a.section IN ({})", list.join(", "));
        }
        kinds.push(sql);
    }
    if spec.who.has(AudienceWho::WAITERS) {
        let sql = "SELECT a.buyer FROM audience a WHERE a.event = $1 AND a.who = 2";
        kinds.push(sql.to_owned());
    }
    if spec.who.has(AudienceWho::FOLLOWERS) {
        kinds.push(format!("SELECT k.buyer FROM consents k WHERE {COUNTING}"));
    }
    format!(
        "SELECT COALESCE('p' || b.person, 'b' || t.buyer) AS one, MIN(t.buyer) AS buyer,
             MIN(b.person) AS person
         FROM ({}) t LEFT JOIN buyers b ON b.buyer = t.buyer
         GROUP BY COALESCE('p' || b.person, 'b' || t.buyer)",
        kinds.join(" UNION ")
    )
}

/// On which channel somebody is reached; by channel: 0 they have no address, 1 none that may be
/// written to, 2 no consent, 3 nothing is in the way.
fn reached(channels: &[Channel], levels: [i64; 4], is_capped: bool, count: u64) -> ReachCount {
    let level = |channel: &Channel| levels[*channel as usize - 1];
    match channels.iter().find(|channel| level(channel) == 3) {
        Some(Channel::Page) => ReachCount::On(Channel::Page, count),
        Some(_) if is_capped => ReachCount::Not(Verdict::Capped, count),
        Some(channel) => ReachCount::On(*channel, count),
        None => {
            let verdict = match channels.iter().map(level).max() {
                Some(2) => Verdict::NoConsent,
                Some(1) => Verdict::Suppressed,
                _ => Verdict::NoAddress,
            };
            ReachCount::Not(verdict, count)
        }
    }
}

fn add(counts: &mut Vec<ReachCount>, found: ReachCount) {
    for known in counts.iter_mut() {
        match (known, found) {
            (ReachCount::On(channel, total), ReachCount::On(other, count)) if *channel == other => {
                *total += count;
                return;
            }
            (ReachCount::Not(verdict, total), ReachCount::Not(other, count))
                if *verdict == other =>
            {
                *total += count;
                return;
            }
            _ => {}
        }
    }
    counts.push(found);
}

pub(crate) fn consent(row: &StoredRow, first: usize) -> Result<Consent, PeopleError> {
    let byte = |column| row.int(column).map(|number| u8::try_from(number).unwrap_or(0));
    let scope = ConsentScope::from_number(byte(first)?);
    let channel = Channel::from_number(byte(first + 1)?);
    let wording = u16::try_from(row.int(first + 2)?).ok();
    match (scope, channel, wording) {
        (Some(scope), Some(channel), Some(wording)) => Ok(Consent { scope, channel, wording }),
        _ => Err(PeopleError::Damaged("a consent says nothing known".to_owned())),
    }
}
