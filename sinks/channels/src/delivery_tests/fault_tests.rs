//! What goes wrong in between: a crash, a store that fails, servers that refuse, two at once.

use super::*;

#[test]
fn a_crash_repeats_one_mail_at_most_under_the_same_name() {
    let mut scene = Scene::new();
    for buyer in 1..=20 {
        scene.contact(buyer, &format!("p{buyer}@example.org"));
        scene.consents(buyer);
    }
    scene.announce(100, AudienceWho::FOLLOWERS);
    let mut died = 0;
    for crash in [3, 9, 12] {
        *scene.mail.dies_after.lock().unwrap() = Some(crash);
        let mut worker = scene.worker();
        let now = scene.now;
        let turn =
            std::panic::AssertUnwindSafe(|| while worker.turn(|| LogTime(now)).unwrap() > 0 {});
        died += usize::from(std::panic::catch_unwind(turn).is_err());
        // Nobody else can have what it had taken: the next goes on at once.
        scene.restart();
    }
    scene.deliver();
    let taken = scene.mail.taken.lock().unwrap();
    let mut names: Vec<&str> = taken.iter().map(|mail| mail.message_id.as_str()).collect();
    assert_eq!((names.len(), died), (23, 3));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 20, "what came twice has one name");
    drop(taken);
    assert_eq!(scene.verdicts(100), [(Verdict::Sent, 20)]);
}

#[test]
fn what_cannot_be_delivered_is_tried_again_and_what_never_can_is_never_written_to_again() {
    let mut scene = Scene::new();
    scene.contact(1, "one@example.org");
    scene.consents(1);
    let later = |after| Delivery::Later { reason: "busy".into(), after };
    *scene.mail.answers.lock().unwrap() = vec![later(Some(Duration::from_secs(3600))), later(None)];
    scene.announce(100, AudienceWho::FOLLOWERS);
    for (minutes, count) in [(0, 0), (1, 0), (59, 0), (3, 1)] {
        scene.now += minutes * 60_000;
        scene.deliver();
        assert_eq!(scene.arrived().len(), count, "{minutes}");
    }
    *scene.mail.answers.lock().unwrap() =
        vec![Delivery::Never { reason: "recipient: 550 5.1.1".into(), suppress: true }];
    scene.say(bought(1, 1, &[0]));
    scene.deliver();
    scene.say(bought(2, 1, &[1]));
    scene.announce(101, AudienceWho::FOLLOWERS);
    scene.deliver();
    assert_eq!(scene.arrived().len(), 0);
    assert_eq!(scene.verdicts(101), [(Verdict::Suppressed, 1)]);
}

#[test]
fn a_store_that_fails_for_a_while_misses_nothing_and_doubles_nothing() {
    let mut scene = Scene::new();
    for buyer in 1..=3 {
        scene.contact(buyer, &format!("p{buyer}@example.org"));
        scene.consents(buyer);
    }
    let file = rusqlite::Connection::open(scene._folder.path().join("people.db")).unwrap();
    file.execute_batch("ALTER TABLE messages RENAME TO away").unwrap();
    scene.publish(bought(1, 1, &[0, 1]));
    let announcement = Box::new(announcement(100, AudienceWho::HOLDERS));
    let by = StaffId(1);
    scene.publish(Fact::AnnouncementMade { announcement, needs_approval: false, by });
    for _ in 0..3 {
        assert!(scene.feed.turn(LogTime(scene.now), Duration::ZERO).is_err());
    }
    // Another process meets the same, and knows nothing of what this one had read.
    scene.publish(Fact::AnnouncementStarted { id: AnnouncementId(100) });
    file.execute_batch("ALTER TABLE away RENAME TO messages").unwrap();
    scene.follow();
    scene.deliver();
    assert_eq!(
        scene.arrived(),
        ["p1@example.org", "p1@example.org"],
        "the order, the announcement"
    );
    scene.restart();
    scene.deliver();
    assert_eq!(scene.arrived(), Vec::<String>::new());
    assert_eq!(scene.verdicts(100), [(Verdict::Sent, 1)]);
    // Its tickets were counted once: giving one away leaves one, giving both leaves none.
    for (seat, expected) in [(0, 1), (1, 0)] {
        let (hold_id, seat) = (HoldId(1), floodgate_domain::SeatId(seat));
        scene.say(Fact::TicketTransferred { hold_id, seat, from: BuyerId(1), to: BuyerId(9) });
        let id = 200 + u64::from(seat.0);
        scene.announce(id, AudienceWho::HOLDERS);
        scene.deliver();
        assert_eq!(scene.arrived().len(), expected, "{seat:?}");
    }
}

