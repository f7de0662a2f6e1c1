//! An order gets what was published since it was paid, once, until it ends.
#![allow(clippy::unwrap_used)]

use floodgate_domain::{EventId, StaffId, WebhookId};
use floodgate_people::{
    DeliveryQuery, NewProductOrder, PeopleLocation, ProductDeliveryChange, ProductOffer,
    ProductState,
};
use floodgate_testkit::{Fate, MemoryLog};

use super::*;

const EVENT: EventId = EventId(7);

struct Market {
    log: MemoryLog,
    people: People,
    feed: ProductFeed,
    _folder: tempfile::TempDir,
}

impl Market {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = PeopleLocation::File(folder.path().join("people.db"));
        let (log, people) = (MemoryLog::new(1), People::new(location, &[9; 32]));
        let feed = ProductFeed::new(Arc::new(log.clone()), people.clone());
        Market { log, people, feed, _folder: folder }
    }

    fn publish(&self, kind: ProductKind, event_id: EventId, name: &str) {
        let text = format!(
            r#"{{"product_id":"{event_id}/{name}","kind":"{}","event_id":"{event_id}","until":"t"}}"#,
            kind.code()
        );
        self.log
            .append(kind.topic(), 0, vec![NewRecord::new("k", text.into_bytes())])
            .wait()
            .unwrap();
    }

    /// An order that is paid.
    fn bought(&self, kind: ProductKind) -> u32 {
        let order = self.people.with(|work| {
            let (currency, staff) = ("EUR".to_owned(), Some(StaffId(1)));
            let offer = ProductOffer {
                event_id: EVENT,
                kind,
                amount: 5,
                currency,
                manager: staff,
                artist: staff,
            };
            work.set_product_offer(&offer)?;
            let (name, method) = (kind.code().to_owned(), "pm".to_owned());
            let new = NewProductOrder { name, staff: StaffId(3), event_id: EVENT, kind, method };
            let order = work.order_product(&new, LogTime(1))?.unwrap();
            use ProductState::{Authorised, Open, Paid};
            for (from, to) in [(Open, Authorised), (Authorised, Paid)] {
                assert!(work.move_product_order((order.number, from, to), None, LogTime(0))?);
            }
            Ok(order)
        });
        order.unwrap().number
    }

    fn deliver(&self, number: u32, url: Option<&str>, to_topic: bool) -> Option<String> {
        let url = url.map(str::to_owned);
        let webhook = WebhookId(u64::from(number) + 50);
        let change = ProductDeliveryChange { number, webhook, url, to_topic };
        let set = self.people.with(|work| {
            let order = work.product_order(number)?.unwrap();
            work.set_product_delivery(&change, &order, LogTime(1))
        });
        set.unwrap().unwrap().1
    }

    fn run(&mut self) {
        while self.feed.turn(LogTime(2)).is_ok_and(|read| read > 0) {}
    }

    fn calls(&self, number: u32) -> Vec<String> {
        let query = DeliveryQuery { count: 50, ..DeliveryQuery::default() };
        let webhook = WebhookId(u64::from(number) + 50);
        let calls = self.people.look(|work| work.deliveries(webhook, &query)).unwrap();
        let mut bodies: Vec<String> = calls.into_iter().map(|call| call.body).collect();
        bodies.sort();
        bodies
    }

    fn on_topic(&self) -> Vec<String> {
        let records = self.log.records(Topic::Deliveries, 0).into_iter();
        records.map(|record| String::from_utf8(record.key.to_vec()).unwrap()).collect()
    }
}

#[test]
fn an_order_gets_its_product_and_nothing_else() {
    let mut market = Market::new();
    let number = market.bought(ProductKind::Concurrency);
    let secret = market.deliver(number, Some("https://example.org/a"), true);
    assert!(secret.is_some_and(|secret| secret.starts_with("whsec_")));
    market.run();
    market.publish(ProductKind::Concurrency, EVENT, "1");
    market.publish(ProductKind::Velocity, EVENT, "2");
    market.publish(ProductKind::Concurrency, EventId(8), "3");
    // Twice, as after a crash of whoever publishes.
    market.publish(ProductKind::Concurrency, EVENT, "4");
    market.publish(ProductKind::Concurrency, EVENT, "4");
    market.run();
    let calls = market.calls(number);
    assert_eq!(calls.len(), 2, "{calls:?}");
    assert!(
        calls[0].starts_with(r#"{"type":"product_delivered","timestamp":"t","data":{"product_id""#)
    );
    let mut keys = market.on_topic();
    keys.dedup();
    assert_eq!(keys, [format!("{number}/{EVENT}/1"), format!("{number}/{EVENT}/4")]);
    assert_eq!(market.deliver(number, Some("https://example.org/b"), true), None, "said once");
}

#[test]
fn a_topic_that_takes_nothing_delays_and_loses_nothing() {
    let mut market = Market::new();
    let number = market.bought(ProductKind::Velocity);
    market.deliver(number, Some("https://example.org/a"), true);
    market.run();
    market.publish(ProductKind::Velocity, EVENT, "1");
    for fate in [Fate::Refused, Fate::WrittenButFailed] {
        market.log.next_fate(Topic::Deliveries, fate);
        assert!(market.feed.turn(LogTime(2)).is_err());
        assert_eq!(market.calls(number).len(), 0, "the position waits for both");
    }
    market.run();
    assert_eq!(market.calls(number).len(), 1);
    let mut keys = market.on_topic();
    keys.dedup();
    assert_eq!(keys, [format!("{number}/{EVENT}/1")]);
}

#[test]
fn an_order_that_ends_gets_nothing_more_not_even_what_waits() {
    let mut market = Market::new();
    let number = market.bought(ProductKind::Cohorts);
    market.deliver(number, Some("https://example.org/a"), true);
    market.run();
    market.publish(ProductKind::Cohorts, EVENT, "1");
    market.run();
    assert_eq!((market.calls(number).len(), market.on_topic().len()), (1, 1));
    let to = (number, ProductState::Paid, ProductState::Disputed);
    assert!(market.people.with(|work| work.move_product_order(to, None, LogTime(9))).unwrap());
    assert_eq!(market.calls(number).len(), 0, "nobody is called with it");
    market.publish(ProductKind::Cohorts, EVENT, "2");
    market.run();
    assert_eq!((market.calls(number).len(), market.on_topic().len()), (0, 1));
    let webhook = market.people.look(|work| work.webhook(WebhookId(u64::from(number) + 50)));
    assert_eq!(webhook.unwrap().unwrap().reason, "the order has ended");

    // A dispute that is won: it goes on where it was, under the same invoice.
    let ended = market.people.look(|work| work.product_order(number)).unwrap().unwrap();
    assert_eq!(ended.ended_at, Some(LogTime(9)));
    let back = (number, ProductState::Disputed, ProductState::Paid);
    assert!(market.people.with(|work| work.move_product_order(back, None, LogTime(12))).unwrap());
    let paid = market.people.look(|work| work.product_order(number)).unwrap().unwrap();
    let before = (ended.invoice, ended.paid_at, None);
    assert_eq!((paid.invoice, paid.paid_at, paid.ended_at), before);
    market.run();
    assert_eq!((market.calls(number).len(), market.on_topic().len()), (1, 2));
}
