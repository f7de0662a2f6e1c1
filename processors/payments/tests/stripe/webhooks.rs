//! Webhooks that somebody else signed, and what becomes of them.

use std::net::TcpListener;
use std::time::{SystemTime, UNIX_EPOCH};

use floodgate_domain::{LogTime, PaymentResult};
use floodgate_payments::Provider;
use floodgate_payments::web::{PaymentReport, Webhook, WebhookError};

use crate::flows::held;
use crate::front::{Arrived, Front, receive, signed};
use crate::is_quick;
use crate::servers::{account, payment};

fn take(
    stripe: &dyn Provider,
    arrived: &Arrived,
    now: u64,
) -> Result<Vec<PaymentReport>, WebhookError> {
    let headers = [("stripe-signature", arrived.signature.as_str())];
    stripe.webhook(&Webhook { headers: &headers, body: &arrived.body, now })
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[test]
fn what_stripe_signs_is_taken_whatever_its_order() {
    if is_quick() {
        return;
    }
    let front = Front::start();
    let stripe = account(&front.address);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    front.ask("POST", "/_config/webhooks/ours", &format!("url={url}&secret=whsec_old"));

    // A card that fails, then one that is captured: an event each.
    let failed = payment(1, "pm_card_chargeCustomerFail");
    stripe.authorise(&failed, LogTime(0)).unwrap();
    let refused = receive(&listener);
    let sold = held(&stripe, &payment(2, "pm_card_visa"));
    stripe.capture(&sold).unwrap();
    let captured = receive(&listener);

    let report = |subject, result| vec![PaymentReport { subject, attempt: 1, result }];
    // The later one first, and both of them twice.
    for _ in 0..2 {
        let of_sold = report(sold.subject, PaymentResult::Captured);
        assert_eq!(take(&stripe, &captured, now()).unwrap(), of_sold);
        let of_failed = report(failed.subject, PaymentResult::Declined);
        assert_eq!(take(&stripe, &refused, now()).unwrap(), of_failed);
    }
    // Long ago, or changed on its way.
    assert!(matches!(take(&stripe, &captured, now() + 400), Err(WebhookError::Stale)));
    let changed = Arrived { signature: captured.signature.clone(), body: refused.body.clone() };
    assert!(matches!(take(&stripe, &changed, now()), Err(WebhookError::Unsigned)));
    // Stripe cannot be asked about it: it sends it again.
    let lonely = account(floodgate_testkit::ports::NOBODY);
    assert!(matches!(take(&lonely, &captured, now()), Err(WebhookError::Unavailable(_))));
}

#[test]
fn a_dispute_counts_as_it_stands_and_not_as_an_old_event_says() {
    if is_quick() {
        return;
    }
    let front = Front::start();
    let stripe = account(&front.address);
    let sold = held(&stripe, &payment(1, "pm_card_visa"));
    stripe.capture(&sold).unwrap();
    let intent = sold.reference.as_ref().unwrap().as_str();
    let created = front.dispute("du_1", intent, "needs_response");
    let arrived = signed("charge.dispute.created", &created);
    let report = |result| vec![PaymentReport { subject: sold.subject, attempt: 1, result }];
    assert_eq!(take(&stripe, &arrived, now()).unwrap(), report(PaymentResult::Disputed));
    front.dispute("du_1", intent, "won");
    assert_eq!(take(&stripe, &arrived, now()).unwrap(), report(PaymentResult::DisputeWon));
    // Stripe knows none of this name, or cannot be asked: it sends the event again.
    let unknown = front.dispute("du_2", intent, "lost");
    let unknown = signed("charge.dispute.closed", &unknown);
    let lonely = account(floodgate_testkit::ports::NOBODY);
    assert!(matches!(take(&lonely, &unknown, now()), Err(WebhookError::Unavailable(_))));
}
