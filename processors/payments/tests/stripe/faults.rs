//! Answers that are lost, servers in trouble, processes that die: money moves once all the same.

use floodgate_domain::LogTime;
use floodgate_payments::{Authorisation, Captured, Payment, Provider};

use crate::flows::{held, named};
use crate::front::{Fault, Front};
use crate::is_quick;
use crate::servers::{account, payment};

fn intents(front: &Front) -> usize {
    front.ask("GET", "/v1/payment_intents?limit=100", "")["data"].as_array().unwrap().len()
}

#[test]
fn an_answer_that_is_lost_is_found_again_under_the_same_name() {
    if is_quick() {
        return;
    }
    let front = Front::start();
    let stripe = account(&front.address);
    let attempt = payment(1, "pm_card_visa");
    // The intent was made, and confirmed, and both times nobody heard of it.
    front.fail("/v1/payment_intents", Fault::LoseAnswer);
    assert!(stripe.authorise(&attempt, LogTime(0)).is_err());
    front.fail("/confirm", Fault::LoseAnswer);
    assert!(stripe.authorise(&attempt, LogTime(0)).is_err());
    // A process of its own, which knows nothing but the facts.
    let held = held(&account(&front.address), &attempt);
    assert_eq!(intents(&front), 1, "one attempt, one intent");
    front.fail("/capture", Fault::LoseAnswer);
    assert!(stripe.capture(&held).is_err());
    assert_eq!(stripe.capture(&held).unwrap(), Captured::Done);
}

#[test]
fn trouble_there_says_nothing_about_the_money() {
    if is_quick() {
        return;
    }
    let front = Front::start();
    let stripe = account(&front.address);
    let attempt = payment(1, "pm_card_visa");
    for status in [429, 409, 503] {
        front.fail("/v1/payment_intents", Fault::Refuse(status));
        assert!(stripe.authorise(&attempt, LogTime(0)).is_err(), "{status}");
    }
    // Stripe keeps its own failure under the name: the next try has another.
    let held = held(&stripe, &attempt);
    let names = front.names("/v1/payment_intents");
    assert_eq!(names.last().unwrap(), "evt_0000000000003/ord_0000000000001/1/create/2");
    for operation in ["/capture", "/cancel"] {
        front.fail(operation, Fault::Refuse(500));
    }
    assert!(stripe.capture(&held).is_err());
    assert_eq!(stripe.capture(&held).unwrap(), Captured::Done);
    front.fail("/v1/refunds", Fault::Refuse(500));
    assert!(stripe.refund(&held).is_err());
    stripe.refund(&held).unwrap();
    let reference = held.reference.as_ref().unwrap().as_str();
    let refunds = front.ask("GET", &format!("/v1/refunds?payment_intent={reference}"), "");
    assert_eq!(refunds["data"].as_array().unwrap().len(), 1);
}

#[test]
fn an_attempt_nobody_heard_of_is_let_go_of_by_its_name() {
    if is_quick() {
        return;
    }
    let front = Front::start();
    let stripe = account(&front.address);
    let attempt = payment(1, "pm_card_visa");
    front.fail("/confirm", Fault::LoseAnswer);
    assert!(stripe.authorise(&attempt, LogTime(0)).is_err());
    stripe.void(&attempt).unwrap();
    assert_eq!(intents(&front), 1);
    let all = front.ask("GET", "/v1/payment_intents?limit=100", "");
    assert_eq!(all["data"][0]["status"], "canceled");
    // And one that never got there: what is made now is let go of at once.
    stripe.void(&payment(2, "pm_card_visa")).unwrap();
    let all = front.ask("GET", "/v1/payment_intents?limit=100", "");
    let held = |intent: &serde_json::Value| intent["status"] != "canceled";
    assert!(!all["data"].as_array().unwrap().iter().any(held), "{all}");
    // A yes that comes from nowhere after that is none.
    let reference = all["data"][0]["id"].as_str().unwrap();
    let reference = floodgate_domain::PaymentReference::parse(reference).unwrap();
    let late = named(&attempt, &reference);
    let asked = stripe.authorise(&Payment { attempt: late.attempt, ..late }, LogTime(0));
    assert!(!matches!(asked, Ok(Authorisation::Authorised(_))), "{asked:?}");
}

#[test]
fn nobody_there_is_no_answer() {
    let stripe = account(floodgate_testkit::ports::NOBODY);
    assert!(stripe.authorise(&payment(1, "pm_card_visa"), LogTime(0)).is_err());
    assert!(stripe.void(&payment(1, "pm_card_visa")).is_err());
}
