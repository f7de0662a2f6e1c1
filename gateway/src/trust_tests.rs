//! Whose address counts, for every shape in which proxies write it.

#![allow(clippy::unwrap_used)]

use http::HeaderValue;

use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn trust(header: ForwardedHeader, networks: &[&str]) -> Trust {
    let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
    Trust { networks, header }
}

fn headers(name: &HeaderName, lines: &[&str]) -> HeaderMap {
    let lines = lines.iter().map(|line| (name.clone(), HeaderValue::from_str(line).unwrap()));
    let mut headers = HeaderMap::new();
    lines.for_each(|(name, line)| {
        headers.append(name, line);
    });
    headers
}

#[test]
fn the_address_is_what_the_last_trusted_hop_was_called_from() {
    let trust = trust(ForwardedHeader::XForwardedFor, &["10.0.0.0/8", "fd00::/8", "192.0.2.9"]);
    let rows: &[(&str, &[&str], &str)] = &[
        // Nobody trusted: the header is only what a stranger says.
        ("203.0.113.1", &["198.51.100.1"], "203.0.113.1"),
        ("10.0.0.1", &[], "10.0.0.1"),
        ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
        // What the client wrote itself stands to the left and does not count.
        ("10.0.0.1", &["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", &["10.0.0.9, 6.6.6.6", "198.51.100.1"], "198.51.100.1"),
        // Two trusted hops in one header, and in two lines.
        ("10.0.0.1", &["6.6.6.6, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", &["198.51.100.1", "10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", &["198.51.100.1, 192.0.2.9, fd00::2, 10.0.0.2"], "198.51.100.1"),
        // Ports and brackets.
        ("10.0.0.1", &["198.51.100.1:4711"], "198.51.100.1"),
        ("10.0.0.1", &["198.51.100.1:4711, 10.0.0.2:80"], "198.51.100.1"),
        ("10.0.0.1", &["2001:db8::7"], "2001:db8::7"),
        ("10.0.0.1", &["[2001:db8::7]"], "2001:db8::7"),
        ("10.0.0.1", &["[2001:db8::7]:4711"], "2001:db8::7"),
        ("10.0.0.1", &["\"[2001:db8::7]:4711\""], "2001:db8::7"),
        ("10.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1"),
        ("::ffff:10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", &["  198.51.100.1  ,\t10.0.0.2 ,"], "198.51.100.1"),
        // What cannot be read ends the way: nobody chooses an address by writing nonsense.
        ("10.0.0.1", &["198.51.100.1, unknown"], "10.0.0.1"),
        ("10.0.0.1", &["198.51.100.1, nonsense, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", &["198.51.100.1:99999"], "10.0.0.1"),
        // Everybody is ours: whoever is farthest away.
        ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
    ];
    for (peer, lines, expected) in rows {
        let found = trust.origin(ip(peer), &headers(&X_FORWARDED_FOR, lines));
        assert_eq!(found.address, ip(expected), "{peer} {lines:?}");
    }
}

#[test]
fn forwarded_is_read_as_its_rfc_writes_it() {
    let trust = trust(ForwardedHeader::Forwarded, &["10.0.0.0/8"]);
    let rows: &[(&[&str], &str, bool)] = &[
        (&["for=198.51.100.1"], "198.51.100.1", false),
        (&["For=\"[2001:db8:cafe::17]:4711\""], "2001:db8:cafe::17", false),
        (&["for=198.51.100.1;proto=https;by=203.0.113.43"], "198.51.100.1", true),
        (&["by=10.0.0.1 ; proto=HTTPS ; for=\"198.51.100.1:80\""], "198.51.100.1", true),
        (&["for=6.6.6.6, for=198.51.100.1, for=10.0.0.2"], "198.51.100.1", false),
        (&["for=6.6.6.6", "for=198.51.100.1;proto=https", "for=10.0.0.2"], "198.51.100.1", true),
        (&["for=\"_a,b;c\", for=198.51.100.1"], "198.51.100.1", false),
        (&["for=198.51.100.1, for=unknown"], "10.0.0.1", false),
        (&["for=198.51.100.1, for=_hidden"], "10.0.0.1", false),
        (&["for=198.51.100.1, proto=https"], "10.0.0.1", true),
        (&["for=\"\\1\\9\\8.51.100.1\""], "198.51.100.1", false),
    ];
    for (lines, expected, is_https) in rows {
        let found = trust.origin(ip("10.0.0.1"), &headers(&header::FORWARDED, lines));
        assert_eq!((found.address, found.is_https), (ip(expected), *is_https), "{lines:?}");
    }
}

#[test]
fn the_header_that_was_not_chosen_says_nothing() {
    let both = |trust: &Trust| {
        let mut all = headers(&X_FORWARDED_FOR, &["198.51.100.1"]);
        all.extend(headers(&header::FORWARDED, &["for=198.51.100.2"]));
        trust.origin(ip("10.0.0.1"), &all).address
    };
    let one = trust(ForwardedHeader::XForwardedFor, &["10.0.0.1"]);
    assert_eq!(both(&one), ip("198.51.100.1"));
    let other = trust(ForwardedHeader::Forwarded, &["10.0.0.1"]);
    assert_eq!(both(&other), ip("198.51.100.2"));
    assert_eq!(both(&Trust::default()), ip("10.0.0.1"), "nobody is trusted by default");
}

#[test]
fn only_a_trusted_hop_says_https() {
    let trust = trust(ForwardedHeader::XForwardedFor, &["10.0.0.0/8"]);
    let all = headers(&X_FORWARDED_PROTO, &["https"]);
    assert!(trust.origin(ip("10.0.0.1"), &all).is_https);
    assert!(!trust.origin(ip("203.0.113.1"), &all).is_https);
    let plain = headers(&X_FORWARDED_PROTO, &["https, http"]);
    assert!(!trust.origin(ip("10.0.0.1"), &plain).is_https, "the nearest hop's word");
}
