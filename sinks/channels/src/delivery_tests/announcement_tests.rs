//! Words of staff: whom they reach, when, and how they are held back.

use super::*;

#[test]
fn an_announcement_reaches_each_person_once_and_says_why_not() {
    let mut scene = Scene::new();
    for (buyer, name) in [(1, "one"), (2, "two"), (3, "three"), (4, "four")] {
        scene.contact(buyer, &format!("{name}@example.org"));
    }
    // Somebody with a second device.
    scene.contact(11, "one@example.org");
    for buyer in [1, 2, 11] {
        scene.consents(buyer);
    }
    for (number, buyer) in [1_u32, 2, 3, 9, 11].into_iter().enumerate() {
        let hold = number as u64 + 1;
        scene.say(bought(hold, buyer.into(), &[number as u32]));
    }
    scene.deliver();
    scene.arrived();
    scene.announce(100, AudienceWho::HOLDERS);
    scene.restart();
    scene.deliver();
    assert_eq!(scene.arrived(), ["one@example.org", "two@example.org"]);
    let total: u64 = scene.verdicts(100).iter().map(|(_, count)| count).sum();
    let verdicts = scene.verdicts(100);
    assert!(verdicts.contains(&(Verdict::Sent, 2)) && verdicts.contains(&(Verdict::NoConsent, 1)));
    assert!(verdicts.contains(&(Verdict::NoAddress, 1)), "{verdicts:?}");
    assert!((4..=5).contains(&total), "{verdicts:?}");
    // Whoever gives their ticket away is no holder any more.
    let (hold_id, seat) = (HoldId(2), floodgate_domain::SeatId(1));
    scene.say(Fact::TicketTransferred { hold_id, seat, from: BuyerId(2), to: BuyerId(4) });
    scene.consents(4);
    scene.deliver();
    assert_eq!(scene.arrived(), ["four@example.org"], "about the ticket they have got");
    scene.announce(101, AudienceWho::HOLDERS);
    scene.deliver();
    assert_eq!(scene.arrived(), ["four@example.org", "one@example.org"]);
}

#[test]
fn mail_that_can_be_ended_says_how_and_what_staff_write_is_no_markup() {
    let mut scene = Scene::new();
    scene.contact(1, "one@example.org");
    scene.consents(1);
    scene.announce(100, AudienceWho::FOLLOWERS);
    scene.deliver();
    let taken = scene.mail.taken.lock().unwrap();
    let [mail] = &taken[..] else { panic!("{taken:?}") };
    let start = "https://tickets.example.org/v1/unsubscribe/";
    let token = mail.unsubscribe.as_deref().unwrap().strip_prefix(start).unwrap();
    assert!(mail.text.contains(&format!("https://tickets.example.org/unsubscribe/{token}")));
    let link = scene.people.link(token);
    assert!(matches!(link, Some(floodgate_people::Link::Unsubscribe { buyer: BuyerId(1), .. })));
    assert!(mail.html.contains("Come &lt;early&gt;") && mail.text.contains("Come <early>"));
    assert!(mail.link.ends_with(&format!("/events/{EVENT}")));
}

#[test]
fn nobody_is_woken_and_nobody_gets_more_than_their_share() {
    let mut scene = Scene::new();
    scene.contact(1, "one@example.org");
    scene.consents(1);
    // Eleven in the evening in Berlin.
    scene.now = NOON + 11 * HOUR;
    scene.announce(100, AudienceWho::FOLLOWERS);
    scene.deliver();
    assert_eq!(scene.arrived(), Vec::<String>::new());
    assert_eq!(scene.with(|work| work.report(EVENT, AnnouncementId(100))).quiet, 1);
    // What they have bought comes at any hour.
    scene.say(bought(1, 1, &[0]));
    scene.deliver();
    assert_eq!(scene.arrived(), ["one@example.org"]);
    scene.now = NOON + 20 * HOUR;
    scene.deliver();
    assert_eq!(scene.arrived(), ["one@example.org"], "at eight in the morning");
    for id in 101..104 {
        scene.announce(id, AudienceWho::FOLLOWERS);
        scene.deliver();
    }
    assert_eq!(scene.arrived().len(), 1, "two a week");
    assert_eq!(scene.verdicts(102), [(Verdict::Capped, 1)]);
    // From Monday on it is another week.
    scene.now = NOON + 5 * 24 * HOUR;
    scene.announce(104, AudienceWho::FOLLOWERS);
    scene.deliver();
    assert_eq!(scene.arrived(), ["one@example.org"]);
}

#[test]
fn staff_can_pause_and_stop_what_is_under_way() {
    let mut scene = Scene::new();
    for buyer in 1..=40 {
        scene.contact(buyer, &format!("p{buyer}@example.org"));
        scene.consents(buyer);
    }
    scene.announce(100, AudienceWho::FOLLOWERS);
    scene.worker().turn(|| LogTime(NOON)).unwrap();
    assert_eq!(scene.arrived().len(), 16);
    let steer = |step| Fact::AnnouncementSteered { id: AnnouncementId(100), step, by: StaffId(1) };
    scene.say(steer(AnnouncementStep::Pause));
    scene.deliver();
    assert_eq!(scene.arrived().len(), 0);
    scene.say(steer(AnnouncementStep::Resume));
    scene.worker().turn(|| LogTime(NOON)).unwrap();
    assert_eq!(scene.arrived().len(), 16, "and nobody twice");
    scene.say(steer(AnnouncementStep::Stop));
    scene.deliver();
    assert_eq!(scene.arrived().len(), 0);
    assert_eq!(scene.verdicts(100), [(Verdict::Sent, 32), (Verdict::Stopped, 8)]);
}

#[test]
fn words_that_are_tried_out_go_to_one_address_and_are_marked() {
    let scene = Scene::new();
    let address = Address::parse(Channel::Email, "staff@example.org").unwrap();
    let draft = serde_json::json!({ "subject": "Doors", "text": "At <seven>", "link": null });
    let variables = serde_json::json!({ "announcement": draft, "language": "de" });
    let name = format!("test-{EVENT}-a key of any kind");
    scene.with(|work| work.queue_test(&name, EVENT, &address, variables, LogTime(NOON)));
    scene.deliver();
    let taken = scene.mail.taken.lock().unwrap();
    let [mail] = &taken[..] else { panic!("{taken:?}") };
    assert_eq!(
        (mail.subject.as_str(), mail.address.as_str()),
        ("[Test] Doors", "staff@example.org")
    );
    assert!(mail.text.contains("At <seven>") && mail.html.contains("At &lt;seven&gt;"));
    assert!(mail.text.starts_with("Dies ist ein Test") && mail.unsubscribe.is_none());
    assert!(crate::courier::is_plain_id(&mail.message_id));
}
