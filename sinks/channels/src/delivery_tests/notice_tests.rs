//! What follows from the sale itself, and links about an address.

use super::*;

#[test]
fn followers_hear_of_a_sale_an_hour_before_it_opens_and_once() {
    let mut scene = Scene::new();
    scene.contact(1, "one@example.org");
    scene.consents(1);
    // By day where the reader is, which is what counts.
    let mut changed = details("Show");
    changed.opens_at = Some(LogTime(NOON + 3 * HOUR));
    scene.say(Fact::DetailsSet(SetBy { value: Box::new(changed), by: Some(StaffId(1)) }));
    scene.now = NOON + HOUR;
    scene.restart();
    scene.deliver();
    assert_eq!(scene.arrived().len(), 0, "two hours are too early");
    scene.now = NOON + 2 * HOUR + 60_000;
    for _ in 0..3 {
        scene.restart();
        scene.deliver();
    }
    let taken = scene.mail.taken.lock().unwrap();
    let [mail] = &taken[..] else { panic!("{taken:?}") };
    assert_eq!(mail.occasion, "sale_opens_soon");
    assert!(mail.text.contains("15:00"), "{}", mail.text);
}

#[test]
fn whoever_waits_hears_of_their_turn_and_of_what_staff_say() {
    let mut scene = Scene::new();
    for buyer in [1, 2] {
        scene.contact(buyer, &format!("p{buyer}@example.org"));
        scene.consents(buyer);
        let (buyer, place) = (BuyerId(buyer), QueuePlace(buyer * 10));
        scene.say(Fact::TurnAwaited { buyer, place });
    }
    scene.say(Fact::PlacesCalled { below: Frontier(15) });
    scene.deliver();
    assert_eq!(scene.arrived(), ["p1@example.org"]);
    scene.announce(100, AudienceWho::WAITERS);
    scene.deliver();
    assert_eq!(scene.arrived(), ["p2@example.org"]);
    scene.say(Fact::EventCancelled);
    scene.announce(101, AudienceWho::WAITERS);
    scene.deliver();
    assert_eq!(scene.arrived(), Vec::<String>::new(), "nobody waits any more");
}

#[test]
fn links_about_an_address_go_there_before_it_is_confirmed() {
    let scene = Scene::new();
    let new = NewContact {
        buyer: BuyerId(1),
        address: Address::parse(Channel::Email, "new@example.org").unwrap(),
        language: "en".into(),
        time_zone: String::new(),
        wants: Vec::new(),
        label: "Firefox".into(),
    };
    scene.with(|work| work.ask(&new, LogTime(NOON)));
    scene.deliver();
    let mail = scene.mail.taken.lock().unwrap().pop().unwrap();
    assert_eq!(
        (mail.occasion.as_str(), mail.address.as_str()),
        ("confirm_address", "new@example.org")
    );
    let token = mail.link.strip_prefix("https://tickets.example.org/confirm#").unwrap();
    let link = scene.people.link(token);
    assert!(matches!(link, Some(floodgate_people::Link::Confirm { .. })), "{link:?}");
    assert!(mail.text.contains(token) && mail.html.contains(token));
    // How often one address is asked is known after it was sent, too.
    for _ in 0..9 {
        scene.with(|work| work.ask(&new, LogTime(NOON)));
        scene.deliver();
    }
    assert!(scene.arrived().len() <= 2, "three an hour");
}

#[test]
fn whoever_leaves_a_hold_to_end_hears_of_it_once_and_in_time() {
    let mut scene = Scene::new();
    scene.contact(1, "one@example.org");
    let held = |hold: u64, until: u64| Fact::SeatsHeld {
        hold_id: HoldId(hold),
        buyer: BuyerId(1),
        seats: SeatList::try_from(&[u32::try_from(hold).unwrap()][..]).unwrap(),
        amount: 4900,
        until: LogTime(until),
        pay_by: None,
    };
    scene.say(held(1, NOON + 600_000));
    scene.say(held(2, NOON + 600_000));
    scene.say(bought(2, 1, &[2]));
    scene.deliver();
    assert_eq!(scene.arrived().len(), 1, "the one that was paid for");
    scene.now = NOON + 500_000;
    scene.restart();
    scene.deliver();
    assert_eq!(scene.arrived().len(), 0, "too early");
    scene.now = NOON + 520_000;
    for _ in 0..3 {
        scene.restart();
        scene.deliver();
    }
    let taken = std::mem::take(&mut *scene.mail.taken.lock().unwrap());
    let [mail] = &taken[..] else { panic!("{taken:?}") };
    assert_eq!(mail.occasion, "hold_ending");
    assert!(mail.subject.contains("12:10 (Europe/Berlin, CET)"), "{}", mail.subject);
    // Too late is worse than not at all.
    scene.say(held(3, NOON + 700_000));
    scene.now = NOON + 700_001;
    scene.restart();
    scene.deliver();
    assert_eq!(scene.arrived().len(), 0);
}

#[test]
fn followers_hear_once_that_a_sale_is_open_and_holders_of_what_they_have_to_know() {
    let mut scene = Scene::new();
    scene.contact(1, "one@example.org");
    scene.consents(1);
    for fact in [Fact::SaleOpened, Fact::SalePaused, Fact::SaleOpened] {
        scene.say(fact);
    }
    scene.deliver();
    assert_eq!(scene.arrived().len(), 1);
    scene.say(bought(1, 1, &[0]));
    scene.deliver();
    scene.arrived();
    let set = |change: fn(&mut EventDetails)| {
        let mut changed = details("Show");
        change(&mut changed);
        Fact::DetailsSet(SetBy { value: Box::new(changed), by: None })
    };
    scene.say(set(|details| details.description = "More words".into()));
    scene.deliver();
    assert_eq!(scene.arrived().len(), 0);
    scene.say(set(|details| details.venue_name = "Another house".into()));
    scene.say(Fact::EventCancelled);
    scene.restart();
    scene.deliver();
    let taken = std::mem::take(&mut *scene.mail.taken.lock().unwrap());
    let mut said: Vec<&str> = taken.iter().map(|mail| mail.occasion.as_str()).collect();
    said.sort_unstable();
    assert_eq!(said, ["event_cancelled", "event_details_changed"]);
    assert!(taken.iter().any(|mail| mail.text.contains("Another house")));
}
