//! Which cookie counts, how many there are, and where they may go.

#![allow(clippy::unwrap_used)]

use floodgate_domain::{BuyerId, Place};

use super::*;

const DEVICE: Device = Device { buyer: BuyerId(7) };

fn keys() -> Keys {
    Keys::new(1, [7; 32])
}

fn ticket(event: u64, buyer: u64) -> String {
    let (event_id, buyer) = (EventId(event), BuyerId(buyer));
    QueueTicket { event_id, buyer, place: Place(event), joined_at: LogTime(1) }.seal(&keys())
}

fn papers(is_https: bool, lines: &[String]) -> Papers {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(COOKIE, HeaderValue::from_str(line).unwrap());
    }
    Papers::new(&headers, is_https)
}

/// What a browser keeps of a cookie that was set.
fn kept(cookie: &HeaderValue) -> String {
    cookie.to_str().unwrap().split(';').next().unwrap().to_owned()
}

#[test]
fn the_device_that_verifies_counts_wherever_it_stands() {
    let good = DEVICE.seal(&keys());
    let foreign = DEVICE.seal(&Keys::new(1, [8; 32]));
    for line in [
        format!("fg_device={good}"),
        format!("fg_device=nonsense; fg_device={good}"),
        format!("a=b; fg_device={foreign}; fg_device=; fg_device={good}; fg_device={foreign}"),
    ] {
        assert_eq!(papers(false, &[line]).device(&keys()), Some(DEVICE));
    }
    let lines = [format!("fg_device={foreign}"), format!("fg_device={good}")];
    assert_eq!(papers(false, &lines).device(&keys()), Some(DEVICE));
    let none = papers(false, &[format!("fg_device={foreign}; my_fg_device={good}")]);
    assert_eq!(none.device(&keys()), None);
}

#[test]
fn the_ticket_that_verifies_counts_and_a_wrong_one_says_what_is_wrong() {
    let (good, stranger) = (ticket(5, 7), ticket(5, 8));
    let line = format!("fg_places={stranger}; fg_places={}.{good}", ticket(4, 7));
    let both = papers(false, &[line]);
    assert_eq!(both.ticket(&keys(), EventId(5), DEVICE).unwrap().unwrap().place, Place(5));
    assert_eq!(both.ticket(&keys(), EventId(4), DEVICE).unwrap().unwrap().place, Place(4));
    assert!(both.ticket(&keys(), EventId(3), DEVICE).is_none());
    let wrong = papers(false, &[format!("fg_places={stranger}")]);
    let error = wrong.ticket(&keys(), EventId(5), DEVICE).unwrap();
    assert_eq!(error, Err(TokenError::OtherDevice));
}

#[test]
fn a_header_is_meant_for_the_event_it_is_sent_to() {
    let header = HeaderValue::from_str(&ticket(4, 7)).unwrap();
    let name = HeaderName::from_static("floodgate-queue-ticket");
    let papers = Papers::new(&HeaderMap::from_iter([(name, header)]), false);
    let error = papers.ticket(&keys(), EventId(5), DEVICE).unwrap();
    assert_eq!(error, Err(TokenError::OtherEvent));
}

#[test]
fn the_places_of_many_events_fit_into_one_cookie() {
    let mut jar = String::new();
    for event in 1..=200 {
        let set = papers(false, &[jar]).ticket_cookie(EventId(event), &ticket(event, 7)).unwrap();
        // What browsers keep of a cookie, attributes included.
        assert!(set.len() < 4_096, "{} bytes after {event} events", set.len());
        jar = kept(&set);
    }
    let papers = papers(false, &[jar]);
    let has = |event| papers.ticket(&keys(), EventId(event), DEVICE).is_some();
    assert!((161..=200).all(has), "the newest");
    assert!(!(1..=160).any(has), "joining again brings back the place of an older one");
}

#[test]
fn a_new_ticket_replaces_the_one_of_its_event_and_strangers_entries_are_dropped() {
    let old = papers(false, &[format!("fg_places={}.junk.{}", ticket(5, 8), ticket(4, 7))]);
    let set = kept(&old.ticket_cookie(EventId(5), &ticket(5, 7)).unwrap());
    assert_eq!(set, format!("fg_places={}.{}", ticket(5, 7), ticket(4, 7)));
}

#[test]
fn over_https_cookies_stay_there_and_no_other_host_can_set_them() {
    let token = DEVICE.seal(&keys());
    let plain = papers(false, &[]).device_cookie(&token).unwrap();
    assert!(plain.to_str().unwrap().starts_with("fg_device="));
    assert!(!plain.to_str().unwrap().contains("Secure"));
    let secure = papers(true, &[]);
    for set in [
        secure.device_cookie(&token),
        secure.ticket_cookie(EventId(5), &ticket(5, 7)),
        secure.pass_cookie(EventId(5), &ticket(5, 7)),
    ] {
        let set = set.unwrap();
        let set = set.to_str().unwrap();
        // What browsers ask of the prefix: secure, for the whole host, no domain named.
        assert!(set.starts_with("__Host-fg_") && set.ends_with("; Secure"), "{set}");
        assert!(set.contains("; Path=/;") && !set.contains("Domain"), "{set}");
        assert!(set.contains("; HttpOnly; SameSite=Lax;"), "{set}");
    }
    let planted = papers(true, &[format!("fg_device={token}")]);
    assert_eq!(planted.device(&keys()), None, "another host of the domain can set this one");
    let own = papers(true, &[format!("__Host-fg_device={token}")]);
    assert_eq!(own.device(&keys()), Some(DEVICE));
}
