//! Ways to sign in, sessions of staff, and looking for people, on each kind of store.

use floodgate_domain::{
    AnnouncementId, AudienceSpec, AudienceWho, BuyerId, Channel, Consent, ConsentScope, EventId,
    LogTime, StaffId,
};

use super::{Fresh, new_contact, on_each};
use crate::*;

const NOW: LogTime = LogTime(1_795_604_400_000);

fn device(buyer: u64) -> NewDevice {
    NewDevice {
        buyer: BuyerId(buyer),
        label: format!("device {buyer}"),
        language: "en".to_owned(),
        time_zone: "UTC".to_owned(),
    }
}

fn identity(subject: &str) -> KnownIdentity {
    KnownIdentity { issuer: "https://id.example".to_owned(), subject: subject.to_owned() }
}

fn person_of(fresh: &Fresh, buyer: u64) -> Option<floodgate_domain::PersonId> {
    fresh.with(|work| work.person_of(BuyerId(buyer)))
}

#[test]
fn a_provider_knows_one_person_on_every_device_and_two_are_never_made_one() {
    on_each(|fresh| {
        let sign_in = |who: &str, buyer: u64| {
            fresh.with(|work| work.sign_in_as(&identity(who), &device(buyer), NOW))
        };
        let SignedIn::In(ada) = sign_in("ada", 1) else { panic!("nobody") };
        assert_eq!(sign_in("ada", 2), SignedIn::In(ada));
        assert_eq!(sign_in("ada", 1), SignedIn::In(ada), "once more");
        // Another name at the same provider is somebody else, whose browser this is not.
        assert_eq!(sign_in("eve", 1), SignedIn::Another);
        let SignedIn::In(eve) = sign_in("eve", 3) else { panic!("nobody") };
        assert_ne!(ada, eve);
        assert_eq!(sign_in("ada", 3), SignedIn::Another);
        let other = KnownIdentity { issuer: "https://other.example".to_owned(), ..identity("ada") };
        let signed_in = fresh.with(|work| work.sign_in_as(&other, &device(4), NOW));
        assert!(matches!(signed_in, SignedIn::In(person) if person != ada), "another provider");
        // A device that only had an address comes along.
        fresh.confirm(5, "ada@example.org", 1_000);
        assert_eq!(sign_in("ada", 5), SignedIn::In(ada));
        let view = fresh.with(|work| work.person_view(BuyerId(1)));
        assert_eq!(view.map(|view| view.contacts.len()), Some(1));
        assert_eq!(fresh.with(|work| work.remove_devices(ada, Some(BuyerId(2)))), 2);
        assert_eq!(person_of(fresh, 1), None);
        assert_eq!(person_of(fresh, 2), Some(ada));
        // Who is forgotten is nobody to the provider's word either.
        fresh.with(|work| work.forget(ada));
        let SignedIn::In(again) = sign_in("ada", 6) else { panic!("nobody") };
        assert_ne!(again, ada);
    });
}

#[test]
fn an_address_a_provider_vouches_for_is_kept_once_and_signs_nobody_in() {
    on_each(|fresh| {
        fresh.with(|work| work.sign_in_as(&identity("ada"), &device(1), NOW));
        for _ in 0..2 {
            let new = new_contact(1, "ada@example.org");
            assert!(fresh.with(|work| work.keep_vouched(&new, NOW)));
        }
        let view = fresh.with(|work| work.person_view(BuyerId(1))).expect("a person");
        assert_eq!(view.contacts.len(), 1);
        assert_eq!(view.contacts[0].confirmed_at, Some(NOW));
        let address = Address::parse(Channel::Email, "ada@example.org").expect("an address");
        assert!(!fresh.with(|work| work.ask_sign_in(&address, NOW)), "no link goes there");
    });
}

#[test]
fn a_passkey_is_its_persons_counts_up_and_answers_once() {
    on_each(|fresh| {
        let stored = StoredPasskey { credential: vec![7; 40], key: vec![1, 2, 3], uses: 4 };
        assert!(fresh.with(|work| work.add_passkey(&device(1), &stored, NOW)));
        assert!(!fresh.with(|work| work.add_passkey(&device(2), &stored, NOW)), "it is known");
        let ada = person_of(fresh, 1).expect("a person");
        let found = fresh.with(|work| work.passkey(&[7; 40])).expect("it is there");
        assert_eq!((found.person, found.key, found.uses), (ada, vec![1, 2, 3], 4));
        let use_it = |uses: u32, buyer: u64| {
            let of_device = (BuyerId(buyer), "a device");
            fresh.with(|work| work.sign_in_by_passkey((&[7; 40], uses), of_device, NOW))
        };
        assert_eq!(use_it(5, 3), Some(SignedIn::In(ada)));
        assert_eq!(use_it(4, 9), None, "a copy, between the look and the change");
        let spend = |challenge: &[u8], at: u64| {
            fresh.with(|work| work.spend_challenge(challenge, LogTime(at + 10), LogTime(at)))
        };
        assert_eq!([spend(b"a", 1), spend(b"a", 2), spend(b"b", 2)], [true, false, true]);
        assert!(spend(b"a", 100), "it was over long ago, and nobody takes it then");
        let (handle, known) = fresh.with(|work| work.passkey_handle(BuyerId(3)));
        assert_eq!(known, [vec![7; 40]]);
        assert_eq!(fresh.with(|work| work.passkey_handle(BuyerId(1))).0, handle);
        for number in 0..12_u8 {
            let stored = StoredPasskey { credential: vec![number; 20], ..stored.clone() };
            let added = fresh.with(|work| work.add_passkey(&device(1), &stored, NOW));
            assert_eq!(added, number < 9, "ten are the most");
        }
        let first = fresh.with(|work| work.passkeys(ada))[0].passkey;
        assert!(fresh.with(|work| work.remove_passkey(ada, first)));
        assert!(!fresh.with(|work| work.remove_passkey(ada, first)));
        fresh.with(|work| work.forget(ada));
        assert_eq!(fresh.with(|work| work.passkey(&[3; 20])), None);
    });
}

