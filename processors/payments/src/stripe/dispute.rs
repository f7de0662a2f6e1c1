//! Disputes: whose money a buyer's bank has taken back, and whether it has given it back again.
//!
//! Events come in any order and more than once, so a dispute is asked for as it stands now.

use floodgate_domain::PaymentResult;
use serde_json::Value;

use crate::error::ProviderError;

/// The address of a dispute. Its id comes from a signed event, and is part of a path here.
pub(super) fn path(id: &str) -> Result<String, ProviderError> {
    let is_id = id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    match is_id && ["du_", "dp_"].iter().any(|kind| id.starts_with(kind)) {
        true => Ok(format!("/v1/disputes/{id}")),
        false => Err(ProviderError::new("an event names no dispute")),
    }
}

/// The intent a dispute is about, and what it says of the money. `None` where no money has moved:
/// a bank that only asks (`warning_…`) has taken none, and nothing is known of other states.
pub(super) fn standing(dispute: &Value) -> Option<(&str, PaymentResult)> {
    let result = match dispute["status"].as_str()? {
        "needs_response" | "under_review" | "lost" => PaymentResult::Disputed,
        "won" => PaymentResult::DisputeWon,
        _ => return None,
    };
    Some((dispute["payment_intent"].as_str()?, result))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn money_is_gone_until_the_dispute_is_won() {
        let rows = [
            ("warning_needs_response", None),
            ("warning_under_review", None),
            ("warning_closed", None),
            ("prevented", None),
            ("needs_response", Some(PaymentResult::Disputed)),
            ("under_review", Some(PaymentResult::Disputed)),
            ("lost", Some(PaymentResult::Disputed)),
            ("won", Some(PaymentResult::DisputeWon)),
        ];
        for (status, expected) in rows {
            let dispute = json!({ "id": "du_1", "status": status, "payment_intent": "pi_1" });
            assert_eq!(standing(&dispute), expected.map(|result| ("pi_1", result)), "{status}");
        }
        assert_eq!(standing(&json!({ "status": "won", "payment_intent": null })), None);
    }

    #[test]
    fn an_address_is_made_of_an_id_alone() {
        assert_eq!(path("du_1Ab").unwrap(), "/v1/disputes/du_1Ab");
        for id in ["pi_1", "du_1/../x", "du_1?a", ""] {
            assert!(path(id).is_err(), "{id}");
        }
    }
}