#[test]
fn two_processes_that_follow_the_same_log_write_everything_once() {
    let mut scene = Scene::new();
    scene.contact(1, "one@example.org");
    scene.consents(1);
    let words = Arc::new(Words::default());
    let mut other = reading(&scene.log, &scene.people, &words);
    let mut follow = |scene: &Scene| {
        while other.turn(LogTime(scene.now), Duration::ZERO).unwrap().behind > 0 {}
    };
    follow(&scene);
    scene.publish(bought(1, 1, &[0, 1]));
    follow(&scene);
    scene.follow();
    scene.publish(bought(2, 1, &[2]));
    // The one is behind by a fact that the other has written, when a third comes.
    follow(&scene);
    scene.publish(bought(3, 1, &[3]));
    scene.follow();
    follow(&scene);
    scene.deliver();
    assert_eq!(scene.arrived().len(), 3);
    // Four seats were counted: three given away leave one.
    for (hold, seat) in [(1, 0), (1, 1), (2, 2)] {
        let (hold_id, seat) = (HoldId(hold), floodgate_domain::SeatId(seat));
        scene.say(Fact::TicketTransferred { hold_id, seat, from: BuyerId(1), to: BuyerId(9) });
    }
    scene.announce(100, AudienceWho::HOLDERS);
    scene.deliver();
    assert_eq!(scene.arrived(), ["one@example.org"]);
}

#[test]
fn a_worker_that_is_stopped_records_what_it_did_and_leaves_the_rest_to_others() {
    let mut scene = Scene::new();
    for buyer in 1..=5 {
        scene.contact(buyer, &format!("p{buyer}@example.org"));
        scene.consents(buyer);
    }
    scene.announce(100, AudienceWho::FOLLOWERS);
    *scene.mail.stops.lock().unwrap() = Some(Arc::clone(&scene.shared));
    scene.worker().turn(|| LogTime(NOON)).unwrap();
    assert_eq!(scene.arrived().len(), 1);
    assert_eq!(scene.verdicts(100), [(Verdict::Sent, 1)]);
    // At once, and not when a lease is over.
    scene.restart();
    scene.deliver();
    assert_eq!(scene.arrived().len(), 4);
    assert_eq!(scene.verdicts(100), [(Verdict::Sent, 5)]);
}

#[test]
fn what_a_process_has_taken_is_its_own_until_its_lease_is_over() {
    let mut scene = Scene::new();
    for buyer in 1..=3 {
        scene.contact(buyer, &format!("p{buyer}@example.org"));
        scene.consents(buyer);
    }
    scene.announce(100, AudienceWho::FOLLOWERS);
    *scene.mail.dies_after.lock().unwrap() = Some(1);
    let (mut worker, now) = (scene.worker(), scene.now);
    let turn = std::panic::AssertUnwindSafe(|| worker.turn(|| LogTime(now)));
    assert!(std::panic::catch_unwind(turn).is_err());
    // Another worker of this process goes on with what nobody has.
    scene.deliver();
    assert_eq!(scene.arrived().len(), 1);
    scene.now += 6 * 60_000;
    scene.deliver();
    assert_eq!(scene.arrived().len(), 3);
    assert_eq!(scene.verdicts(100), [(Verdict::Sent, 3)]);
}

#[test]
fn an_order_is_confirmed_by_mail_once_whatever_restarts() {
    let mut scene = Scene::new();
    scene.contact(5, "ada@example.org");
    scene.say(bought(1, 5, &[0, 1]));
    scene.say(bought(2, 6, &[2]));
    scene.restart();
    scene.deliver();
    scene.restart();
    scene.deliver();
    let taken = scene.mail.taken.lock().unwrap();
    let [mail] = &taken[..] else { panic!("{taken:?}") };
    assert_eq!(
        (mail.address.as_str(), mail.subject.as_str()),
        ("ada@example.org", "Ihre Karten für Show")
    );
    for words in ["Karten: 2", "98,00 EUR", "ord_", "Europe/Berlin", "House"] {
        assert!(mail.text.contains(words), "{words} in {}", mail.text);
    }
    assert_eq!(mail.unsubscribe, None, "what was bought cannot be unsubscribed from");
}