#[test]
fn sessions_are_listed_renewed_and_ended() {
    on_each(|fresh| {
        let begin = |session: u64, staff: u64, at: u64| {
            let new = NewStaffSession {
                session,
                staff: StaffId(staff),
                role: "artist",
                label: "Firefox".to_owned(),
                ends_at: LogTime(1_000),
            };
            fresh.with(|work| work.begin_session(&new, LogTime(at)));
        };
        let of = |staff: u64, at: u64| {
            let all = fresh.with(|work| work.sessions_of(StaffId(staff), LogTime(at)));
            all.into_iter().map(|one| one.session).collect::<Vec<_>>()
        };
        begin(1, 7, 10);
        begin(2, 7, 11);
        begin(3, 8, 12);
        assert_eq!((of(7, 20), of(8, 20), of(7, 1_000)), (vec![1, 2], vec![3], vec![]));
        let rotate =
            |generation| fresh.with(|work| work.rotate_session(1, generation, LogTime(30)));
        assert_eq!([rotate(0), rotate(0), rotate(1)], [Some(1), None, Some(2)]);
        fresh.with(|work| work.sessions_seen(&[2], &[3], LogTime(40)));
        assert_eq!(of(8, 50), [0; 0], "a copy ends it");
        let used = fresh.with(|work| work.sessions_of(StaffId(7), LogTime(50)));
        assert_eq!(used[1].used_at, LogTime(40));
        assert_eq!(fresh.with(|work| work.end_sessions(StaffId(7), Some(3), LogTime(50))), 0);
        assert_eq!(fresh.with(|work| work.end_sessions(StaffId(7), Some(2), LogTime(50))), 1);
        assert_eq!(fresh.with(|work| work.end_sessions(StaffId(7), None, LogTime(50))), 1);
        let mut marks = fresh.with(|work| work.session_marks(LogTime(50), 10));
        marks.sort_unstable_by_key(|mark| mark.session);
        assert!(marks.iter().all(|mark| mark.has_ended) && marks.len() == 3, "{marks:?}");
        assert_eq!((marks[0].generation, marks[0].rotated_at), (2, LogTime(30)));
        for session in 100..125 {
            begin(session, 9, session);
        }
        assert_eq!(of(9, 200).len(), 20, "the oldest give way");
        begin(200, 9, 1_000);
        assert!(fresh.with(|work| work.session_marks(LogTime(0), 10)).len() <= 1, "they are over");
    });
}

#[test]
fn staff_find_whoever_left_an_address_and_not_too_often() {
    on_each(|fresh| {
        fresh.confirm(1, "ada@example.org", 1_000);
        let new = new_contact(2, "ada@example.org");
        fresh.with(|work| work.ask(&new, LogTime(2_000)));
        let address = Address::parse(Channel::Email, "Ada@Example.org").expect("an address");
        let look =
            |staff: u64, at: LogTime| fresh.with(|work| work.look_up(StaffId(staff), &address, at));
        let mut found = look(5, NOW).expect("not too often");
        found.sort_unstable_by_key(|one| one.buyers.clone());
        let seen: Vec<_> = found.iter().map(|one| (one.buyers[0].0, one.is_confirmed)).collect();
        assert_eq!(seen, [(1, true), (2, false)]);
        for _ in 0..119 {
            assert!(look(5, NOW).is_some());
        }
        assert_eq!(look(5, NOW), None);
        assert!(look(6, NOW).is_some() && look(5, NOW.plus(3_600_001)).is_some());
    });
}

#[test]
fn a_report_counts_those_who_are_forgotten_as_before() {
    const EVENT: EventId = EventId(7);
    const ANNOUNCEMENT: AnnouncementId = AnnouncementId(1);
    on_each(|fresh| {
        let consent = Consent { scope: ConsentScope::Event, channel: Channel::Email, wording: 1 };
        for buyer in 1..=3 {
            fresh.confirm(buyer, &format!("p{buyer}@example.org"), 1_000 + buyer);
            fresh.with(|work| work.consent_given(EVENT, BuyerId(buyer), consent, LogTime(5)));
        }
        fresh.send_all(2_000);
        let spec = AudienceSpec::all(AudienceWho::FOLLOWERS);
        fresh.with(|work| work.queue_announcement(ANNOUNCEMENT, EVENT, &spec, NOW));
        fresh.send_all(NOW.0);
        let report = || fresh.with(|work| work.report(EVENT, ANNOUNCEMENT));
        let before = report();
        assert_eq!(before.done.iter().map(|done| done.2).sum::<u64>(), 3, "{before:?}");
        for buyer in 1..=2 {
            let person = person_of(fresh, buyer).expect("a person");
            fresh.with(|work| work.forget(person));
            assert_eq!(report(), before, "after {buyer}");
        }
        let left = fresh.with(|work| work.verdicts(EVENT, ANNOUNCEMENT, None, "", 10));
        assert_eq!(left.len(), 1, "and nobody else is named");
    });
}
