//! The store as a whole, on SQLite; on PostgreSQL too where `FLOODGATE_TEST_POSTGRES` names a
//! server.

use std::sync::atomic::{AtomicU32, Ordering};

use floodgate_domain::{
    AnnouncementId, AudienceSpec, AudienceWho, BuyerId, CategorySet, Channel, Consent,
    ConsentScope, EventId, LogTime,
};
use floodgate_event_log::{Checkpoint, Topic};

use super::*;

mod code_tests;
mod cost_tests;
mod failure_tests;
mod market_tests;
mod sign_in_tests;
mod webhook_tests;

const ROOT: [u8; 32] = [9; 32];
const EVENT: EventId = EventId(u64::MAX - 3);
const HOUR: u64 = 3_600_000;

/// A store of a test's own, and what has to stay until it is over.
pub(crate) struct Fresh {
    pub(crate) people: People,
    pub(crate) folder: tempfile::TempDir,
}

/// Runs a test on each kind of store.
pub(crate) fn on_each(test: impl Fn(&Fresh)) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let people = People::new(PeopleLocation::File(folder.path().join("people.db")), &ROOT);
    test(&Fresh { people, folder });
    let Ok(server) = std::env::var("FLOODGATE_TEST_POSTGRES") else { return };
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("people_{}_{number}", std::process::id());
    let mut client = ::postgres::Client::connect(&server, ::postgres::NoTls).expect("a server");
    client.batch_execute(&format!("CREATE DATABASE {name}")).expect("a database");
    let config = format!("{server} dbname={name}");
    let folder = tempfile::tempdir().expect("a temporary folder");
    test(&Fresh { people: People::new(PeopleLocation::Postgres(config), &ROOT), folder });
    client.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).expect("it goes");
}

impl Fresh {
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Work<'_>) -> Result<T, PeopleError>) -> T {
        self.people.with(work).expect("the store is there")
    }

    /// Leaves an address on a device and opens the link that comes.
    pub(crate) fn confirm(&self, buyer: u64, text: &str, at: u64) -> floodgate_domain::ContactId {
        let asked = self.with(|work| work.ask(&new_contact(buyer, text), LogTime(at)));
        let AskOutcome::Unconfirmed(contact) = asked else { panic!("{asked:?}") };
        let by = Some(BuyerId(buyer));
        let now = LogTime(at + 1);
        let confirmed = self.with(|work| work.confirm(contact, LogTime(at), by, now));
        assert!(matches!(confirmed, Confirmed::Now { .. }), "{confirmed:?}");
        self.with(|work| work.wants_are_recorded(contact));
        contact
    }

    /// Sends everything that is due.
    pub(crate) fn send_all(&self, now: u64) {
        for due in self.due(now) {
            let now = LogTime(now);
            self.with(|work| work.finish(&due.message, Verdict::Sent, &Via::default(), now));
        }
    }

    /// Everything that is due.
    pub(crate) fn due(&self, now: u64) -> Vec<DueMessage> {
        self.with(|work| work.claim(LogTime(now), LogTime(now + HOUR), 1_000))
    }
}

pub(crate) fn new_contact(buyer: u64, text: &str) -> NewContact {
    let channel = if text.starts_with('+') { Channel::Sms } else { Channel::Email };
    let want = Want { event_id: EVENT, scope: ConsentScope::Event, wording: 3 };
    NewContact {
        buyer: BuyerId(buyer),
        address: Address::parse(channel, text).expect("an address"),
        language: "de".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        wants: vec![want],
        label: "Firefox on Linux".to_owned(),
    }
}

fn agrees(scope: ConsentScope, channel: Channel) -> Consent {
    Consent { scope, channel, wording: 1 }
}

