//! Every request as Stripe's own OpenAPI document has it, in the version we name. stripe-mock
//! keeps no state and answers with samples, so what stands in front of it says how the intent
//! stands.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use floodgate_domain::{LogTime, PaymentReference};
use floodgate_payments::{Payment, Provider};
use serde_json::{Value, json};

use crate::front::{forward, read, write};
use crate::is_quick;
use crate::servers::{Server, account, payment};

const ID: &str = "pi_3MtwBwLkdIwHu7ix28a3tqPa";

/// Asks the mock, and lets the intent stand as a test needs it.
struct Samples {
    address: String,
    status: Arc<Mutex<&'static str>>,
    /// Requests, and how the mock answered.
    seen: Arc<Mutex<Vec<(String, u16, Value)>>>,
}

impl Samples {
    fn of(mock: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let status = Arc::new(Mutex::new("requires_confirmation"));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (behind, stands, noted) = (mock.address.clone(), status.clone(), seen.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let Some(request) = read(&stream) else { continue };
                let (code, mut value) = forward(&behind, &request);
                let what = format!("{} {}", request.method, request.path);
                noted.lock().unwrap().push((what, code, value.clone()));
                if value["object"] == "payment_intent" {
                    value["status"] = (*stands.lock().unwrap()).into();
                    value["amount"] = 4900.into();
                    value["currency"] = "eur".into();
                    value["metadata"] = json!({
                        "floodgate_subject": "evt_0000000000003/ord_0000000000001",
                        "floodgate_attempt": "1",
                    });
                }
                write(&stream, code, &value, false);
            }
        });
        Samples { address, status, seen }
    }

    fn stands(&self, status: &'static str) {
        *self.status.lock().unwrap() = status;
    }
}

#[test]
fn every_request_is_as_stripe_describes_it() {
    if is_quick() {
        return;
    }
    let mock = Server::stripe_mock();
    let samples = Samples::of(&mock);
    let stripe = account(&samples.address);
    let fresh = payment(1, "pm_card_visa");
    let known = Payment { reference: PaymentReference::parse(ID), ..fresh.clone() };
    stripe.authorise(&fresh, LogTime(0)).unwrap();
    samples.stands("requires_capture");
    stripe.authorise(&known, LogTime(0)).unwrap();
    stripe.void(&known).unwrap();
    samples.stands("succeeded");
    stripe.capture(&known).unwrap();
    stripe.refund(&known).unwrap();
    let seen = samples.seen.lock().unwrap();
    for (what, status, value) in seen.iter() {
        assert_eq!(*status, 200, "{what}: {value}");
    }
    let of_sample = format!("/v1/payment_intents/{ID}");
    for expected in [
        "POST /v1/payment_intents".to_owned(),
        format!("GET {of_sample}?expand[]=latest_charge"),
        format!("POST {of_sample}/cancel"),
        format!("POST {of_sample}/capture"),
        "POST /v1/refunds".to_owned(),
    ] {
        assert!(seen.iter().any(|(what, ..)| *what == expected), "{expected}: {seen:?}");
    }
    assert!(seen.iter().any(|(what, ..)| what.ends_with("/confirm")), "{seen:?}");
}

#[test]
fn the_description_refuses_what_it_does_not_know() {
    if is_quick() {
        return;
    }
    // Or the test above would prove nothing.
    let mock = Server::stripe_mock();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let ask = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut request = read(&stream).unwrap();
        request.body.push_str("&no_such_field=1");
        let answer = forward(&mock.address, &request);
        write(&stream, answer.0, &answer.1, false);
        answer.0
    });
    let asked = account(&address.to_string()).authorise(&payment(1, "pm_card_visa"), LogTime(0));
    assert_eq!(ask.join().unwrap(), 400);
    assert!(asked.is_err(), "a request that Stripe does not take decides nothing: {asked:?}");
}
