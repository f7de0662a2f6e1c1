//! From facts to messages that have arrived: each once, to whoever agreed, and a reason for all
//! others.
#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use floodgate_domain::fact::{SeatsKept, SetBy};
use floodgate_domain::plan::{Category, Labels, Plan, Row, Run, Section, Shape};
use floodgate_domain::wire::encode_fact;
use floodgate_domain::{
    Announcement, AnnouncementId, AnnouncementStep, AudienceSpec, AudienceWho, AuthorisedPayment,
    BuyerId, Channel, Consent, ConsentScope, Currency, EventDetails, EventId, Fact, FactPosition,
    FactRecord, Frontier, HoldId, LogTime, NewEvent, PaymentReference, Place as QueuePlace,
    PriceTable, SeatList, StaffId,
};
use floodgate_event_log::{Log, NewRecord, Topic};
use floodgate_people::{
    Address, AskOutcome, Confirmed, NewContact, People, PeopleError, PeopleLocation, Verdict, Want,
    Work,
};
use floodgate_testkit::MemoryLog;
use floodgate_transport::Reading;

use crate::counter::PeopleCounter;
use crate::courier::{Courier, Delivery, Outgoing};
use crate::deliver::{DeliveryShare, DeliveryWorker};
use crate::feed::{LedgerFeed, following};
use crate::quiet::QuietHours;
use crate::templates::Templates;
use crate::words::Words;

const EVENT: EventId = EventId(77);
const HOUR: u64 = 3_600_000;
/// Noon in Berlin, on a Wednesday.
const NOON: u64 = 1_795_604_400_000;

/// A mail server that answers what it is given, and keeps what it took.
#[derive(Debug, Clone, Default)]
struct MailBox {
    taken: Arc<Mutex<Vec<Outgoing>>>,
    answers: Arc<Mutex<Vec<Delivery>>>,
    /// The process dies once this many have been taken, before it can say so.
    dies_after: Arc<Mutex<Option<usize>>>,
    /// Set with the first that is taken.
    stops: Arc<Mutex<Option<Arc<DeliveryShare>>>>,
}

impl Courier for MailBox {
    fn channel(&self) -> &'static str {
        "email"
    }

    fn deliver(&mut self, outgoing: &Outgoing) -> Delivery {
        if let Some(answer) = self.answers.lock().unwrap().pop() {
            return answer;
        }
        let mut taken = self.taken.lock().unwrap();
        taken.push(outgoing.clone());
        let dies = self.dies_after.lock().unwrap().take_if(|count| *count == taken.len());
        drop(taken);
        if let Some(share) = self.stops.lock().unwrap().take() {
            share.is_stopping.store(true, Ordering::Release);
        }
        assert!(dies.is_none(), "the process dies");
        Delivery::Sent { reference: format!("ref-{}", outgoing.message_id) }
    }
}

