//! Made once, sent in the form that was asked for.

#![allow(clippy::unwrap_used)]

use std::io::Read as _;
use std::sync::atomic::{AtomicU32, Ordering};

use http_body_util::BodyExt;

use super::*;

fn asking(name: header::HeaderName, value: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
}

#[test]
fn the_form_is_the_one_that_was_asked_for() {
    let kept = KeptAnswer::new("text/plain", vec![b'a'; 10_000]).dense();
    let coding = |text| {
        let response = kept.answer(&asking(header::ACCEPT_ENCODING, text));
        assert_eq!(response.headers()[header::VARY], "accept-encoding");
        let coding = response.headers().get(header::CONTENT_ENCODING)?;
        Some(coding.to_str().unwrap().to_owned())
    };
    for both in ["gzip, br", "br;q=1.0, GZIP;q=0.5", "gzip, deflate, br, zstd"] {
        assert_eq!(coding(both).as_deref(), Some("br"), "{both}");
    }
    for gzip in ["gzip", "*", "GZIP;q=0.5", "br;q=0, gzip"] {
        assert_eq!(coding(gzip).as_deref(), Some("gzip"), "{gzip}");
    }
    assert_eq!(coding("br").as_deref(), Some("br"));
    for none in ["gzip;q=0", "identity", "deflate"] {
        assert_eq!(coding(none), None, "{none}");
    }
    let small = KeptAnswer::new("text/plain", vec![b'a'; 10]);
    let response = small.answer(&asking(header::ACCEPT_ENCODING, "gzip"));
    assert!(!response.headers().contains_key(header::CONTENT_ENCODING));
}

#[test]
fn what_is_compressed_is_what_was_given() {
    for size in [2_000, 100_000] {
        let plain: Vec<u8> = (0..size).map(|at: u32| (at.wrapping_mul(at) / 7) as u8).collect();
        let kept = KeptAnswer::new("text/plain", plain.clone()).dense();
        let mut read = Vec::new();
        let coded = kept.brotli.unwrap();
        brotli::Decompressor::new(&coded[..], 4_096).read_to_end(&mut read).unwrap();
        assert_eq!(read, plain);
    }
}

#[test]
fn who_has_it_gets_no_body() {
    let kept = KeptAnswer::new("text/plain", vec![b'a'; 10]).tagged("seven".to_owned());
    for known in ["\"seven\"", "W/\"seven\"", "\"six\", W/\"seven\"", "*"] {
        let response = kept.answer(&asking(header::IF_NONE_MATCH, known));
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{known}");
        assert_eq!(response.headers()[header::ETAG], "W/\"seven\"");
    }
    assert_eq!(kept.answer(&asking(header::IF_NONE_MATCH, "\"six\"")).status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_who_ask_at_once_cost_one_compression() {
    let shelf = Shelf::default();
    let count = Arc::new(AtomicU32::new(0));
    let asked = (0..1_000).map(|_| {
        let (shelf, count) = (shelf.clone(), Arc::clone(&count));
        tokio::spawn(async move {
            let make = move || {
                count.fetch_add(1, Ordering::Relaxed);
                KeptAnswer::new("text/plain", vec![b'a'; 100_000])
            };
            let kept = shelf.get(7_u64, 1, make).await.unwrap();
            let response = kept.answer(&asking(header::ACCEPT_ENCODING, "gzip")).unwrap();
            response.into_body().collect().await.unwrap().to_bytes()
        })
    });
    let asked: Vec<_> = asked.collect();
    let mut sent = Vec::new();
    for one in asked {
        sent.push(one.await.unwrap());
    }
    assert_eq!(count.load(Ordering::Relaxed), 1);
    assert!(sent.iter().all(|bytes| bytes.as_ptr() == sent[0].as_ptr()), "one buffer for all");
}

#[tokio::test]
async fn a_newer_edition_replaces_the_older_one_and_a_shelf_is_bounded() {
    let shelf = Shelf::default();
    let text = async |key: u64, edition: u64| {
        let make = move || KeptAnswer::new("text/plain", format!("{key} {edition}").into_bytes());
        let kept = shelf.get(key, edition, make).await.unwrap();
        let body = kept.answer(&HeaderMap::new()).unwrap().into_body();
        String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap()
    };
    assert_eq!(text(1, 1).await, "1 1");
    assert_eq!(text(1, 2).await, "1 2");
    assert_eq!(text(1, 1).await, "1 2", "never an older one than is there");
    for key in 0..200 {
        text(key, 1).await;
    }
    assert_eq!(shelf.0.lock().unwrap().len(), SHELF_MAX);
}
