//! Money as it goes when nothing goes wrong, and as banks refuse it.

use floodgate_domain::{LogTime, PaymentReference};
use floodgate_payments::{Authorisation, Captured, Payment, Provider};

use crate::front::{CAPTURE_BEFORE, Front};
use crate::is_quick;
use crate::servers::{account, payment};

/// The same attempt, once it is known what Stripe calls it.
pub(crate) fn named(payment: &Payment, reference: &PaymentReference) -> Payment {
    Payment { reference: Some(reference.clone()), ..payment.clone() }
}

/// The money of a good card, held.
pub(crate) fn held(stripe: &dyn Provider, payment: &Payment) -> Payment {
    match stripe.authorise(payment, LogTime(0)).unwrap() {
        Authorisation::Authorised(held) => {
            assert_eq!(held.capture_before, Some(LogTime(CAPTURE_BEFORE * 1000)));
            named(payment, &held.reference)
        }
        other => panic!("{other:?}"),
    }
}

fn id(payment: &Payment) -> &str {
    payment.reference.as_ref().unwrap().as_str()
}

#[test]
fn money_is_held_captured_and_given_back() {
    if is_quick() {
        return;
    }
    let front = Front::start();
    let stripe = account(&front.address);
    let payment = held(&stripe, &payment(1, "pm_card_visa"));
    let intent = front.intent(id(&payment));
    assert_eq!((&intent["status"], &intent["amount"]), (&"requires_capture".into(), &4900.into()));
    assert_eq!(intent["metadata"]["floodgate_subject"], payment.subject.to_string());
    for _ in 0..2 {
        assert_eq!(stripe.capture(&payment).unwrap(), Captured::Done);
    }
    assert_eq!(front.intent(id(&payment))["status"], "succeeded");
    for _ in 0..2 {
        stripe.refund(&payment).unwrap();
    }
    let refunds = front.ask("GET", &format!("/v1/refunds?payment_intent={}", id(&payment)), "");
    assert_eq!(refunds["data"].as_array().unwrap().len(), 1, "{refunds}");
    assert_eq!(refunds["data"][0]["amount"], 4900);
    assert_eq!(front.names("/capture")[0], "evt_0000000000003/ord_0000000000001/1/capture");
}

#[test]
fn money_that_is_held_is_let_go_of() {
    if is_quick() {
        return;
    }
    let front = Front::start();
    let stripe = account(&front.address);
    let voided = held(&stripe, &payment(1, "pm_card_visa"));
    for _ in 0..2 {
        stripe.void(&voided).unwrap();
    }
    assert_eq!(front.intent(id(&voided))["status"], "canceled");
    assert_eq!(
        stripe.capture(&voided).unwrap(),
        Captured::Failed,
        "it is gone, and Stripe says so"
    );
    // A refund of what was never captured lets go of it.
    let held = held(&stripe, &payment(2, "pm_card_visa"));
    stripe.refund(&held).unwrap();
    assert_eq!(front.intent(id(&held))["status"], "canceled");
}

#[test]
fn a_bank_says_no_and_so_does_a_token_that_is_none() {
    if is_quick() {
        return;
    }
    let front = Front::start();
    let stripe = account(&front.address);
    for (hold, method) in [(1, "pm_card_chargeCustomerFail"), (2, "pm_nobody_knows")] {
        let attempt = payment(hold, method);
        for _ in 0..2 {
            let asked = stripe.authorise(&attempt, LogTime(0)).unwrap();
            assert_eq!(asked, Authorisation::Declined, "{method}");
        }
    }
    // Another card, as another attempt of the same order.
    let again = Payment { attempt: 2, ..payment(1, "pm_card_visa") };
    held(&stripe, &again);
}

#[test]
fn a_bank_that_asks_sends_the_buyer_there() {
    if is_quick() {
        return;
    }
    let front = Front::start();
    let stripe = account(&front.address);
    for approves in [true, false] {
        let attempt = payment(1 + u64::from(approves), &front.card("4000000000003220"));
        let asked = stripe.authorise(&attempt, LogTime(0)).unwrap();
        let Authorisation::ActionRequired(action) = &asked else { panic!("{asked:?}") };
        assert_eq!(action.url.as_str(), "https://hooks.stripe.example/3ds?intent=1");
        // Asked again, by whoever knows its name and by whoever does not: the same.
        let known = named(&attempt, &action.reference);
        assert_eq!(stripe.authorise(&attempt, LogTime(0)).unwrap(), asked);
        assert_eq!(stripe.authorise(&known, LogTime(0)).unwrap(), asked);
        front.bank(action.reference.as_str(), approves);
        if approves {
            held(&stripe, &known);
        } else {
            let answer = stripe.authorise(&known, LogTime(0)).unwrap();
            assert_eq!(answer, Authorisation::Declined);
        }
    }
}

#[test]
fn an_intent_of_something_else_sells_nothing() {
    if is_quick() {
        return;
    }
    let front = Front::start();
    let stripe = account(&front.address);
    let of_one = held(&stripe, &payment(1, "pm_card_visa"));
    let of_other = named(&payment(2, "pm_card_visa"), of_one.reference.as_ref().unwrap());
    let error = stripe.authorise(&of_other, LogTime(0)).unwrap_err();
    assert!(error.to_string().contains("is not for"), "{error}");
    let foreign = PaymentReference::parse("sandbox/evt/1").unwrap();
    assert!(stripe.capture(&named(&of_one, &foreign)).is_err());
}
