//! A message as every test sends it.

use std::time::Duration;

use floodgate_channels::{Delivery, Language, Outgoing, Urgency};

pub(crate) fn outgoing(message_id: &str, address: &str) -> Outgoing {
    Outgoing {
        message_id: message_id.into(),
        address: address.into(),
        occasion: "announcement".into(),
        language: Language::English,
        subject: "Doors open at seven".into(),
        text: "Doors open at seven.".into(),
        html: "<p>Doors open at seven.</p>".into(),
        link: "https://tickets.example.org/events/evt_1".into(),
        unsubscribe: Some("https://tickets.example.org/v1/unsubscribe/abc".into()),
        useful_for: Duration::from_secs(3600),
        urgency: Urgency::Normal,
    }
}

/// In short: `sent`, `later`, `never`, `suppressed`.
pub(crate) fn verdict(delivery: &Delivery) -> &'static str {
    match delivery {
        Delivery::Sent { .. } => "sent",
        Delivery::Later { .. } => "later",
        Delivery::Never { suppress: false, .. } => "never",
        Delivery::Never { suppress: true, .. } => "suppressed",
    }
}
