//! A message as the tests of every channel send it.

use std::time::Duration;

use crate::courier::{Language, Outgoing, Urgency};

pub(crate) fn outgoing() -> Outgoing {
    Outgoing {
        message_id: "msg_1".into(),
        address: "ada@example.org".into(),
        occasion: "announcement".into(),
        language: Language::English,
        subject: "Doors open at seven".into(),
        text: "Doors open at seven.\n\nSee you there.".into(),
        html: "<p>Doors open at seven.</p>".into(),
        link: "https://tickets.example.org/events/evt_1".into(),
        unsubscribe: Some("https://tickets.example.org/v1/unsubscribe/abc".into()),
        useful_for: Duration::from_secs(3600),
        urgency: Urgency::Normal,
    }
}
