//! Both versions, whole, cut anywhere, and wrong.

#![allow(clippy::unwrap_used)]

use super::*;

fn client(text: &str) -> Option<SocketAddr> {
    Some(text.parse().unwrap())
}

fn version_2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let mut bytes = SIGNATURE.to_vec();
    bytes.extend([command, family]);
    bytes.extend((rest.len() as u16).to_be_bytes());
    bytes.extend(rest);
    bytes
}

fn v4_rest(more: &[u8]) -> Vec<u8> {
    let mut rest = vec![203, 0, 113, 7, 192, 0, 2, 1];
    rest.extend(4711_u16.to_be_bytes());
    rest.extend(443_u16.to_be_bytes());
    rest.extend(more);
    rest
}

fn v6_rest() -> Vec<u8> {
    let mut rest = "2001:db8::7".parse::<Ipv6Addr>().unwrap().octets().to_vec();
    rest.extend("2001:db8::1".parse::<Ipv6Addr>().unwrap().octets());
    rest.extend(4711_u16.to_be_bytes());
    rest.extend(443_u16.to_be_bytes());
    rest
}

#[test]
fn whole_headers_say_whom_they_are_from() {
    let rows: Vec<(Vec<u8>, Option<SocketAddr>)> = vec![
        (b"PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\r\n".to_vec(), client("203.0.113.7:4711")),
        (b"PROXY TCP6 2001:db8::7 2001:db8::1 4711 443\r\n".to_vec(), client("[2001:db8::7]:4711")),
        (b"PROXY UNKNOWN\r\n".to_vec(), None),
        (b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n".to_vec(), None),
        (version_2(0x21, 0x11, &v4_rest(&[])), client("203.0.113.7:4711")),
        (version_2(0x21, 0x11, &v4_rest(&[4, 0, 2, 0, 0])), client("203.0.113.7:4711")),
        (version_2(0x21, 0x21, &v6_rest()), client("[2001:db8::7]:4711")),
        (version_2(0x20, 0x00, &[]), None),
        (version_2(0x20, 0x11, &v4_rest(&[])), None),
        (version_2(0x21, 0x31, &[0; 216]), None),
    ];
    for (header, client) in rows {
        let length = header.len();
        let mut bytes = header.clone();
        bytes.extend(b"GET / HTTP/1.1\r\n");
        assert_eq!(read(&bytes), ProxyHeader::Whole { length, client }, "{header:?}");
        for cut in 0..length {
            assert_eq!(read(&header[..cut]), ProxyHeader::Partial, "{cut} of {header:?}");
        }
    }
}

#[test]
fn what_is_no_header_is_refused() {
    let mut long_line = b"PROXY TCP4 ".to_vec();
    long_line.extend([b'1'; 200]);
    let wrong: Vec<Vec<u8>> = vec![
        b"GET / HTTP/1.1\r\n".to_vec(),
        b"proxy TCP4 1.1.1.1 1.1.1.1 1 1\r\n".to_vec(),
        b"PROXY TCP4 2001:db8::7 2001:db8::1 1 1\r\n".to_vec(),
        b"PROXY TCP4 203.0.113.7 192.0.2.1 99999 443\r\n".to_vec(),
        b"PROXY TCP4 203.0.113.7\r\n".to_vec(),
        b"PROXY UDP4 203.0.113.7 192.0.2.1 1 1\r\n".to_vec(),
        b"PROXY TCP4 \xff 192.0.2.1 1 1\r\n".to_vec(),
        long_line,
        version_2(0x22, 0x11, &v4_rest(&[])),
        version_2(0x31, 0x11, &v4_rest(&[])),
        version_2(0x21, 0x11, &[1, 2, 3]),
        version_2(0x21, 0x41, &v4_rest(&[])),
        version_2(0x21, 0x11, &v4_rest(&[0; 5_000])),
    ];
    for bytes in wrong {
        assert_eq!(read(&bytes), ProxyHeader::Invalid, "{bytes:?}");
    }
}

#[test]
fn no_bytes_make_it_stumble() {
    let header = version_2(0x21, 0x21, &v6_rest());
    for at in 0..header.len() {
        for bit in 0..8 {
            let mut bytes = header.clone();
            bytes[at] ^= 1 << bit;
            if let ProxyHeader::Whole { length, .. } = read(&bytes) {
                assert!(length <= bytes.len());
            }
        }
    }
}