struct Scene {
    log: MemoryLog,
    people: People,
    feed: Reading<LedgerFeed>,
    mail: MailBox,
    shared: Arc<DeliveryShare>,
    offset: u64,
    now: u64,
    _folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let people = People::new(PeopleLocation::File(folder.path().join("people.db")), &[9; 32]);
        let (log, words) = (MemoryLog::new(4), Arc::new(Words::default()));
        let feed = reading(&log, &people, &words);
        let shared = shared(&people, &words);
        let mail = MailBox::default();
        let (offset, now) = (0, NOON);
        let mut scene = Scene { log, people, feed, mail, shared, offset, now, _folder: folder };
        scene.say(Fact::EventCreated(Box::new(new_event())));
        scene
    }

    /// Publishes a fact, and lets the feed take it.
    fn say(&mut self, fact: Fact) {
        self.publish(fact);
        self.follow();
    }

    fn publish(&mut self, fact: Fact) {
        self.offset += 1;
        let position = FactPosition { offset: self.offset, index: 0 };
        let record = FactRecord { position, at: LogTime(self.now), event_id: EVENT, fact };
        let mut value = Vec::new();
        encode_fact(&record, &mut value);
        let record = NewRecord::new(EVENT.to_string(), value);
        self.log.append(Topic::Ledger, 0, vec![record]).wait().unwrap();
    }

    fn follow(&mut self) {
        while self.feed.turn(LogTime(self.now), Duration::ZERO).unwrap().behind > 0 {}
    }

    /// Another process takes over, with the same store and the same log.
    fn restart(&mut self) {
        let words = Arc::new(Words::default());
        self.feed = reading(&self.log, &self.people, &words);
        self.shared = shared(&self.people, &words);
        self.follow();
    }

    fn worker(&self) -> DeliveryWorker {
        DeliveryWorker::new(Arc::clone(&self.shared), vec![Box::new(self.mail.clone())])
    }

    /// Delivers until nothing is due.
    fn deliver(&self) {
        let mut worker = self.worker();
        while worker.turn(|| LogTime(self.now)).unwrap() > 0 {}
    }

    fn with<T>(&self, work: impl FnOnce(&mut Work<'_>) -> Result<T, PeopleError>) -> T {
        self.people.with(work).unwrap()
    }

    /// Somebody leaves an address on a device and confirms it.
    fn contact(&self, buyer: u64, address: &str) {
        let want = Want { event_id: EVENT, scope: ConsentScope::Event, wording: 1 };
        let new = NewContact {
            buyer: BuyerId(buyer),
            address: Address::parse(Channel::Email, address).unwrap(),
            language: "de".into(),
            time_zone: "Europe/Berlin".into(),
            wants: vec![want],
            label: "Firefox".into(),
        };
        let asked_at = LogTime(self.now);
        let asked = self.with(|work| work.ask(&new, asked_at));
        let AskOutcome::Unconfirmed(contact) = asked else { panic!("{asked:?}") };
        let by = Some(BuyerId(buyer));
        let confirmed = self.with(|work| work.confirm(contact, asked_at, by, asked_at));
        assert!(matches!(confirmed, Confirmed::Now { .. }));
        self.with(|work| work.wants_are_recorded(contact));
        self.deliver();
        self.mail.taken.lock().unwrap().clear();
    }

    fn consents(&mut self, buyer: u64) {
        let consent = Consent { scope: ConsentScope::Event, channel: Channel::Email, wording: 1 };
        self.say(Fact::ConsentGiven { buyer: BuyerId(buyer), consent });
    }

    /// Makes an announcement and lets it go out.
    fn announce(&mut self, id: u64, who: AudienceWho) {
        let announcement = Box::new(announcement(id, who));
        self.say(Fact::AnnouncementMade { announcement, needs_approval: false, by: StaffId(1) });
        self.say(Fact::AnnouncementStarted { id: AnnouncementId(id) });
    }

    /// How many of an announcement came to which verdict.
    fn verdicts(&self, id: u64) -> Vec<(Verdict, u64)> {
        let report = self.with(|work| work.report(EVENT, AnnouncementId(id)));
        report.done.into_iter().map(|(verdict, _, count)| (verdict, count)).collect()
    }

    /// The addresses that got mail since this was last asked, in order of their names.
    fn arrived(&self) -> Vec<String> {
        let taken = std::mem::take(&mut *self.mail.taken.lock().unwrap());
        let mut to: Vec<String> = taken.into_iter().map(|mail| mail.address).collect();
        to.sort();
        to
    }
}

fn shared(people: &People, words: &Arc<Words>) -> Arc<DeliveryShare> {
    Arc::new(DeliveryShare {
        counter: PeopleCounter::new(people.clone()),
        words: Arc::clone(words),
        templates: Templates::new(),
        public_url: "https://tickets.example.org".into(),
        quiet_hours: QuietHours::default(),
        announcements_per_week: 2,
        is_stopping: AtomicBool::new(false),
        is_released: Mutex::new(false),
    })
}

