//! What a buyer's browser gets, and what an account must have.

use floodgate_domain::{Currency, EventId, HoldId, OrderStatus, Subject};
use floodgate_payments::Provider;
use floodgate_payments::stripe::{Stripe, StripeError, StripeOptions};
use floodgate_payments::web::{CardForm, PageAnswer, PageMethod, PageRequest, Purchase};

use crate::servers::account;

fn get<'a>(page: &'a str, purchase: Option<&'a Purchase>) -> PageRequest<'a> {
    PageRequest { method: PageMethod::Get, page, body: b"", purchase }
}

#[test]
fn the_card_page_alone_may_load_what_is_stripes() {
    let stripe = account("127.0.0.1:1");
    assert_eq!(stripe.card_form(), CardForm::Page("card"));
    let mut purchase = Purchase {
        subject: Subject::Order { event_id: EventId(3), hold_id: HoldId(1) },
        status: OrderStatus::Held,
        attempt: 0,
        amount: 4900,
        currency: Currency(*b"EUR"),
        action: None,
        is_again: false,
    };
    let PageAnswer::Content(page) = stripe.page(&get("card", Some(&purchase))) else { panic!() };
    let text = std::str::from_utf8(&page.body).unwrap();
    for part in [
        "data-key=\"pk_test_123456\"",
        "data-hold=\"hld_0000000000001\"",
        "data-amount=\"4900\" data-currency=\"eur\"",
        "data-back=\"/events/evt_0000000000003\"",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains('{'), "something was not filled in: {text}");
    assert!(page.origins.contains(&"https://js.stripe.com"));
    let PageAnswer::Content(script) = stripe.page(&get("card.js", None)) else { panic!() };
    assert!(script.origins.is_empty());
    // Once it is paid, or being paid, no second card is asked for.
    purchase.status = OrderStatus::PaymentPending;
    assert_eq!(stripe.page(&get("card", Some(&purchase))), PageAnswer::NotFound);
    assert_eq!(stripe.page(&get("card", None)), PageAnswer::NotFound);
}

#[test]
fn an_account_that_cannot_be_used_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let good = StripeOptions {
        api: "https://api.stripe.com".to_owned(),
        secret_key_file: file("key", "rk_live_1\n"),
        webhook_secrets_file: file("secrets", "whsec_a\nwhsec_b\n"),
        publishable_key: "pk_live_1".to_owned(),
        public_url: "https://tickets.example".to_owned(),
    };
    let live = Stripe::open(&good).unwrap();
    assert!(live.moves_money());
    assert!(!account("127.0.0.1:1").moves_money(), "a test key moves none");
    assert!(!format!("{live:?}").contains("rk_live_1"), "a key is not for showing");
    let with = |change: &dyn Fn(&mut StripeOptions)| {
        let mut options = good.clone();
        change(&mut options);
        Stripe::open(&options).unwrap_err().to_string()
    };
    let rows = [
        (with(&|o| o.secret_key_file = file("bad", "pk_live_1")), "begins with sk_"),
        (with(&|o| o.secret_key_file = folder.path().join("none")), "none"),
        (with(&|o| o.publishable_key = "pk_test_1".to_owned()), "publishable_key"),
        (with(&|o| o.publishable_key = "pk_live_\"><".to_owned()), "publishable_key"),
        (with(&|o| o.api = "http://api.stripe.com".to_owned()), "https"),
        (with(&|o| o.public_url.clear()), "public_url"),
        (with(&|o| o.webhook_secrets_file = file("s", "whsec_a,whsec_b,whsec_c")), "at most 2"),
        (with(&|o| o.webhook_secrets_file = file("t", "secret")), "whsec_"),
    ];
    for (error, part) in rows {
        assert!(error.contains(part), "{error}");
    }
    assert!(matches!(
        Stripe::open(&StripeOptions { public_url: String::new(), ..good }),
        Err(StripeError::PublicUrl)
    ));
}
