//! What is done for each message costs the same however many people and messages there are: counted in
//! steps of SQLite's machine, so that a busy computer changes nothing.

use floodgate_domain::{
    AnnouncementId, AudienceSpec, AudienceWho, BuyerId, Channel, Consent, ConsentScope, EventId,
    LogTime,
};

use crate::sqlite::STEPS;
use crate::*;

const EVENT: EventId = EventId(7);
const ANNOUNCEMENT: AnnouncementId = AnnouncementId(1);
const NOON: LogTime = LogTime(1_795_604_400_000);

fn contact(buyer: u64) -> NewContact {
    NewContact {
        buyer: BuyerId(buyer),
        address: Address::parse(Channel::Email, &format!("p{buyer}@example.org"))
            .expect("an address"),
        language: "en".to_owned(),
        time_zone: String::new(),
        wants: Vec::new(),
        label: String::new(),
    }
}

/// A store with so many followers, of whom half have been sent an announcement.
fn store(count: u64) -> (People, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = PeopleLocation::File(folder.path().join("people.db"));
    let people = People::new(place, &[9; 32]);
    let consent = Consent { scope: ConsentScope::Event, channel: Channel::Email, wording: 1 };
    let filled = people.with(|work| {
        for buyer in 1..=count {
            let asked = work.ask(&contact(buyer), LogTime(buyer))?;
            let AskOutcome::Unconfirmed(id) = asked else { panic!("{asked:?}") };
            work.confirm(id, LogTime(buyer), Some(BuyerId(buyer)), LogTime(buyer))?;
            work.consent_given(EVENT, BuyerId(buyer), consent, LogTime(buyer))?;
        }
        work.queue_announcement(
            ANNOUNCEMENT,
            EVENT,
            &AudienceSpec::all(AudienceWho::FOLLOWERS),
            NOON,
        )?;
        for due in work.claim(NOON, NOON.plus(60_000), u32::try_from(count).expect("few"))? {
            let reference = Some(format!("ref-{}", due.message));
            let lookup = Some(due.message.clone().into_bytes());
            let via = Via { lookup, reference, channel: Some(Channel::Email), ..Via::default() };
            work.finish(&due.message, Verdict::Sent, &via, NOON)?;
        }
        Ok(())
    });
    filled.expect("the store is there");
    (people, folder)
}

/// The steps of each thing that is done for a message.
fn steps(count: u64) -> Vec<(&'static str, i64)> {
    type Step = Box<dyn Fn(&mut Work<'_>) -> Result<(), PeopleError>>;
    let (people, _folder) = store(count);
    let all: Vec<(&'static str, Step)> = vec![
        ("reach", Box::new(|work| work.reach(BuyerId(5), EVENT).map(drop))),
        ("has_had", Box::new(|work| work.has_had(ANNOUNCEMENT, b"nobody").map(drop))),
        ("ask", Box::new(|work| work.ask(&contact(9_999), NOON).map(drop))),
        ("claim", Box::new(|work| work.claim(NOON, NOON.plus(1), 16).map(drop))),
        ("next_due", Box::new(|work| work.next_due().map(drop))),
        ("came_back", Box::new(|work| work.came_back("nothing", None, NOON).map(drop))),
        ("person_view", Box::new(|work| work.person_view(BuyerId(5)).map(drop))),
        ("inbox", Box::new(|work| work.inbox(BuyerId(5)).map(drop))),
        (
            "announcements_since",
            Box::new(|work| {
                let person = work.person_of(BuyerId(5))?.expect("they left an address");
                work.announcements_since(person, LogTime(0)).map(drop)
            }),
        ),
    ];
    let cost = |(name, step): (&'static str, Step)| {
        STEPS.set(0);
        people.with(|work| step(work)).expect("the store is there");
        (name, STEPS.get())
    };
    all.into_iter().map(cost).collect()
}

#[test]
fn what_a_message_costs_does_not_grow_with_how_many_there_are() {
    for ((name, few), (_, many)) in steps(40).into_iter().zip(steps(800)) {
        assert!(many < 2 * few + 100, "{name}: {few} steps of 40 people, {many} of 800");
    }
}