#[test]
fn an_address_is_confirmed_once_by_the_link_that_is_sent_there() {
    on_each(|fresh| {
        let (buyer, at) = (BuyerId(1), LogTime(10 * HOUR));
        let asked = fresh.with(|work| work.ask(&new_contact(1, "Ada@example.org"), at));
        let AskOutcome::Unconfirmed(contact) = asked else { panic!("{asked:?}") };
        let due = fresh.due(at.0);
        assert_eq!(due.len(), 1);
        let token = due[0].variables["token"].as_str().unwrap_or_default();
        let link = Link::Confirm { contact, asked_at: at };
        assert_eq!(fresh.people.link(token), Some(link));
        assert_eq!(due[0].contact, Some(contact));
        let unknown = fresh.with(|work| work.confirm(contact, at, None, LogTime(at.0 + 49 * HOUR)));
        assert_eq!(unknown, Confirmed::Unknown, "it is too old");

        let confirm = || fresh.with(|work| work.confirm(contact, at, Some(buyer), at));
        let want = Want { event_id: EVENT, scope: ConsentScope::Event, wording: 3 };
        let channel = Channel::Email;
        let now = Confirmed::Now { contact, buyer, channel, wants: vec![want] };
        assert_eq!(confirm(), now);
        assert_eq!(confirm(), now, "until what was wanted is recorded");
        fresh.with(|work| work.wants_are_recorded(contact));
        assert_eq!(confirm(), Confirmed::Spent);
        let asked = fresh.with(|work| work.ask(&new_contact(1, "ada@EXAMPLE.org"), at));
        assert_eq!(asked, AskOutcome::Confirmed(contact), "the same mailbox");

        let view = fresh.with(|work| work.person_view(buyer)).expect("a person");
        assert_eq!(view.contacts[0].address.expose(), "Ada@example.org");
        assert_eq!((view.language.as_str(), view.time_zone.as_str()), ("de", "Europe/Berlin"));
        assert!(fresh.with(|work| work.remove_contact(BuyerId(2), contact)).eq(&false));
        assert!(fresh.with(|work| work.remove_contact(buyer, contact)));
        let gone = fresh.with(|work| work.confirm(contact, at, None, at));
        assert_eq!(gone, Confirmed::Unknown);
    });
}

#[test]
fn nobody_is_flooded_with_links() {
    on_each(|fresh| {
        for minute in 0..20 {
            let at = LogTime(10 * HOUR + minute * 60_000);
            fresh.with(|work| work.ask(&new_contact(minute, "ada@example.org"), at));
        }
        assert_eq!(fresh.due(11 * HOUR).len(), 3, "whoever asks");
        for number in 0..10 {
            let text = format!("a{number}@example.org");
            fresh.with(|work| work.ask(&new_contact(99, &text), LogTime(0)));
        }
        let asked = fresh.with(|work| work.ask(&new_contact(99, "b@example.org"), LogTime(0)));
        assert_eq!(asked, AskOutcome::TooMany);
    });
}

#[test]
fn a_link_signs_in_once_and_brings_along_what_the_device_had() {
    on_each(|fresh| {
        fresh.confirm(1, "ada@example.org", 0);
        fresh.confirm(2, "ada.work@example.org", 5);
        fresh.send_all(HOUR);
        let address = |text| Address::parse(Channel::Email, text).expect("an address");
        let ask = |text, at| fresh.with(|work| work.ask_sign_in(&address(text), LogTime(at)));
        assert!(!ask("nobody@example.org", HOUR));
        assert!(ask("Ada@example.org", HOUR));
        let due = fresh.due(HOUR);
        let token = due[0].variables["token"].as_str().unwrap_or_default();
        let Some(Link::SignIn { link }) = fresh.people.link(token) else { panic!("{token}") };
        fresh.with(|work| {
            work.finish(&due[0].message, Verdict::Sent, &Via::default(), LogTime(HOUR))
        });
        let now = LogTime(HOUR + 1);
        let open = |buyer| fresh.with(|work| work.sign_in(link, BuyerId(buyer), "a phone", now));
        let SignedIn::In(person) = open(2) else { panic!("the link is good") };
        assert_eq!(open(3), SignedIn::Spent, "a stolen link works once");
        let devices = fresh.with(|work| work.buyers_like(BuyerId(2)));
        assert_eq!(devices, [BuyerId(2), BuyerId(1)]);
        let all = fresh.with(|work| work.devices_of_all(10));
        assert_eq!(all, [vec![BuyerId(1), BuyerId(2)]]);
        let view = fresh.with(|work| work.person_view(BuyerId(1))).expect("a person");
        let texts: Vec<_> = view.contacts.iter().map(|one| one.address.expose()).collect();
        assert_eq!(texts, ["ada@example.org", "ada.work@example.org"], "sealed anew");
        assert!(fresh.with(|work| work.remove_device(person, BuyerId(1))));
        assert_eq!(fresh.with(|work| work.buyers_like(BuyerId(1))), [BuyerId(1)]);
        let late = fresh.with(|work| work.sign_in(77, BuyerId(4), "", now));
        assert_eq!(late, SignedIn::Unknown);
        assert!(ask("ada@example.org", 2 * HOUR));
        let due = fresh.due(2 * HOUR);
        let token = due[0].variables["token"].as_str().unwrap_or_default();
        let Some(Link::SignIn { link }) = fresh.people.link(token) else { panic!("{due:?}") };
        let late = LogTime(2 * HOUR + 16 * 60_000);
        assert_eq!(fresh.with(|work| work.sign_in(link, BuyerId(4), "", late)), SignedIn::Spent);
    });
}

