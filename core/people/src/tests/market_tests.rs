//! Orders of tables: one a name, one invoice after the other, and each step once.

use floodgate_domain::StaffId;

use super::*;
use crate::{BUYER_KEYS_MAX, BuyerKey, NewProductOrder, ProductKind, ProductOffer, ProductState};

const BUYER: StaffId = StaffId(7);

fn offer(fresh: &Fresh, artist: Option<StaffId>) {
    let currency = "EUR".to_owned();
    let manager = Some(StaffId(1));
    let (event_id, kind) = (EVENT, ProductKind::Cohorts);
    let offer = ProductOffer { event_id, kind, amount: 900, currency, manager, artist };
    fresh.with(|work| work.set_product_offer(&offer));
}

fn order(fresh: &Fresh, name: &str) -> Option<u32> {
    let method = "pm".to_owned();
    let kind = ProductKind::Cohorts;
    let name = name.to_owned();
    let new = NewProductOrder { name, staff: BUYER, event_id: EVENT, kind, method };
    let made = fresh.with(|work| work.order_product(&new, LogTime(5)));
    made.map(|order| order.number)
}

fn go(fresh: &Fresh, number: u32, from: ProductState, to: ProductState) -> bool {
    fresh.with(|work| work.move_product_order((number, from, to), Some("ref"), LogTime(9)))
}

#[test]
fn an_order_is_paid_once_and_ends_once() {
    use ProductState::{Authorised, Open, Paid, Refunding};
    on_each(|fresh| {
        assert_eq!(order(fresh, "a"), None, "nothing is on sale");
        offer(fresh, None);
        assert_eq!(order(fresh, "a"), None, "the artist has not agreed");
        offer(fresh, Some(StaffId(2)));
        assert_eq!(
            (order(fresh, "a"), order(fresh, "b"), order(fresh, "a")),
            (Some(1), Some(2), Some(1))
        );
        offer(fresh, None);
        assert_eq!(order(fresh, "a"), Some(1), "an order stands when the offer does not");
        // The second is paid first: invoices are counted by payment.
        for number in [2, 1] {
            assert!(go(fresh, number, Open, Authorised) && go(fresh, number, Authorised, Paid));
            assert!(!go(fresh, number, Authorised, Paid), "and once");
        }
        let all = fresh.with(|work| work.product_orders(Some(BUYER)));
        let invoices: Vec<_> = all.iter().map(|order| (order.number, order.invoice)).collect();
        assert_eq!(invoices, [(2, Some(1)), (1, Some(2))]);
        assert_eq!(all[0].reference.as_deref(), Some("ref"));
        assert!(go(fresh, 1, Paid, Refunding) && !go(fresh, 1, Paid, Refunding));
        let one = fresh.with(|work| work.product_order(1)).expect("an order");
        assert_eq!((one.state, one.ended_at), (Refunding, Some(LogTime(9))));
        assert_eq!(fresh.with(|work| work.product_orders(Some(StaffId(8)))), []);
        assert_eq!(fresh.with(|work| work.product_orders(None)).len(), 2);
    });
}

#[test]
fn a_kind_is_on_sale_by_itself_and_its_orders_say_it() {
    on_each(|fresh| {
        let numbers: Vec<u8> = ProductKind::ALL.into_iter().map(ProductKind::number).collect();
        assert_eq!(numbers, [0, 1, 2], "stored: they stay");
        offer(fresh, Some(StaffId(2)));
        let buy = |kind: ProductKind| {
            let (name, method) = (kind.code().to_owned(), "pm".to_owned());
            let new = NewProductOrder { name, staff: BUYER, event_id: EVENT, kind, method };
            fresh.with(|work| work.order_product(&new, LogTime(5)))
        };
        assert_eq!(buy(ProductKind::Concurrency), None, "only the cohorts are");
        let both = ProductOffer {
            event_id: EVENT,
            kind: ProductKind::Concurrency,
            amount: 70,
            currency: "EUR".to_owned(),
            manager: Some(StaffId(1)),
            artist: Some(StaffId(2)),
        };
        fresh.with(|work| work.set_product_offer(&both));
        let bought = buy(ProductKind::Concurrency).expect("it is on sale");
        assert_eq!((bought.kind, bought.amount), (ProductKind::Concurrency, 70));
        let cohorts = buy(ProductKind::Cohorts).expect("so is the other");
        assert_eq!((cohorts.kind, cohorts.amount), (ProductKind::Cohorts, 900));
    });
}

#[test]
fn offers_of_before_there_were_kinds_are_taken_over() {
    on_each(|fresh| {
        let old = "INSERT INTO product_offers (event, amount, currency, manager, artist)
             VALUES (5, 30, 'EUR', 1, 2)";
        fresh.with(|work| work.run(old, &[]));
        // What opening the store does.
        fresh.with(|work| work.run(schema::TAKE_OVER, &[]));
        let taken = fresh.with(|work| work.product_offer((EventId(5), ProductKind::Cohorts)));
        assert!(taken.is_some_and(|offer| offer.is_on_sale() && offer.amount == 30));
    });
}

#[test]
fn a_buyer_has_so_many_keys_and_each_ends_once() {
    on_each(|fresh| {
        let key = |key: u64| BuyerKey {
            key,
            staff: BUYER,
            label: format!("key {key}"),
            made_at: LogTime(key),
        };
        let add = |number| fresh.with(|work| work.add_buyer_key(&key(number)));
        for number in 1..=u64::from(BUYER_KEYS_MAX) {
            assert_eq!(add(number), Some(key(number)));
        }
        assert_eq!((add(99), add(1)), (None, Some(key(1))), "too many; the same again");
        let end = |of, number| fresh.with(|work| work.end_buyer_key((of, number), LogTime(9)));
        assert!(!end(StaffId(8), 1), "somebody else's");
        assert!(end(BUYER, 1) && !end(BUYER, 1));
        assert_eq!((add(1), add(99)), (None, Some(key(99))), "what was withdrawn stays so");
        let all = fresh.with(|work| work.buyer_keys_of_all(1_000));
        assert!(all.len() == BUYER_KEYS_MAX as usize && !all.contains(&1));
    });
}
