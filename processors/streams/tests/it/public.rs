//! One public fact of each kind.

use floodgate_domain::effects::Notice;
use floodgate_domain::{EventId, FactPosition, FactRecord, LogTime};
use floodgate_streams::public::{FactBody, schemas};

use crate::samples::facts;

#[test]
fn every_fact_in_public_words() {
    let bodies = facts().into_iter().map(|fact| {
        let position = FactPosition { offset: 1000, index: 2 };
        let at = LogTime(1_700_000_000_000);
        let mut body = FactBody::of(3, &FactRecord { position, at, event_id: EventId(7), fact });
        // The same for all.
        body.position = None;
        let text = serde_json::to_string(&body).unwrap();
        text.replace(",\"event_id\":\"evt_0000000000007\",\"position\":null,\"at\":\"2023-11-14T22:13:20.000Z\"", "")
    });
    insta::assert_snapshot!(bodies.collect::<Vec<_>>().join("\n"));
}

#[test]
fn every_kind_of_message_is_documented() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/consumers.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, schema) =
        schemas().into_iter().find(|(topic, _)| topic.short_name() == "notifications").unwrap();
    let kind = schema["properties"]["kind"]["description"].as_str().unwrap().to_owned();
    for code in Notice::ALL.iter().map(|notice| format!("`{}`", notice.code())) {
        assert!(page.contains(&code), "docs/consumers.md does not name {code}");
        assert!(kind.contains(&code), "the doc of `Notification::kind` does not name {code}");
    }
}
