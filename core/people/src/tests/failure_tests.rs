//! Messages that were given up: listed in pages, sent again under their names, and bounced later.

use super::*;

fn message(name: &str, occasion: &str, event_id: EventId) -> NewMessage {
    NewMessage {
        message: name.to_owned(),
        occasion: occasion.to_owned(),
        event_id: Some(event_id),
        announcement: (occasion == "announcement").then_some(AnnouncementId(7)),
        buyer: BuyerId(1),
        variables: serde_json::json!({ "number": 3 }),
        due_at: LogTime(HOUR),
        made_at: LogTime(HOUR),
    }
}

fn give_up(fresh: &Fresh, at: u64) {
    for due in fresh.due(at) {
        let via = Via { channel: Some(Channel::Email), ..Via::default() };
        let reason = format!("rcpt: 451 of {}", due.message);
        fresh.with(|work| work.give_up(&due.message, &via, &reason, LogTime(at)));
    }
}

fn query() -> FailedQuery {
    FailedQuery::default()
}

#[test]
fn what_was_given_up_is_listed_with_its_reason_and_sent_again() {
    on_each(|fresh| {
        let other = EventId(2);
        for (name, occasion, event_id) in [
            ("a", "order_confirmed", EVENT),
            ("b", "announcement", EVENT),
            ("c", "order_confirmed", other),
            ("d", "your_turn", EVENT),
            ("e", "sign_in", EVENT),
        ] {
            fresh.with(|work| work.queue(&message(name, occasion, event_id)));
        }
        give_up(fresh, HOUR);
        let list = |query: &FailedQuery, after: (LogTime, &str), count| {
            let found = fresh.with(|work| work.failed(query, after, count));
            found.into_iter().map(|one| one.message).collect::<Vec<_>>()
        };
        let start = (LogTime(0), "");
        assert_eq!(list(&query(), start, 9), ["a", "b", "c", "d", "e"]);
        assert_eq!(list(&query(), start, 2), ["a", "b"]);
        assert_eq!(list(&query(), (LogTime(HOUR), "b"), 9), ["c", "d", "e"]);
        let of_event = FailedQuery { event_id: Some(other), ..query() };
        assert_eq!(list(&of_event, start, 9), ["c"]);
        let of_announcement = FailedQuery { announcement: Some(AnnouncementId(7)), ..query() };
        assert_eq!(list(&of_announcement, start, 9), ["b"]);
        let first = fresh.with(|work| work.failed(&query(), start, 1)).remove(0);
        assert_eq!((first.reason.as_str(), first.tries), ("rcpt: 451 of a", 1));
        assert_eq!((first.event_id, first.channel), (Some(EVENT), Some(Channel::Email)));
        assert!(first.can_be_sent_again());

        let again =
            |query: &FailedQuery| fresh.with(|work| work.send_again(query, LogTime(5 * HOUR)));
        let one = FailedQuery { message: Some("a".to_owned()), ..query() };
        assert_eq!((again(&one), again(&one)), (1, 0));
        assert_eq!(again(&FailedQuery { occasion: Some("your_turn".to_owned()), ..query() }), 0);
        assert_eq!(again(&query()), 2, "a turn and a link that signs in are over");
        assert_eq!(list(&query(), start, 9), ["d", "e"]);
        let due = fresh.due(5 * HOUR);
        let names: Vec<_> = due.iter().map(|one| (one.message.as_str(), one.tries)).collect();
        assert_eq!(
            names,
            [("a", 1), ("b", 1), ("c", 1)],
            "under their names, with all their tries"
        );
        assert!(due.iter().all(|one| one.made_at == LogTime(5 * HOUR)));
        assert_eq!(due[1].variables, serde_json::json!({ "number": 3 }), "and what they say");
    });
}

#[test]
fn what_comes_back_later_is_bounced_and_only_some_addresses_are_given_up() {
    on_each(|fresh| {
        fresh.with(|work| work.queue(&message("a", "order_confirmed", EVENT)));
        fresh.due(HOUR);
        let via = Via {
            channel: Some(Channel::Sms),
            lookup: Some(vec![1; 32]),
            reference: Some("SM1".to_owned()),
            ..Via::default()
        };
        fresh.with(|work| work.finish("a", Verdict::Sent, &via, LogTime(HOUR)));
        let back = |suppress| fresh.with(|work| work.came_back("SM1", suppress, LogTime(HOUR)));
        let suppressed = || {
            let sql = "SELECT COUNT(*) FROM suppressions";
            fresh.with(|work| work.row(sql, &[])).expect("a row").int(0).expect("a number")
        };
        assert!(back(None));
        assert_eq!(suppressed(), 0, "full today, and there tomorrow");
        assert!(back(Some("bounced")));
        assert_eq!(suppressed(), 1);
        assert!(!fresh.with(|work| work.came_back("SM2", None, LogTime(HOUR))));
    });
}
