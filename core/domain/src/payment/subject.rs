//! What is paid for.

use std::fmt;
use std::str::FromStr;

use crate::ids::{EventId, HoldId, IdError, OrderName};

/// What the order of a product is called, before its number.
const PRODUCT: &str = "product-";

/// Something that is bought. Providers get its text, so that anyone can match their records with
/// ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// An order of an event: the seats of a hold.
    Order { event_id: EventId, hold_id: HoldId },
    /// Tables of an event's audience, by the number of their order. It is kept in rows, not in the log.
    Product { event_id: EventId, number: u32 },
}

impl Subject {
    /// The event in whose partition it is decided.
    #[must_use]
    pub fn event_id(self) -> EventId {
        match self {
            Subject::Order { event_id, .. } | Subject::Product { event_id, .. } => event_id,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Order { event_id, hold_id } => write!(f, "{event_id}/{}", hold_id.order()),
            Subject::Product { event_id, number } => write!(f, "{event_id}/{PRODUCT}{number}"),
        }
    }
}

impl FromStr for Subject {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let whole = || IdError { kind: "subject", prefix: "evt_…/ord_", digits: 13 };
        let (event, order) = text.split_once('/').ok_or_else(whole)?;
        if let Some(number) = order.strip_prefix(PRODUCT) {
            let number = number.parse().map_err(|_| whole())?;
            return Ok(Subject::Product { event_id: event.parse()?, number });
        }
        let OrderName(hold_id) = order.parse()?;
        Ok(Subject::Order { event_id: event.parse()?, hold_id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_survive_text() {
        let order = Subject::Order { event_id: EventId(3), hold_id: HoldId(1 << 32 | 7) };
        assert_eq!(order.to_string(), "evt_0000000000003/ord_0000004000007");
        assert_eq!(order.to_string().parse(), Ok(order));
        let product = Subject::Product { event_id: EventId(3), number: 41 };
        assert_eq!(product.to_string(), "evt_0000000000003/product-41");
        assert_eq!(product.to_string().parse(), Ok(product));
        for bad in ["evt_0000000000003/product-", "evt_0000000000003/product-x"] {
            assert!(bad.parse::<Subject>().is_err(), "{bad}");
        }
        for bad in ["", "evt_0000000000003", "evt_0000000000003/hld_0000004000007", "/", "a/b"] {
            assert!(bad.parse::<Subject>().is_err(), "{bad}");
        }
    }
}
