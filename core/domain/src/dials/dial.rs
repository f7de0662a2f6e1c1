//! One dial: its bounds, and its values as they are kept and as people write them.

use std::time::Duration;

use super::{DIALS, DialChange, PhaseDial};
use crate::policy::Policy;

/// An entry of the table.
#[derive(Debug)]
pub struct Dial {
    /// One name everywhere: field, key, flag, metric, page.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub what: &'static str,
    pub kind: DialKind,
    pub acts: Acts,
    /// Its number in the log.
    pub(crate) wire: u8,
    pub(super) get: fn(&DialChange) -> Option<DialValue>,
    /// Whether the value was one of this dial's type.
    pub(super) put: fn(&mut DialChange, &DialValue) -> bool,
}

/// What its values are, with bounds and unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialKind {
    Number {
        min: u64,
        max: u64,
        unit: &'static str,
    },
    /// Kept in milliseconds; people write `90s` or `5m`.
    Duration {
        min_ms: u64,
        max_ms: u64,
    },
    Text {
        bytes_max: usize,
    },
    /// One of [`PhaseDial::TURNED`].
    Phase,
}

/// Where a dial is followed.
#[derive(Debug, Clone, Copy)]
pub enum Acts {
    /// By whoever runs a waiting room.
    Room,
    /// By the engine, as a rule of the sale.
    Rule(Rule),
    /// By the engine, as a fact of its own before that of the change.
    Phase,
}

/// How a dial is a rule of the sale.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    pub(crate) read: fn(&Policy) -> DialValue,
    pub(crate) follow: fn(&mut Policy, &DialValue),
}

/// A value of any dial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DialValue {
    /// A count, or milliseconds.
    Number(u64),
    Text(String),
    Phase(PhaseDial),
}

/// A value as in JSON, TOML and for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plain {
    Number(u64),
    Text(String),
}

/// Why a change cannot be: the field, then its bound, which says the fix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {fix}")]
pub struct DialError {
    pub field: String,
    pub fix: String,
}

impl DialError {
    pub(super) fn new(field: impl Into<String>, fix: String) -> Self {
        DialError { field: field.into(), fix }
    }
}

impl DialKind {
    /// Its bounds in words: what a value must be.
    #[must_use]
    pub fn bound(&self) -> String {
        match *self {
            DialKind::Number { min, max, .. } => format!("a whole number between {min} and {max}"),
            DialKind::Duration { min_ms, max_ms } => {
                let (min, max) = (duration_text(min_ms), duration_text(max_ms));
                format!("a duration between {min} and {max}, such as 90s or 5m")
            }
            DialKind::Text { bytes_max } => format!("a text of at most {bytes_max} bytes"),
            DialKind::Phase => {
                format!("one of {}", PhaseDial::TURNED.map(PhaseDial::code).join(", "))
            }
        }
    }

    /// The kind in one word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            DialKind::Number { .. } => "number",
            DialKind::Duration { .. } => "duration",
            DialKind::Text { .. } => "text",
            DialKind::Phase => "choice",
        }
    }

    /// What its values count, for people; empty where that goes without saying.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        match self {
            DialKind::Number { unit, .. } => unit,
            DialKind::Duration { .. } | DialKind::Text { .. } | DialKind::Phase => "",
        }
    }
}

impl Dial {
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Dial> {
        DIALS.iter().find(|dial| dial.name == name)
    }

    /// All names, for people.
    #[must_use]
    pub fn names() -> String {
        DIALS.iter().map(|dial| dial.name).collect::<Vec<_>>().join(", ")
    }

    /// Its value in a change, if the change sets it.
    #[must_use]
    pub fn of(&self, change: &DialChange) -> Option<DialValue> {
        (self.get)(change)
    }

    /// Its value in a sale's rules, if it is one of them.
    #[must_use]
    pub fn of_policy(&self, policy: &Policy) -> Option<DialValue> {
        match self.acts {
            Acts::Rule(rule) => Some((rule.read)(policy)),
            Acts::Room | Acts::Phase => None,
        }
    }

    /// Sets it in a change; returns whether the value had its type.
    pub fn set(&self, change: &mut DialChange, value: &DialValue) -> bool {
        (self.put)(change, value)
    }

