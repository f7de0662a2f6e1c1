//! Webhooks and their calls.

use floodgate_domain::{EventId, LogTime, WebhookId};
use floodgate_event_log::Checkpoint;

use crate::tests::{Fresh, on_each};
use crate::*;

const HOUR: u64 = 3_600_000;

fn new_webhook(kinds: &[&str]) -> NewWebhook {
    NewWebhook {
        id: WebhookId(rand::random()),
        url: "https://example.org/hook?token=abc".to_owned(),
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        event_id: None,
        description: "till".to_owned(),
        start_at: LogTime(0),
    }
}

fn added(store: &Fresh) -> (WebhookId, String) {
    store.with(|work| work.add_webhook(&new_webhook(&[]), LogTime(1))).expect("there is room")
}

fn new_delivery(webhook: WebhookId, place: u64) -> NewDelivery {
    let name = format!("{webhook}-0-{place}-0");
    let (kind, body) = ("seats_held".to_owned(), "{}".to_owned());
    NewDelivery { name, webhook, kind, body, place }
}

fn tried(at: u64, status: u16) -> WebhookTry {
    let (at, reason, answer) = (LogTime(at), format!("answer {status}"), "oh".to_owned());
    WebhookTry { at, status: Some(status), reason, ms: 5, answer }
}

#[test]
fn a_secret_is_seen_once_and_the_old_one_signs_for_another_day() {
    on_each(|store| {
        let (id, secret) = added(store);
        assert!(secret.starts_with("whsec_"));
        let secrets = |at| store.with(|work| work.webhook_secrets(id, LogTime(at)));
        assert_eq!(secrets(2), std::slice::from_ref(&secret));
        let again = NewWebhook { id, ..new_webhook(&[]) };
        let again = store.with(|work| work.add_webhook(&again, LogTime(2)));
        assert_eq!(again, Some((id, secret.clone())));
        let new = store.with(|work| work.rotate_webhook_secret(id, LogTime(10))).expect("there");
        assert_eq!(secrets(11), [new.clone(), secret]);
        assert_eq!(secrets(10 + 25 * HOUR), [new]);
        let shown = store.with(|work| work.webhooks());
        assert_eq!(shown[0].url, "https://example.org/hook?token=abc");
        // The file names neither.
        if let Ok(bytes) = std::fs::read(store.folder.path().join("people.db")) {
            let has = |text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
            assert!(!has(b"whsec_") && !has(b"token=abc"));
        }
        assert!(store.with(|work| work.remove_webhook(id)));
        assert!(!store.with(|work| work.remove_webhook(id)));
    });
}

#[test]
fn there_are_only_so_many() {
    on_each(|store| {
        for _ in 0..WEBHOOKS_MAX {
            added(store);
        }
        let one_more = store.with(|work| work.add_webhook(&new_webhook(&[]), LogTime(1)));
        assert_eq!(one_more, None);
    });
}

#[test]
fn a_call_is_queued_once_and_tried_until_it_is_taken() {
    on_each(|store| {
        let (id, _) = added(store);
        for place in [2, 1, 1, 3] {
            let new = new_delivery(id, place);
            store.with(|work| work.queue_delivery(&new, LogTime(5)));
        }
        let claim = |now: u64| {
            store.with(|work| work.claim_deliveries(id, (LogTime(now), LogTime(now + HOUR)), 2))
        };
        assert_eq!(store.with(|work| work.webhooks_due(LogTime(5))), [id]);
        let due = claim(5);
        assert_eq!(due.iter().map(|one| one.place).collect::<Vec<_>>(), [1, 2]);
        // The first fails, and its webhook rests: nothing else goes out meanwhile.
        let later = TryOutcome::Later { due_at: LogTime(500), rest_until: LogTime(100) };
        store.with(|work| work.record_try((id, &due[0].name), &tried(6, 500), later));
        store.with(|work| work.return_delivery(&due[1].name, LogTime(6)));
        assert!(store.with(|work| work.webhooks_due(LogTime(99))).is_empty());
        assert!(claim(99).is_empty());
        let due = claim(100);
        assert_eq!(
            due.iter().map(|one| (one.place, one.tries)).collect::<Vec<_>>(),
            [(2, 1), (3, 1)]
        );
        for one in &due {
            store
                .with(|work| work.record_try((id, &one.name), &tried(101, 200), TryOutcome::Taken));
        }
        assert_eq!(store.with(|work| work.deliveries_left(id)), 1);
        let due = claim(500);
        assert_eq!((due[0].place, due[0].tries), (1, 2));
        let failed = TryOutcome::Failed { rest_until: LogTime(600) };
        store.with(|work| work.record_try((id, &due[0].name), &tried(501, 404), failed));
        let query = DeliveryQuery { only: Some(DeliveryState::Failed), ..all(10) };
        let shown = store.with(|work| work.deliveries(id, &query));
        let statuses: Vec<_> = shown[0].tries.iter().map(|one| one.status).collect();
        assert_eq!(statuses, [Some(404), Some(500)]);
        // Nothing is due until somebody asks for it again.
        assert!(claim(10_000).is_empty());
        assert_eq!(store.with(|work| work.resend_failed(id, LogTime(6), LogTime(700))), 0);
        assert_eq!(store.with(|work| work.resend_failed(id, LogTime(5), LogTime(700))), 1);
        assert_eq!(claim(700)[0].tries, 1);
    });
}