#[test]
fn an_address_confirmed_on_a_device_that_did_not_ask_signs_nobody_in() {
    on_each(|fresh| {
        let asked = fresh.with(|work| work.ask(&new_contact(1, "ada@example.org"), LogTime(0)));
        let AskOutcome::Unconfirmed(contact) = asked else { panic!("{asked:?}") };
        fresh.with(|work| work.confirm(contact, LogTime(0), Some(BuyerId(2)), LogTime(1)));
        let address = Address::parse(Channel::Email, "ada@example.org").expect("an address");
        assert!(!fresh.with(|work| work.ask_sign_in(&address, LogTime(2))));
    });
}

/// Holders 1 to 3, a waiter 4, followers 1 and 5 of the event, 6 of its artist by another event. 1
/// and 7 are devices of one person; 1, 2 and 5 have addresses, that of 2 suppressed; 3 has none.
fn crowd(fresh: &Fresh) {
    let other = EventId(8);
    fresh.confirm(1, "one@example.org", 0);
    fresh.confirm(2, "two@example.org", 0);
    fresh.confirm(5, "five@example.org", 0);
    fresh.confirm(6, "six@example.org", 0);
    fresh.send_all(HOUR);
    fresh.with(|work| {
        work.set_artist(EVENT, "The Examples")?;
        work.set_artist(other, "the examples")?;
        let gain = |buyer, category, section, seats| SeatGain {
            event_id: EVENT,
            buyer: BuyerId(buyer),
            category,
            section,
            seats,
        };
        work.gain(gain(1, 0, 10, 2))?;
        work.gain(gain(2, 63, 11, 1))?;
        work.gain(gain(3, 1, 10, 1))?;
        work.gain(gain(9, 0, 10, 1))?;
        work.gain(gain(9, 0, 10, -1))?;
        work.set_waiting(EVENT, BuyerId(4), true)?;
        let (event, email) = (ConsentScope::Event, Channel::Email);
        for buyer in [1, 2, 5] {
            work.consent_given(EVENT, BuyerId(buyer), agrees(event, email), LogTime(0))?;
        }
        work.consent_withdrawn(EVENT, BuyerId(2), event, email)?;
        let artist = agrees(ConsentScope::Artist, email);
        work.consent_given(other, BuyerId(6), artist, LogTime(0))?;
        work.consent_given(other, BuyerId(7), agrees(event, email), LogTime(0))?;
        let two = Address::parse(email, "two@example.org").expect("an address");
        let lookup = work.master.lookup(email, &two.lookup_text());
        work.suppress(email, &lookup, "bounced", LogTime(0))?;
        let person = work.person_of(BuyerId(1))?.expect("a person").0;
        let sql = "INSERT INTO buyers (buyer, person, label, since) VALUES (7, $1, '', 0)";
        work.run(sql, &[person.into()])?;
        work.gain(gain(7, 0, 10, 1))
    });
}

fn spec(who: AudienceWho) -> AudienceSpec {
    AudienceSpec::all(who)
}

#[test]
fn a_preview_says_who_is_reached_and_why_others_are_not() {
    on_each(|fresh| {
        crowd(fresh);
        let count = |spec: &AudienceSpec, channels: &[Channel]| {
            let (event_id, cap, since) = (EVENT, 3, LogTime(0));
            let audience = ReachQuery { event_id, spec, channels, cap, since };
            fresh.with(|work| work.count_reach(audience))
        };
        let (on, not) = (ReachCount::On, ReachCount::Not);
        let (email, page) = (Channel::Email, Channel::Page);
        let everybody =
            AudienceWho::HOLDERS.with(AudienceWho::WAITERS).with(AudienceWho::FOLLOWERS);
        assert_eq!(
            count(&spec(everybody), &[email]),
            // 1 with 7, 5 and 6; 2 has nothing that may be written to; 3 and 4 have nothing.
            [on(email, 3), not(Verdict::Suppressed, 1), not(Verdict::NoAddress, 2)]
        );
        assert_eq!(count(&spec(everybody), &[email, page]), [on(page, 3), on(email, 3)]);
        let holders = spec(AudienceWho::HOLDERS);
        assert_eq!(count(&holders, &[page]), [on(page, 3)], "one a person");
        let best = AudienceSpec { categories: CategorySet::only(63), ..holders.clone() };
        assert_eq!(count(&best, &[page]), [on(page, 1)]);
        let block = AudienceSpec { sections: vec![10], ..holders };
        assert_eq!(count(&block, &[page]), [on(page, 2)]);
        assert_eq!(count(&spec(AudienceWho::WAITERS), &[page]), [on(page, 1)]);
        assert_eq!(count(&spec(AudienceWho::FOLLOWERS), &[email]), [on(email, 3)]);
        fresh.with(|work| work.consent_withdrawn(EVENT, BuyerId(1), ConsentScope::Event, email));
        let holders = spec(AudienceWho::HOLDERS);
        let expected =
            [not(Verdict::Suppressed, 1), not(Verdict::NoConsent, 1), not(Verdict::NoAddress, 1)];
        assert_eq!(count(&holders, &[email]), expected);
    });
}

