//! Every snapshot store keeps one contract; the bucket's on a real S3 server.
//!
//! `scripts/servers up s3` starts one and `eval "$(scripts/servers env)"` says where it is. Without it
//! the test fails, unless FLOODGATE_TEST_QUICK says that it is left out on purpose.
#![allow(clippy::unwrap_used)]

use std::io::ErrorKind;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use rusty_s3::actions::S3Action;
use rusty_s3::{Bucket, UrlStyle};

use floodgate_runner::snapshots::contract;
use floodgate_runner::{BucketOptions, BucketStore, Credentials, FolderStore, SnapshotStore};
use floodgate_testkit::ports::NOBODY;

const BUCKET: &str = "floodgate";

fn options(endpoint: &str, prefix: &str) -> BucketOptions {
    BucketOptions {
        endpoint: endpoint.to_owned(),
        region: "us-east-1".to_owned(),
        bucket: BUCKET.to_owned(),
        prefix: prefix.to_owned(),
        path_style: true,
        ca_file: None,
        credentials: Credentials::Given {
            key_id: "test".to_owned(),
            secret: "test".to_owned(),
            token: None,
        },
    }
}

#[test]
fn a_folder_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let put = |partition: u32, name: &str, bytes: &[u8]| {
        let place = folder.path().join(format!("commands-{partition}"));
        std::fs::create_dir_all(&place).unwrap();
        std::fs::write(place.join(name), bytes).unwrap();
    };
    contract::keeps_the_contract(&FolderStore::new(folder.path()), &put);
}

#[test]
fn a_bucket_keeps_the_contract() {
    let Ok(endpoint) = std::env::var("FLOODGATE_TEST_S3") else {
        let quick = std::env::var_os("FLOODGATE_TEST_QUICK").is_some();
        assert!(quick, "FLOODGATE_TEST_S3 is not set; see the head of this file");
        return;
    };
    for prefix in ["", "/here and/there/"] {
        // Names of its own each time, so that an old run is no stranger to this one.
        let prefix = format!("{prefix}t{:08x}", rand::random::<u32>());
        let bucket = Bucket::new(endpoint.parse().unwrap(), UrlStyle::Path, BUCKET, "x").unwrap();
        let keys = rusty_s3::Credentials::new("test", "test");
        let put = |partition: u32, name: &str, bytes: &[u8]| {
            let place = prefix.trim_start_matches('/');
            let key = format!("{place}/commands-{partition}/{name}");
            let url = bucket.put_object(Some(&keys), &key).sign(Duration::from_secs(60));
            ureq::put(url.as_str()).send(bytes).unwrap();
        };
        let store = BucketStore::new(&options(&endpoint, &prefix)).unwrap();
        contract::keeps_the_contract(&store, &put);
    }
    let elsewhere = BucketOptions { bucket: "nowhere".to_owned(), ..options(&endpoint, "x") };
    let error = BucketStore::new(&elsewhere).unwrap().list(0).unwrap_err();
    assert!(error.to_string().contains("NoSuchBucket"), "{error}");
}

#[test]
fn keys_are_read_again_and_never_shown() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let credentials = Credentials::File(file.path().to_owned());
    let with_file = BucketOptions { credentials, ..options("http://127.0.0.1:9", "x") };
    let error = BucketStore::new(&with_file).unwrap_err();
    assert!(error.to_string().contains("aws_access_key_id"), "{error}");
    std::fs::write(file.path(), "aws_access_key_id = K\naws_secret_access_key = S3cr3t\n").unwrap();
    let store = BucketStore::new(&with_file).unwrap();
    std::fs::write(file.path(), "").unwrap();
    let error = store.list(0).unwrap_err();
    assert!(error.to_string().contains("aws_access_key_id"), "{error}");
    let given = BucketStore::new(&options("http://127.0.0.1:9", "x")).unwrap();
    assert!(!format!("{given:?}").contains("\"test\""), "{given:?}");
}

#[test]
fn a_store_that_is_gone_or_silent_gives_up_in_time() {
    // A port nobody listens on, and one that takes connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    for address in [NOBODY, &silent.local_addr().unwrap().to_string()] {
        let store = BucketStore::new(&options(&format!("http://{address}"), "x")).unwrap();
        let started = Instant::now();
        store.list(0).unwrap_err();
        store.save(0, 1, b"state").unwrap_err();
        // Both together are allowed fifteen seconds; a minute is what a hang would exceed.
        assert!(started.elapsed() < Duration::from_secs(60), "{address} was waited for");
    }
}

#[test]
fn bad_options_say_what_is_wrong() {
    let rows = [
        (options("no address", "x"), "no address"),
        (options("ftp://127.0.0.1", "x"), "ftp://127.0.0.1"),
        (
            BucketOptions {
                ca_file: Some("/nowhere/ca.pem".into()),
                ..options("http://127.0.0.1:9", "x")
            },
            "/nowhere/ca.pem",
        ),
    ];
    for (options, named) in rows {
        let error = BucketStore::new(&options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(named), "{error}");
    }
}
