//! Every setting, in layers: default, file, environment, flags.
//!
//! `default.toml` is the reference page and the default itself. A bad value names its key,
//! the value, the bound and the fix. Start reading at [`Settings`].

mod dials;
mod layers;
mod payments;
mod places;
mod settings;
mod standbys;
mod units;

pub use layers::{ConfigError, Loaded, load, load_text};
pub use payments::{Payments, PaymentsProvider};
pub use places::Snapshots;
pub use settings::{
    Admission, Backend, Engine, Kafka, Live, LogSettings, Redis, S3, Secrets, Server, Settings,
    Sinks, Store,
};
pub use standbys::Standbys;
pub use units::{ByteSize, Span};

/// The reference page: every key with its default, unit and reason.
pub const DEFAULT_TOML: &str = include_str!("../default.toml");

/// A setting out of its bounds: key, value, bound and fix.
pub(crate) type Violation<Fix = &'static str> = (&'static str, String, Fix);
