//! One public fact of each kind.

use floodgate_domain::{EventId, FactRecord, LogTime, Source};
use floodgate_streams::public::FactBody;

use crate::samples::facts;

#[test]
fn every_fact_in_public_words() {
    let bodies = facts().into_iter().map(|fact| {
        let source = Source { offset: 1000, index: 2 };
        let at = LogTime(1_700_000_000_000);
        let mut body = FactBody::of(3, &FactRecord { source, at, event_id: EventId(7), fact });
        // The same for all.
        body.position = None;
        let text = serde_json::to_string(&body).unwrap();
        text.replace(",\"event_id\":\"evt_0000000000007\",\"position\":null,\"at\":\"2023-11-14T22:13:20.000Z\"", "")
    });
    insta::assert_snapshot!(bodies.collect::<Vec<_>>().join("\n"));
}