fn reading(log: &MemoryLog, people: &People, words: &Arc<Words>) -> Reading<LedgerFeed> {
    let log: Arc<dyn Log> = Arc::new(log.clone());
    let feed = LedgerFeed::new(Arc::clone(&log), people.clone(), Arc::clone(words));
    Reading::new(following(&log), feed)
}

fn new_event() -> NewEvent {
    let labels = Labels::Numbers { first: 1, step: 1, count: 20 };
    let run =
        |category| Run { category, labels: labels.clone(), shape: Shape::default(), flags: vec![] };
    let row = |category| Row { label: "A".into(), rank: 0, runs: vec![run(category)] };
    let section = |name: &str, category| Section {
        name: name.into(),
        rows: vec![row(category)],
        ..Section::default()
    };
    let category = |name: &str| Category { name: name.into(), color: [0; 3] };
    let plan = Plan {
        name: "House".into(),
        categories: vec![category("Front"), category("Back")],
        sections: vec![section("Floor", 0), section("Circle", 1)],
        size: (1, 1),
        focus: None,
    };
    NewEvent {
        details: details("Show"),
        plan,
        prices: PriceTable::flat(Currency::default(), &[4900, 2900]),
        ..NewEvent::default()
    }
}

fn details(name: &str) -> EventDetails {
    EventDetails {
        artist: "The Band".into(),
        venue_name: "House".into(),
        time_zone: "Europe/Berlin".into(),
        starts_at: Some(LogTime(NOON + 30 * 24 * HOUR)),
        opens_at: Some(LogTime(NOON + 10 * HOUR)),
        ..EventDetails::named(name)
    }
}

fn announcement(id: u64, who: AudienceWho) -> Announcement {
    Announcement {
        id: AnnouncementId(id),
        audience: AudienceSpec::all(who),
        channels: vec![Channel::Email],
        subject: "Doors at seven".into(),
        text: "Come <early>".into(),
        link: String::new(),
        picture: String::new(),
        send_at: None,
    }
}

fn bought(hold: u64, buyer: u64, seats: &[u32]) -> Fact {
    let payment = AuthorisedPayment {
        reference: PaymentReference::parse("pi_test").unwrap(),
        capture_before: None,
    };
    Fact::OrderConfirmed {
        hold_id: HoldId(hold),
        buyer: BuyerId(buyer),
        seats: SeatList::try_from(seats).unwrap(),
        amount: 9800,
        attempt: 1,
        kept: SeatsKept::Held,
        payment,
    }
}

#[test]
fn an_order_is_confirmed_by_mail_once_whatever_restarts() {
    let mut scene = Scene::new();
    scene.contact(5, "ada@example.org");
    scene.say(bought(1, 5, &[0, 1]));
    scene.say(bought(2, 6, &[2]));
    scene.restart();
    scene.deliver();
    scene.restart();
    scene.deliver();
    let taken = scene.mail.taken.lock().unwrap();
    let [mail] = &taken[..] else { panic!("{taken:?}") };
    assert_eq!(
        (mail.address.as_str(), mail.subject.as_str()),
        ("ada@example.org", "Ihre Karten für Show")
    );
    for words in ["Karten: 2", "98,00 EUR", "ord_", "Europe/Berlin", "House"] {
        assert!(mail.text.contains(words), "{words} in {}", mail.text);
    }
    assert_eq!(mail.unsubscribe, None, "what was bought cannot be unsubscribed from");
}