#[test]
fn an_announcement_is_one_message_a_person_however_often_it_is_queued() {
    on_each(|fresh| {
        crowd(fresh);
        let (id, holders) = (AnnouncementId(4), spec(AudienceWho::HOLDERS));
        let queue = |event_id, at| {
            fresh.with(|work| work.queue_announcement(id, event_id, &holders, LogTime(at)))
        };
        assert_eq!(queue(EVENT, HOUR), 3);
        assert_eq!(queue(EVENT, HOUR), 0, "again");
        let due = fresh.due(HOUR);
        assert_eq!(due.len(), 3);
        assert!(due.iter().all(|one| one.announcement == Some(id) && one.event_id == Some(EVENT)));
        assert!(fresh.due(HOUR).is_empty(), "they are taken");
        assert_eq!(fresh.due(2 * HOUR).len(), 3, "nothing was heard of them");

        let [first, second, third] = due.as_slice() else { panic!("three") };
        let via = Via {
            channel: Some(Channel::Email),
            lookup: Some(vec![1; 32]),
            reference: Some("<1@x>".to_owned()),
            ..Via::default()
        };
        let now = LogTime(2 * HOUR);
        fresh.with(|work| work.finish(&first.message, Verdict::Sent, &via, now));
        assert!(fresh.with(|work| work.has_had(id, &[1; 32])));
        let quiet = LogTime(9 * HOUR);
        fresh.with(|work| work.postpone(&second.message, quiet, Some(Verdict::Quiet)));
        let report = || fresh.with(|work| work.report(EVENT, id));
        let sent = (Verdict::Sent, Some(Channel::Email), 1);
        let expected = Report { done: vec![sent], due: 1, quiet: 1, paused: 0 };
        assert_eq!(report(), expected);
        fresh.with(|work| work.pause(id));
        assert_eq!(report().paused, 1, "what is due; what was taken may go");
        fresh.with(|work| work.postpone(&third.message, quiet, None));
        fresh.with(|work| work.resume(id));
        fresh.with(|work| work.stop(id, now));
        let stopped = (Verdict::Stopped, None, 2);
        assert_eq!(report(), Report { done: vec![sent, stopped], ..Report::default() });
        assert!(fresh.with(|work| work.came_back("<1@x>", Some("no such user"), now)));
        assert!(!fresh.with(|work| work.came_back("<2@x>", None, now)));
        let verdicts = fresh.with(|work| work.verdicts(EVENT, id, None, "", 2));
        assert_eq!(verdicts.len(), 2);
        let last = &verdicts[1].message;
        assert_eq!(fresh.with(|work| work.verdicts(EVENT, id, None, last, 2)).len(), 1);
        let only = Some(Verdict::Bounced);
        assert_eq!(fresh.with(|work| work.verdicts(EVENT, id, only, "", 9)).len(), 1);
    });
}

#[test]
fn what_is_shown_on_the_page_is_there_until_it_is_read() {
    on_each(|fresh| {
        let (buyer, at) = (BuyerId(3), LogTime(5));
        let new = NewMessage {
            message: "one".to_owned(),
            occasion: "your_turn".to_owned(),
            event_id: Some(EVENT),
            announcement: None,
            buyer,
            variables: serde_json::json!({}),
            due_at: at,
            made_at: at,
        };
        assert!(fresh.with(|work| work.queue(&new)));
        assert!(!fresh.with(|work| work.queue(&new)));
        let shown = serde_json::json!({ "subject": "It is your turn", "text": "Come in" });
        fresh.with(|work| work.show("one", &shown, at));
        let inbox = || fresh.with(|work| work.inbox(buyer));
        assert_eq!((inbox()[0].shown.clone(), inbox()[0].is_read), (shown, false));
        fresh.with(|work| work.mark_read(buyer, at, LogTime(6)));
        assert!(inbox()[0].is_read);
        assert!(fresh.with(|work| work.inbox(BuyerId(4))).is_empty());
    });
}