    /// Whether a value is within its bounds.
    pub fn check(&self, value: &DialValue) -> Result<(), DialError> {
        let is_within = match (self.kind, value) {
            (DialKind::Number { min, max, .. }, DialValue::Number(number))
            | (DialKind::Duration { min_ms: min, max_ms: max }, DialValue::Number(number)) => {
                (min..=max).contains(number)
            }
            (DialKind::Text { bytes_max }, DialValue::Text(text)) => text.len() <= bytes_max,
            (DialKind::Phase, DialValue::Phase(_)) => true,
            _ => false,
        };
        if is_within { Ok(()) } else { Err(self.error()) }
    }

    /// A value from JSON or TOML; `None` is neither a whole number nor a text.
    pub fn read(&self, given: Option<&Plain>) -> Result<DialValue, DialError> {
        let value = match (self.kind, given) {
            (DialKind::Number { .. }, Some(Plain::Number(number))) => {
                Some(DialValue::Number(*number))
            }
            (DialKind::Duration { .. }, Some(Plain::Text(text))) => {
                duration_ms(text).map(DialValue::Number)
            }
            (DialKind::Text { .. }, Some(Plain::Text(text))) => Some(DialValue::Text(text.clone())),
            (DialKind::Phase, Some(Plain::Text(text))) => {
                PhaseDial::turned(text).map(DialValue::Phase)
            }
            _ => None,
        };
        let value = value.ok_or_else(|| self.error())?;
        self.check(&value)?;
        Ok(value)
    }

    /// A value from a command line, where a number is a text too.
    pub fn parse(&self, text: &str) -> Result<DialValue, DialError> {
        let number = match self.kind {
            DialKind::Number { .. } => text.parse().ok().map(Plain::Number),
            DialKind::Duration { .. } | DialKind::Text { .. } | DialKind::Phase => None,
        };
        self.read(Some(&number.unwrap_or_else(|| Plain::Text(text.to_owned()))))
    }

    /// A value as in JSON, TOML and for people.
    #[must_use]
    pub fn plain(&self, value: &DialValue) -> Plain {
        match (self.kind, value) {
            (DialKind::Duration { .. }, DialValue::Number(ms)) => Plain::Text(duration_text(*ms)),
            (_, DialValue::Number(number)) => Plain::Number(*number),
            (_, DialValue::Text(text)) => Plain::Text(text.clone()),
            (_, DialValue::Phase(phase)) => Plain::Text(phase.code().to_owned()),
        }
    }

    fn error(&self) -> DialError {
        DialError::new(self.name, format!("must be {}", self.kind.bound()))
    }
}

fn duration_ms(text: &str) -> Option<u64> {
    let duration = humantime::parse_duration(text).ok()?;
    u64::try_from(duration.as_millis()).ok()
}

fn duration_text(ms: u64) -> String {
    humantime::format_duration(Duration::from_millis(ms)).to_string()
}

/// A type that values of dials may have.
pub(super) trait DialType: Sized {
    fn to_value(&self) -> DialValue;
    /// `None` where the value is of another type, or too large for this one.
    fn from_value(value: &DialValue) -> Option<Self>;
}

macro_rules! number {
    ($($type:ty),+) => {$(
        impl DialType for $type {
            fn to_value(&self) -> DialValue {
                DialValue::Number(u64::from(*self))
            }
            fn from_value(value: &DialValue) -> Option<Self> {
                let DialValue::Number(number) = value else { return None };
                <$type>::try_from(*number).ok()
            }
        }
    )+};
}

number!(u8, u16, u32, u64);

impl DialType for String {
    fn to_value(&self) -> DialValue {
        DialValue::Text(self.clone())
    }
    fn from_value(value: &DialValue) -> Option<Self> {
        let DialValue::Text(text) = value else { return None };
        Some(text.clone())
    }
}

impl DialType for PhaseDial {
    fn to_value(&self) -> DialValue {
        DialValue::Phase(*self)
    }
    fn from_value(value: &DialValue) -> Option<Self> {
        let DialValue::Phase(phase) = value else { return None };
        Some(*phase)
    }
}