#[test]
fn an_announcement_reaches_each_person_once_and_says_why_not() {
    let mut scene = Scene::new();
    for (buyer, name) in [(1, "one"), (2, "two"), (3, "three"), (4, "four")] {
        scene.contact(buyer, &format!("{name}@example.org"));
    }
    // Somebody with a second device.
    scene.contact(11, "one@example.org");
    for buyer in [1, 2, 11] {
        scene.consents(buyer);
    }
    for (number, buyer) in [1_u32, 2, 3, 9, 11].into_iter().enumerate() {
        let hold = number as u64 + 1;
        scene.say(bought(hold, buyer.into(), &[number as u32]));
    }
    scene.deliver();
    scene.arrived();
    scene.announce(100, AudienceWho::HOLDERS);
    scene.restart();
    scene.deliver();
    assert_eq!(scene.arrived(), ["one@example.org", "two@example.org"]);
    let total: u64 = scene.verdicts(100).iter().map(|(_, count)| count).sum();
    let verdicts = scene.verdicts(100);
    assert!(verdicts.contains(&(Verdict::Sent, 2)) && verdicts.contains(&(Verdict::NoConsent, 1)));
    assert!(verdicts.contains(&(Verdict::NoAddress, 1)), "{verdicts:?}");
    assert!((4..=5).contains(&total), "{verdicts:?}");
    // Whoever gives their ticket away is no holder any more.
    let (hold_id, seat) = (HoldId(2), floodgate_domain::SeatId(1));
    scene.say(Fact::TicketTransferred { hold_id, seat, from: BuyerId(2), to: BuyerId(4) });
    scene.consents(4);
    scene.deliver();
    assert_eq!(scene.arrived(), ["four@example.org"], "about the ticket they have got");
    scene.announce(101, AudienceWho::HOLDERS);
    scene.deliver();
    assert_eq!(scene.arrived(), ["four@example.org", "one@example.org"]);
}

#[test]
fn mail_that_can_be_ended_says_how_and_what_staff_write_is_no_markup() {
    let mut scene = Scene::new();
    scene.contact(1, "one@example.org");
    scene.consents(1);
    scene.announce(100, AudienceWho::FOLLOWERS);
    scene.deliver();
    let taken = scene.mail.taken.lock().unwrap();
    let [mail] = &taken[..] else { panic!("{taken:?}") };
    let start = "https://tickets.example.org/v1/unsubscribe/";
    let token = mail.unsubscribe.as_deref().unwrap().strip_prefix(start).unwrap();
    assert!(mail.text.contains(&format!("https://tickets.example.org/unsubscribe/{token}")));
    let link = scene.people.link(token);
    assert!(matches!(link, Some(floodgate_people::Link::Unsubscribe { buyer: BuyerId(1), .. })));
    assert!(mail.html.contains("Come &lt;early&gt;") && mail.text.contains("Come <early>"));
    assert!(mail.link.ends_with(&format!("/events/{EVENT}")));
}

#[test]
fn nobody_is_woken_and_nobody_gets_more_than_their_share() {
    let mut scene = Scene::new();
    scene.contact(1, "one@example.org");
    scene.consents(1);
    // Eleven in the evening in Berlin.
    scene.now = NOON + 11 * HOUR;
    scene.announce(100, AudienceWho::FOLLOWERS);
    scene.deliver();
    assert_eq!(scene.arrived(), Vec::<String>::new());
    assert_eq!(scene.with(|work| work.report(EVENT, AnnouncementId(100))).quiet, 1);
    // What they have bought comes at any hour.
    scene.say(bought(1, 1, &[0]));
    scene.deliver();
    assert_eq!(scene.arrived(), ["one@example.org"]);
    scene.now = NOON + 20 * HOUR;
    scene.deliver();
    assert_eq!(scene.arrived(), ["one@example.org"], "at eight in the morning");
    for id in 101..104 {
        scene.announce(id, AudienceWho::FOLLOWERS);
        scene.deliver();
    }
    assert_eq!(scene.arrived().len(), 1, "two a week");
    assert_eq!(scene.verdicts(102), [(Verdict::Capped, 1)]);
    // From Monday on it is another week.
    scene.now = NOON + 5 * 24 * HOUR;
    scene.announce(104, AudienceWho::FOLLOWERS);
    scene.deliver();
    assert_eq!(scene.arrived(), ["one@example.org"]);
}

