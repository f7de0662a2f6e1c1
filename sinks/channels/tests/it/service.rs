//! The role as services: what it says when its log is cut off or its store is not there, and that
//! it ends.

use std::sync::Arc;

use floodgate_channels::{ChannelsOptions, CodeWriter, QuietHours, spawn, spawn_with};
use floodgate_people::{People, PeopleLocation};
use floodgate_testkit::{MemoryLog, cut};
use floodgate_transport::{Health, Service};

pub(crate) fn options() -> ChannelsOptions {
    ChannelsOptions {
        public_url: "https://tickets.example.org/".into(),
        codes: CodeWriter::new(|_, code| format!("{}-{}", code.batch, code.number)),
        email: None,
        sms: None,
        web_push: None,
        webhook_guard: floodgate_channels::AddressGuard::default(),
        connections: 2,
        quiet_hours: QuietHours::default(),
        announcements_per_week: 3,
    }
}

fn services(log: &MemoryLog, file: std::path::PathBuf) -> Vec<Arc<dyn Service>> {
    let people = People::new(PeopleLocation::File(file), &[9; 32]);
    spawn(Arc::new(log.clone()), people, &options()).unwrap()
}

#[test]
fn a_log_that_is_cut_off_for_a_while_or_for_good_is_what_the_rule_says() {
    let folder = tempfile::tempdir().unwrap();
    let log = MemoryLog::new(2);
    let services = services(&log, folder.path().join("people.db"));
    let [feed, others @ ..] = &services[..] else { panic!("the feed is the first") };
    cut::comes_back(&log, &**feed, || {});
    for other in others {
        other.stop();
        other.join().unwrap();
    }
    cut::gives_up(&log, Arc::clone(feed));
}

#[test]
fn a_store_that_is_not_there_yet_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("later");
    let log = MemoryLog::new(1);
    let services = services(&log, missing.join("people.db"));
    let feed = &services[0];
    cut::until("it says why", || matches!(feed.health(), Health::Degraded { .. }));
    std::fs::create_dir(&missing).unwrap();
    cut::until("it is there", || services.iter().all(|one| one.health().is_ready()));
    for service in &services {
        service.stop();
        service.join().unwrap();
    }
}

#[test]
fn settings_that_cannot_work_start_nothing() {
    let people = || {
        let nowhere = PeopleLocation::File("/nonexistent/people.db".into());
        People::new(nowhere, &[9; 32])
    };
    let log = || Arc::new(MemoryLog::new(1));
    for connections in [0, 33] {
        let options = ChannelsOptions { connections, ..options() };
        let error = spawn(log(), people(), &options).unwrap_err().to_string();
        assert!(error.contains("1 to 32"), "{error}");
    }
    let open = ChannelsOptions { public_url: "http://tickets.example.org".into(), ..options() };
    let error = spawn_with(log(), people(), &open, vec![vec![]]).unwrap_err().to_string();
    assert!(error.contains("https"), "{error}");
}
