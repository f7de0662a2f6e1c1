//! Every setting, in layers: default, file, environment, flags.
//!
//! `default.toml` is the reference page and the default itself. A bad value names its key,
//! the value, the bound and the fix. Start reading at [`Settings`].

mod channels;
mod dials;
mod layers;
mod masking;
mod payments;
mod settings;
mod sign_in;
mod standbys;
mod store_location;
mod units;

pub use channels::{
    ChannelsSettings, EmailSettings, MailEncryption, SmsSettings, WebPushSettings, WebhookSettings,
    time_of_day,
};
pub use layers::{ConfigError, Loaded, load, load_text};
pub use payments::{PaymentsProvider, PaymentsSettings};
pub use settings::{
    AdmissionSettings, Backend, EngineSettings, ForwardedBy, KafkaSettings, LogSettings,
    PeopleSettings, RedisSettings, S3Settings, SearchBackend, SearchSettings, SecretFiles,
    ServerSettings, Settings, SinksSettings, Store, StreamsSettings, TraceSettings,
};
pub use sign_in::{FanProvider, SignInSettings, StaffProvider};
pub use standbys::Standbys;
pub use store_location::StoreLocation;
pub use units::{ByteSize, HumanDuration};

/// The reference page: every key with its default, unit and reason.
pub const DEFAULT_TOML: &str = include_str!("../default.toml");

/// A setting out of its bounds: key, value, bound and fix.
pub(crate) type InvalidSetting<Fix = &'static str> = (&'static str, String, Fix);
