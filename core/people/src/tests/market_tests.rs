//! Orders of tables: one a name, one invoice after the other, and each step once.

use floodgate_domain::StaffId;

use super::*;
use crate::{NewProductOrder, ProductOffer, ProductState};

const BUYER: StaffId = StaffId(7);

fn offer(fresh: &Fresh, artist: Option<StaffId>) {
    let currency = "EUR".to_owned();
    let manager = Some(StaffId(1));
    let offer = ProductOffer { event_id: EVENT, amount: 900, currency, manager, artist };
    fresh.with(|work| work.set_product_offer(&offer));
}

fn order(fresh: &Fresh, name: &str) -> Option<u32> {
    let method = "pm".to_owned();
    let new = NewProductOrder { name: name.to_owned(), staff: BUYER, event_id: EVENT, method };
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
