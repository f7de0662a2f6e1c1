//! From facts to messages that have arrived: each once, to whoever agreed, and a reason for all
//! others.
#![allow(clippy::unwrap_used)]

mod announcement_tests;
mod code_tests;
mod fault_tests;
mod notice_tests;

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
use crate::say::CodeWriter;
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
        self.announce_this(announcement(id, who));
    }

    fn announce_this(&mut self, announcement: Announcement) {
        let id = announcement.id;
        let announcement = Box::new(announcement);
        self.say(Fact::AnnouncementMade { announcement, needs_approval: false, by: StaffId(1) });
        self.say(Fact::AnnouncementStarted { id });
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
        codes: CodeWriter::new(|_, code| format!("CODE-{}-{}", code.batch, code.number)),
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
        codes: None,
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