#[test]
fn staff_can_pause_and_stop_what_is_under_way() {
    let mut scene = Scene::new();
    for buyer in 1..=40 {
        scene.contact(buyer, &format!("p{buyer}@example.org"));
        scene.consents(buyer);
    }
    scene.announce(100, AudienceWho::FOLLOWERS);
    scene.worker().turn(|| LogTime(NOON)).unwrap();
    assert_eq!(scene.arrived().len(), 16);
    let steer = |step| Fact::AnnouncementSteered { id: AnnouncementId(100), step, by: StaffId(1) };
    scene.say(steer(AnnouncementStep::Pause));
    scene.deliver();
    assert_eq!(scene.arrived().len(), 0);
    scene.say(steer(AnnouncementStep::Resume));
    scene.worker().turn(|| LogTime(NOON)).unwrap();
    assert_eq!(scene.arrived().len(), 16, "and nobody twice");
    scene.say(steer(AnnouncementStep::Stop));
    scene.deliver();
    assert_eq!(scene.arrived().len(), 0);
    assert_eq!(scene.verdicts(100), [(Verdict::Sent, 32), (Verdict::Stopped, 8)]);
}

#[test]
fn a_crash_repeats_one_mail_at_most_under_the_same_name() {
    let mut scene = Scene::new();
    for buyer in 1..=20 {
        scene.contact(buyer, &format!("p{buyer}@example.org"));
        scene.consents(buyer);
    }
    scene.announce(100, AudienceWho::FOLLOWERS);
    let mut died = 0;
    for crash in [3, 9, 12] {
        *scene.mail.dies_after.lock().unwrap() = Some(crash);
        let mut worker = scene.worker();
        let now = scene.now;
        let turn =
            std::panic::AssertUnwindSafe(|| while worker.turn(|| LogTime(now)).unwrap() > 0 {});
        died += usize::from(std::panic::catch_unwind(turn).is_err());
        // Nobody else can have what it had taken: the next goes on at once.
        scene.restart();
    }
    scene.deliver();
    let taken = scene.mail.taken.lock().unwrap();
    let mut names: Vec<&str> = taken.iter().map(|mail| mail.message_id.as_str()).collect();
    assert_eq!((names.len(), died), (23, 3));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 20, "what came twice has one name");
    drop(taken);
    assert_eq!(scene.verdicts(100), [(Verdict::Sent, 20)]);
}

#[test]
fn what_cannot_be_delivered_is_tried_again_and_what_never_can_is_never_written_to_again() {
    let mut scene = Scene::new();
    scene.contact(1, "one@example.org");
    scene.consents(1);
    let later = |after| Delivery::Later { reason: "busy".into(), after };
    *scene.mail.answers.lock().unwrap() = vec![later(Some(Duration::from_secs(3600))), later(None)];
    scene.announce(100, AudienceWho::FOLLOWERS);
    for (minutes, count) in [(0, 0), (1, 0), (59, 0), (3, 1)] {
        scene.now += minutes * 60_000;
        scene.deliver();
        assert_eq!(scene.arrived().len(), count, "{minutes}");
    }
    *scene.mail.answers.lock().unwrap() =
        vec![Delivery::Never { reason: "recipient: 550 5.1.1".into(), suppress: true }];
    scene.say(bought(1, 1, &[0]));
    scene.deliver();
    scene.say(bought(2, 1, &[1]));
    scene.announce(101, AudienceWho::FOLLOWERS);
    scene.deliver();
    assert_eq!(scene.arrived().len(), 0);
    assert_eq!(scene.verdicts(101), [(Verdict::Suppressed, 1)]);
}

#[test]
fn followers_hear_of_a_sale_an_hour_before_it_opens_and_once() {
    let mut scene = Scene::new();
    scene.contact(1, "one@example.org");
    scene.consents(1);
    // By day where the reader is, which is what counts.
    let mut changed = details("Show");
    changed.opens_at = Some(LogTime(NOON + 3 * HOUR));
    scene.say(Fact::DetailsSet(SetBy { value: Box::new(changed), by: Some(StaffId(1)) }));
    scene.now = NOON + HOUR;
    scene.restart();
    scene.deliver();
    assert_eq!(scene.arrived().len(), 0, "two hours are too early");
    scene.now = NOON + 2 * HOUR + 60_000;
    for _ in 0..3 {
        scene.restart();
        scene.deliver();
    }
    let taken = scene.mail.taken.lock().unwrap();
    let [mail] = &taken[..] else { panic!("{taken:?}") };
    assert_eq!(mail.occasion, "sale_opens_soon");
    assert!(mail.text.contains("15:00"), "{}", mail.text);
}

