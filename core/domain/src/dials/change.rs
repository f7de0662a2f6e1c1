//! A change of dials, generated from the table.

/// Makes of the table the type of a change, with one field a dial, and the list of all dials.
///
/// An entry is its name and type, then `wire`, its number in the log, never used twice; `kind`, its
/// bounds and unit; `acts`, where it is followed; `what`, one sentence for everybody.
macro_rules! dials {
    ($($name:ident: $type:ty {
        wire: $wire:literal, kind: $kind:expr, acts: $acts:expr, what: $what:literal,
    })+) => {
        /// A change of any of the dials of an event, as one fact: all of them or none. `None` leaves a
        /// dial as it is.
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub struct DialChange {
            $(#[doc = $what] pub $name: Option<$type>,)+
            /// Why; may be empty.
            pub reason: String,
            /// Digest of the entry of a settings file it came from; 0 when a person did it.
            pub origin: u64,
        }

        /// Every dial, in the order in which they are shown and written.
        pub static DIALS: [Dial; [$($wire),+].len()] = [$(Dial {
            name: stringify!($name),
            what: $what,
            kind: $kind,
            acts: $acts,
            wire: $wire,
            get: |change| change.$name.as_ref().map(DialType::to_value),
            put: |change, value| {
                let value = <$type as DialType>::from_value(value);
                let is_one = value.is_some();
                change.$name = value.or(change.$name.take());
                is_one
            },
        }),+];
    };
}

/// A dial that is a rule of the sale: the field of [`crate::Policy`] it sets.
macro_rules! rule {
    ($field:ident) => {
        Rule {
            read: |policy| DialType::to_value(&policy.$field),
            follow: |policy, value| {
                if let Some(value) = DialType::from_value(value) {
                    policy.$field = value;
                }
            },
        }
    };
}

use super::{DIALS, Dial, DialChange, DialError, DialValue, Plain, REASON_KIND, TEXT_BYTES_MAX};
use crate::ids::EventId;

/// An entry of a settings file: a change for one event, or for all there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialEntry {
    pub event_id: Option<EventId>,
    pub change: DialChange,
}

impl DialChange {
    /// The dials it turns, each with its new value.
    pub fn turned(&self) -> impl Iterator<Item = (&'static Dial, DialValue)> {
        DIALS.iter().filter_map(|dial| Some((dial, dial.of(self)?)))
    }

    /// Whether it may be made: every value and the reason within its bounds, and a dial turned.
    pub fn check(&self) -> Result<(), DialError> {
        for (dial, value) in self.turned() {
            dial.check(&value)?;
        }
        check_reason(&self.reason)?;
        if self.turned().next().is_none() {
            return Err(DialError::new("dials", format!("none is named; name {}", Dial::names())));
        }
        Ok(())
    }

    /// Names a dial, or the reason, as the outside world writes it; `None` is neither number nor text.
    pub fn set(&mut self, name: &str, given: Option<&Plain>) -> Result<(), DialError> {
        if name == "reason" {
            let Some(Plain::Text(reason)) = given else { return Err(reason_error()) };
            check_reason(reason)?;
            self.reason.clone_from(reason);
            return Ok(());
        }
        let dial = Dial::named(name).ok_or_else(|| {
            DialError::new(name, format!("is no dial; there are {}", Dial::names()))
        })?;
        dial.set(self, &dial.read(given)?);
        Ok(())
    }

    /// Takes over the dials a later change has turned: where they stand after it.
    pub fn take_over(&mut self, later: &DialChange) {
        for (dial, value) in later.turned() {
            dial.set(self, &value);
        }
    }
}

fn check_reason(reason: &str) -> Result<(), DialError> {
    if reason.len() <= TEXT_BYTES_MAX { Ok(()) } else { Err(reason_error()) }
}

fn reason_error() -> DialError {
    DialError::new("reason", format!("must be {}", REASON_KIND.bound()))
}