#[test]
fn a_position_moves_with_what_was_written_and_only_from_where_it_is() {
    on_each(|fresh| {
        let start = Checkpoint::default();
        let behind = Checkpoint { next: 7, mark: "5-0000000a".parse().ok() };
        let moves =
            |from, to| fresh.people.with(|work| work.move_checkpoint(Topic::Ledger, 3, (from, to)));
        let failed: Result<(), _> = fresh.people.with(|work| {
            work.move_checkpoint(Topic::Ledger, 3, (start, behind))?;
            Err(PeopleError::Damaged("half way".to_owned()))
        });
        assert!(failed.is_err());
        let at = |partition| fresh.with(|work| work.checkpoint(Topic::Ledger, partition));
        assert_eq!(at(3), start);
        assert_eq!(moves(start, behind), Ok(()));
        assert_eq!((at(3), at(2)), (behind, start));
        let beyond = Checkpoint { next: 9, mark: None };
        assert!(moves(start, beyond).is_err(), "somebody else was there");
        assert_eq!(moves(behind, beyond), Ok(()));
        assert_eq!(at(3), beyond);
    });
}

#[test]
fn a_forgotten_person_is_nowhere_any_more() {
    on_each(|fresh| {
        crowd(fresh);
        let (id, holders) = (AnnouncementId(4), spec(AudienceWho::HOLDERS));
        fresh.with(|work| work.queue_announcement(id, EVENT, &holders, LogTime(HOUR)));
        let address = Address::parse(Channel::Email, "one@example.org").expect("an address");
        let persons = fresh.with(|work| work.persons_at(&address));
        let [person] = persons.as_slice() else { panic!("{persons:?}") };
        let consents = fresh.with(|work| work.consents_of(*person));
        assert_eq!(consents.len(), 2, "of both devices");
        let stored = fresh
            .with(|work| work.rows("SELECT sealing_key FROM persons", &[]))
            .iter()
            .map(|row| row.bytes(0).expect("a key"))
            .collect::<Vec<_>>();
        let forgotten = fresh.with(|work| work.forget(*person));
        assert_eq!((forgotten.contacts, forgotten.devices), (1, 2));
        fresh.people.purge().expect("nobody else reads");
        assert!(fresh.with(|work| work.persons_at(&address)).is_empty());
        assert_eq!(fresh.with(|work| work.person_of(BuyerId(7))), None);
        assert!(fresh.with(|work| work.consents_of(*person)).is_empty());
        let others = fresh.with(|work| work.rows("SELECT sealing_key FROM persons", &[]));
        let others: Vec<_> = others.iter().map(|row| row.bytes(0).expect("a key")).collect();
        let gone: Vec<_> = stored.iter().filter(|key| !others.contains(key)).collect();
        assert_eq!(gone.len(), 1);
        // Not in a file either, free pages included, nor is any address in the clear.
        for file in std::fs::read_dir(fresh.folder.path()).expect("a folder") {
            let path = file.expect("a file").path();
            let bytes = std::fs::read(&path).expect("readable");
            let has = |wanted: &[u8]| bytes.windows(wanted.len()).any(|part| part == wanted);
            assert!(!has(gone[0]), "{}", path.display());
            assert!(!has(b"example.org"), "{}", path.display());
        }
    });
}

#[test]
fn a_message_that_is_tried_out_leaves_no_address_behind() {
    on_each(|fresh| {
        let address = Address::parse(Channel::Email, "me@example.org").expect("an address");
        let variables = serde_json::json!({ "language": "en" });
        let now = LogTime(HOUR);
        fresh.with(|work| work.queue_test("test-1", EVENT, &address, variables, now));
        let due = fresh.due(HOUR);
        assert_eq!(due[0].occasion, TEST);
        assert!(!due[0].variables.to_string().contains("example.org"));
        assert_eq!(fresh.with(|work| work.test_address(&due[0])), address);
        fresh.with(|work| work.finish("test-1", Verdict::Sent, &Via::default(), now));
        let rows = fresh.with(|work| work.rows("SELECT variables FROM messages", &[]));
        assert_eq!(rows[0].text(0).expect("a text"), "{}");
    });
}

#[test]
fn looking_whether_a_store_is_there_makes_none() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("people.db");
    let location = PeopleLocation::File(path.clone());
    assert_eq!((location.answers(), path.exists()), (Ok(()), false));
    std::fs::write(&path, "no database, and long enough to be taken for one".repeat(40))
        .expect("a file");
    assert!(location.answers().is_err());
    assert!(PeopleLocation::Postgres("host=127.0.0.1 port=1".to_owned()).answers().is_err());
}