#[test]
fn whoever_waits_hears_of_their_turn_and_of_what_staff_say() {
    let mut scene = Scene::new();
    for buyer in [1, 2] {
        scene.contact(buyer, &format!("p{buyer}@example.org"));
        scene.consents(buyer);
        let (buyer, place) = (BuyerId(buyer), QueuePlace(buyer * 10));
        scene.say(Fact::TurnAwaited { buyer, place });
    }
    scene.say(Fact::PlacesCalled { below: Frontier(15) });
    scene.deliver();
    assert_eq!(scene.arrived(), ["p1@example.org"]);
    scene.announce(100, AudienceWho::WAITERS);
    scene.deliver();
    assert_eq!(scene.arrived(), ["p2@example.org"]);
    scene.say(Fact::EventCancelled);
    scene.announce(101, AudienceWho::WAITERS);
    scene.deliver();
    assert_eq!(scene.arrived(), Vec::<String>::new(), "nobody waits any more");
}

#[test]
fn a_store_that_fails_for_a_while_misses_nothing_and_doubles_nothing() {
    let mut scene = Scene::new();
    for buyer in 1..=3 {
        scene.contact(buyer, &format!("p{buyer}@example.org"));
        scene.consents(buyer);
    }
    let file = rusqlite::Connection::open(scene._folder.path().join("people.db")).unwrap();
    file.execute_batch("ALTER TABLE messages RENAME TO away").unwrap();
    scene.publish(bought(1, 1, &[0, 1]));
    let announcement = Box::new(announcement(100, AudienceWho::HOLDERS));
    let by = StaffId(1);
    scene.publish(Fact::AnnouncementMade { announcement, needs_approval: false, by });
    for _ in 0..3 {
        assert!(scene.feed.turn(LogTime(scene.now), Duration::ZERO).is_err());
    }
    // Another process meets the same, and knows nothing of what this one had read.
    scene.publish(Fact::AnnouncementStarted { id: AnnouncementId(100) });
    file.execute_batch("ALTER TABLE away RENAME TO messages").unwrap();
    scene.follow();
    scene.deliver();
    assert_eq!(
        scene.arrived(),
        ["p1@example.org", "p1@example.org"],
        "the order, the announcement"
    );
    scene.restart();
    scene.deliver();
    assert_eq!(scene.arrived(), Vec::<String>::new());
    assert_eq!(scene.verdicts(100), [(Verdict::Sent, 1)]);
    // Its tickets were counted once: giving one away leaves one, giving both leaves none.
    for (seat, expected) in [(0, 1), (1, 0)] {
        let (hold_id, seat) = (HoldId(1), floodgate_domain::SeatId(seat));
        scene.say(Fact::TicketTransferred { hold_id, seat, from: BuyerId(1), to: BuyerId(9) });
        let id = 200 + u64::from(seat.0);
        scene.announce(id, AudienceWho::HOLDERS);
        scene.deliver();
        assert_eq!(scene.arrived().len(), expected, "{seat:?}");
    }
}