fn all(count: u32) -> DeliveryQuery {
    DeliveryQuery { count, ..DeliveryQuery::default() }
}

#[test]
fn calls_are_listed_in_pages_and_forgotten_in_time() {
    on_each(|store| {
        let (id, _) = added(store);
        for place in 0..5 {
            let (new, at) = (new_delivery(id, place), LogTime(place / 2));
            store.with(|work| work.queue_delivery(&new, at));
        }
        let mut seen = Vec::new();
        let mut query = all(2);
        loop {
            let page = store.with(|work| work.deliveries(id, &query));
            let Some(last) = page.last() else { break };
            query.before.clone_from(&last.name);
            seen.extend(page.iter().map(|one| one.name.clone()));
        }
        let expected: Vec<_> = (0..5).rev().map(|place| new_delivery(id, place).name).collect();
        assert_eq!(seen, expected);
        let name = &expected[0];
        store.with(|work| work.record_try((id, name), &tried(50, 200), TryOutcome::Taken));
        assert_eq!(store.with(|work| work.drop_deliveries(LogTime(50))), 0);
        assert_eq!(store.with(|work| work.drop_deliveries(LogTime(51))), 1);
        assert_eq!(store.with(|work| work.deliveries(id, &all(10))).len(), 4);
    });
}

#[test]
fn a_disabled_one_is_left_alone_and_goes_on_where_it_was() {
    on_each(|store| {
        let (id, _) = added(store);
        store.with(|work| work.queue_delivery(&new_delivery(id, 1), LogTime(5)));
        store.with(|work| work.disable_webhook(id, "answer 410"));
        store.with(|work| work.disable_webhook(id, "something else"));
        let seen = store.with(|work| work.webhook(id)).expect("there");
        assert_eq!((seen.is_enabled, seen.reason.as_str()), (false, "answer 410"));
        assert!(store.with(|work| work.webhooks_due(LogTime(9))).is_empty());
        let change = WebhookChange { is_enabled: Some(true), ..WebhookChange::default() };
        assert!(store.with(|work| work.change_webhook(id, &change, LogTime(20))));
        assert_eq!(store.with(|work| work.webhooks_due(LogTime(20))), [id]);
        let seen = store.with(|work| work.webhook(id)).expect("there");
        assert!(seen.is_enabled && seen.reason.is_empty());
    });
}

#[test]
fn only_one_process_moves_a_webhook_on_and_a_change_may_send_it_back() {
    on_each(|store| {
        let (id, _) = added(store);
        let at = Checkpoint::at;
        let moved = |from: Option<u64>, to: u64| {
            store.with(|work| work.move_webhook(id, 0, (from.map(at), at(to))))
        };
        assert!(moved(None, 3) && !moved(None, 4));
        assert!(moved(Some(3), 9) && !moved(Some(3), 9));
        assert_eq!(store.with(|work| work.webhook_position(id, 0)), Some(at(9)));
        let change = WebhookChange { start_at: Some(LogTime(7)), ..WebhookChange::default() };
        store.with(|work| work.change_webhook(id, &change, LogTime(8)));
        assert_eq!(store.with(|work| work.webhook_position(id, 0)), None);
    });
}

#[test]
fn a_webhook_is_called_with_what_it_asked_for() {
    on_each(|store| {
        let new = NewWebhook { event_id: Some(EventId(7)), ..new_webhook(&["order_confirmed"]) };
        store.with(|work| work.add_webhook(&new, LogTime(1)));
        let one = store.with(|work| work.webhooks()).remove(0);
        for (kind, event_id, wants) in
            [("order_confirmed", 7, true), ("order_confirmed", 8, false), ("seats_held", 7, false)]
        {
            assert_eq!(one.wants(kind, EventId(event_id)), wants, "{kind} {event_id}");
        }
    });
}

#[test]
fn tests_are_counted() {
    on_each(|store| {
        let (id, _) = added(store);
        let test = |number: u64, at: u64| {
            let mut new = new_delivery(id, number);
            new.kind = WEBHOOK_TEST.to_owned();
            store.with(|work| work.queue_test_delivery(&new, LogTime(at)))
        };
        assert!((0..10).all(|number| test(number, 100_000)));
        assert!(!test(10, 100_001) && test(11, 160_001));
    });
}

#[test]
fn addresses_are_encrypted_or_local() {
    for good in ["https://example.org/x", "http://127.0.0.1:9/x"] {
        assert!(is_webhook_url(good), "{good}");
    }
    for wrong in ["http://example.org", "https://a:b@example.org", "https://", "x", "https://a b"] {
        assert!(!is_webhook_url(wrong), "{wrong}");
    }
}