#[test]
fn two_processes_that_follow_the_same_log_write_everything_once() {
    let mut scene = Scene::new();
    scene.contact(1, "one@example.org");
    scene.consents(1);
    let words = Arc::new(Words::default());
    let mut other = reading(&scene.log, &scene.people, &words);
    let mut follow = |scene: &Scene| {
        while other.turn(LogTime(scene.now), Duration::ZERO).unwrap().behind > 0 {}
    };
    follow(&scene);
    scene.publish(bought(1, 1, &[0, 1]));
    follow(&scene);
    scene.follow();
    scene.publish(bought(2, 1, &[2]));
    // The one is behind by a fact that the other has written, when a third comes.
    follow(&scene);
    scene.publish(bought(3, 1, &[3]));
    scene.follow();
    follow(&scene);
    scene.deliver();
    assert_eq!(scene.arrived().len(), 3);
    // Four seats were counted: three given away leave one.
    for (hold, seat) in [(1, 0), (1, 1), (2, 2)] {
        let (hold_id, seat) = (HoldId(hold), floodgate_domain::SeatId(seat));
        scene.say(Fact::TicketTransferred { hold_id, seat, from: BuyerId(1), to: BuyerId(9) });
    }
    scene.announce(100, AudienceWho::HOLDERS);
    scene.deliver();
    assert_eq!(scene.arrived(), ["one@example.org"]);
}

#[test]
fn words_that_are_tried_out_go_to_one_address_and_are_marked() {
    let scene = Scene::new();
    let address = Address::parse(Channel::Email, "staff@example.org").unwrap();
    let draft = serde_json::json!({ "subject": "Doors", "text": "At <seven>", "link": null });
    let variables = serde_json::json!({ "announcement": draft, "language": "de" });
    let name = format!("test-{EVENT}-a key of any kind");
    scene.with(|work| work.queue_test(&name, EVENT, &address, variables, LogTime(NOON)));
    scene.deliver();
    let taken = scene.mail.taken.lock().unwrap();
    let [mail] = &taken[..] else { panic!("{taken:?}") };
    assert_eq!(
        (mail.subject.as_str(), mail.address.as_str()),
        ("[Test] Doors", "staff@example.org")
    );
    assert!(mail.text.contains("At <seven>") && mail.html.contains("At &lt;seven&gt;"));
    assert!(mail.text.starts_with("Dies ist ein Test") && mail.unsubscribe.is_none());
    assert!(crate::courier::is_plain_id(&mail.message_id));
}

#[test]
fn links_about_an_address_go_there_before_it_is_confirmed() {
    let scene = Scene::new();
    let new = NewContact {
        buyer: BuyerId(1),
        address: Address::parse(Channel::Email, "new@example.org").unwrap(),
        language: "en".into(),
        time_zone: String::new(),
        wants: Vec::new(),
        label: "Firefox".into(),
    };
    scene.with(|work| work.ask(&new, LogTime(NOON)));
    scene.deliver();
    let mail = scene.mail.taken.lock().unwrap().pop().unwrap();
    assert_eq!(
        (mail.occasion.as_str(), mail.address.as_str()),
        ("confirm_address", "new@example.org")
    );
    let token = mail.link.strip_prefix("https://tickets.example.org/confirm#").unwrap();
    let link = scene.people.link(token);
    assert!(matches!(link, Some(floodgate_people::Link::Confirm { .. })), "{link:?}");
    assert!(mail.text.contains(token) && mail.html.contains(token));
    // How often one address is asked is known after it was sent, too.
    for _ in 0..9 {
        scene.with(|work| work.ask(&new, LogTime(NOON)));
        scene.deliver();
    }
    assert!(scene.arrived().len() <= 2, "three an hour");
}

#[test]
fn whoever_leaves_a_hold_to_end_hears_of_it_once_and_in_time() {
    let mut scene = Scene::new();
    scene.contact(1, "one@example.org");
    let held = |hold: u64, until: u64| Fact::SeatsHeld {
        hold_id: HoldId(hold),
        buyer: BuyerId(1),
        seats: SeatList::try_from(&[u32::try_from(hold).unwrap()][..]).unwrap(),
        amount: 4900,
        until: LogTime(until),
        pay_by: None,
    };
    scene.say(held(1, NOON + 600_000));
    scene.say(held(2, NOON + 600_000));
    scene.say(bought(2, 1, &[2]));
    scene.deliver();
    assert_eq!(scene.arrived().len(), 1, "the one that was paid for");
    scene.now = NOON + 500_000;
    scene.restart();
    scene.deliver();
    assert_eq!(scene.arrived().len(), 0, "too early");
    scene.now = NOON + 520_000;
    for _ in 0..3 {
        scene.restart();
        scene.deliver();
    }
    let taken = std::mem::take(&mut *scene.mail.taken.lock().unwrap());
    let [mail] = &taken[..] else { panic!("{taken:?}") };
    assert_eq!(mail.occasion, "hold_ending");
    assert!(mail.subject.contains("12:10 (Europe/Berlin, CET)"), "{}", mail.subject);
    // Too late is worse than not at all.
    scene.say(held(3, NOON + 700_000));
    scene.now = NOON + 700_001;
    scene.restart();
    scene.deliver();
    assert_eq!(scene.arrived().len(), 0);
}

#[test]
fn a_worker_that_is_stopped_records_what_it_did_and_leaves_the_rest_to_others() {
    let mut scene = Scene::new();
    for buyer in 1..=5 {
        scene.contact(buyer, &format!("p{buyer}@example.org"));
        scene.consents(buyer);
    }
    scene.announce(100, AudienceWho::FOLLOWERS);
    *scene.mail.stops.lock().unwrap() = Some(Arc::clone(&scene.shared));
    scene.worker().turn(|| LogTime(NOON)).unwrap();
    assert_eq!(scene.arrived().len(), 1);
    assert_eq!(scene.verdicts(100), [(Verdict::Sent, 1)]);
    // At once, and not when a lease is over.
    scene.restart();
    scene.deliver();
    assert_eq!(scene.arrived().len(), 4);
    assert_eq!(scene.verdicts(100), [(Verdict::Sent, 5)]);
}

#[test]
fn followers_hear_once_that_a_sale_is_open_and_holders_of_what_they_have_to_know() {
    let mut scene = Scene::new();
    scene.contact(1, "one@example.org");
    scene.consents(1);
    for fact in [Fact::SaleOpened, Fact::SalePaused, Fact::SaleOpened] {
        scene.say(fact);
    }
    scene.deliver();
    assert_eq!(scene.arrived().len(), 1);
    scene.say(bought(1, 1, &[0]));
    scene.deliver();
    scene.arrived();
    let set = |change: fn(&mut EventDetails)| {
        let mut changed = details("Show");
        change(&mut changed);
        Fact::DetailsSet(SetBy { value: Box::new(changed), by: None })
    };
    scene.say(set(|details| details.description = "More words".into()));
    scene.deliver();
    assert_eq!(scene.arrived().len(), 0);
    scene.say(set(|details| details.venue_name = "Another house".into()));
    scene.say(Fact::EventCancelled);
    scene.restart();
    scene.deliver();
    let taken = std::mem::take(&mut *scene.mail.taken.lock().unwrap());
    let mut said: Vec<&str> = taken.iter().map(|mail| mail.occasion.as_str()).collect();
    said.sort_unstable();
    assert_eq!(said, ["event_cancelled", "event_details_changed"]);
    assert!(taken.iter().any(|mail| mail.text.contains("Another house")));
}

#[test]
fn what_a_process_has_taken_is_its_own_until_its_lease_is_over() {
    let mut scene = Scene::new();
    for buyer in 1..=3 {
        scene.contact(buyer, &format!("p{buyer}@example.org"));
        scene.consents(buyer);
    }
    scene.announce(100, AudienceWho::FOLLOWERS);
    *scene.mail.dies_after.lock().unwrap() = Some(1);
    let (mut worker, now) = (scene.worker(), scene.now);
    let turn = std::panic::AssertUnwindSafe(|| worker.turn(|| LogTime(now)));
    assert!(std::panic::catch_unwind(turn).is_err());
    // Another worker of this process goes on with what nobody has.
    scene.deliver();
    assert_eq!(scene.arrived().len(), 1);
    scene.now += 6 * 60_000;
    scene.deliver();
    assert_eq!(scene.arrived().len(), 3);
    assert_eq!(scene.verdicts(100), [(Verdict::Sent, 3)]);
}
