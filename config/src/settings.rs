//! The settings as types. Meaning, unit and reason of each are in `default.toml`.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use serde::Deserialize;

use floodgate_domain::Network;
use floodgate_domain::dials::{Dial, DialEntry, DialValue};

use crate::InvalidSetting;
use crate::channels::ChannelsSettings;
use crate::payments::PaymentsSettings;
use crate::sign_in::SignInSettings;
use crate::standbys::Standbys;
use crate::store_location::StoreLocation;
use crate::units::{ByteSize, HumanDuration};

/// All settings of a process.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    #[serde(deserialize_with = "crate::dials::read")]
    pub dials: Vec<DialEntry>,
    pub server: ServerSettings,
    pub log: LogSettings,
    pub kafka: KafkaSettings,
    pub redis: RedisSettings,
    pub engine: EngineSettings,
    pub s3: S3Settings,
    pub admission: AdmissionSettings,
    pub payments: PaymentsSettings,
    pub people: PeopleSettings,
    pub sign_in: SignInSettings,
    pub channels: ChannelsSettings,
    pub sinks: SinksSettings,
    pub search: SearchSettings,
    pub streams: StreamsSettings,
    pub trace: TraceSettings,
    pub secrets: SecretFiles,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSettings {
    pub listen: SocketAddr,
    pub connections_max: usize,
    pub connections_per_address: usize,
    pub connections_per_network: usize,
    pub streams_per_address: usize,
    pub streams_per_network: usize,
    pub header_deadline: HumanDuration,
    pub body_deadline: HumanDuration,
    pub write_deadline: HumanDuration,
    pub body_max: ByteSize,
    pub plan_body_max: ByteSize,
    pub pictures: StoreLocation,
    pub answer_deadline: HumanDuration,
    pub drain_notice: HumanDuration,
    pub give_up_after: HumanDuration,
    pub gateway_id: u32,
    #[serde(deserialize_with = "crate::units::networks")]
    pub trusted_proxies: Vec<Network>,
    pub forwarded_header: ForwardedBy,
    pub proxy_protocol: bool,
    #[serde(deserialize_with = "crate::units::address_or_none")]
    pub status_listen: Option<SocketAddr>,
}

/// The header in which trusted proxies name the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedBy {
    XForwardedFor,
    Forwarded,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    pub backend: Backend,
    pub partitions: u32,
    pub queue_records_max: usize,
    pub queue_max: ByteSize,
}

/// The kinds of log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backend {
    Embedded,
    Kafka,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KafkaSettings {
    pub brokers: String,
    pub prefix: String,
    pub replication: u32,
    pub gateways: u32,
    pub session_timeout: HumanDuration,
    pub append_timeout: HumanDuration,
    pub batch_every: HumanDuration,
    pub properties: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisSettings {
    pub url: String,
}

/// The kinds of store for places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Store {
    Memory,
    Redis,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineSettings {
    pub snapshots: StoreLocation,
    pub snapshot_every: u64,
    pub standbys: Standbys,
}

/// The object store of the snapshots; an empty file is none.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3Settings {
    pub endpoint: String,
    pub region: String,
    pub path_style: bool,
    pub credentials_file: PathBuf,
    pub ca_file: PathBuf,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdmissionSettings {
    pub store: Store,
    pub pace_per_minute: u32,
    pub grace: HumanDuration,
    pub puzzle_level: u8,
    pub puzzle_neighbours: u32,
    pub entries_per_network: u32,
    pub block: u32,
    pub address_per_second: NonZeroU32,
    pub address_burst: NonZeroU32,
    pub network_per_second: NonZeroU32,
    pub network_burst: NonZeroU32,
    pub provider_per_second: NonZeroU32,
    pub provider_burst: NonZeroU32,
    pub device_per_second: NonZeroU32,
    pub device_burst: NonZeroU32,
    pub keys_max: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SinksSettings {
    pub sqlite: bool,
    pub postgres: String,
    pub opensearch: String,
    pub opensearch_user: String,
    pub opensearch_password_file: PathBuf,
    pub opensearch_index: String,
}

/// Which index answers searches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchBackend {
    Embedded,
    Opensearch,
    Off,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchSettings {
    pub backend: SearchBackend,
    pub towns_file: PathBuf,
}

/// Where addresses are kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeopleSettings {
    pub postgres: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamsSettings {
    pub enabled: bool,
    pub forget_after: HumanDuration,
    pub audience_window: HumanDuration,
    pub audience_threshold: u64,
    pub tables: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceSettings {
    pub endpoint: String,
    pub one_in: u32,
}

/// Files with secrets; empty paths are missing ones.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretFiles {
    pub root_key_file: PathBuf,
    pub ticket_key_file: PathBuf,
    pub staff_keys_file: PathBuf,
}

impl AdmissionSettings {
    /// Where dials stand until somebody turns them: within the bounds of the dials.
    fn violations(&self) -> Vec<InvalidSetting<String>> {
        let rows = [
            ("admission.pace_per_minute", "pace_per_minute", u64::from(self.pace_per_minute)),
            ("admission.puzzle_level", "puzzle_level", u64::from(self.puzzle_level)),
        ];
        let broken = rows.into_iter().filter_map(|(key, name, value)| {
            let dial = Dial::named(name)?;
            let is_within = dial.check(&DialValue::Number(value)).is_ok();
            (!is_within).then(|| (key, value.to_string(), dial.kind.bound()))
        });
        broken.collect()
    }
}

impl StreamsSettings {
    fn violations(&self) -> Vec<InvalidSetting> {
        let mut found = Vec::new();
        let StreamsSettings { audience_window, audience_threshold, .. } = self;
        if *audience_threshold < 60 {
            let fix = "at least 60; below that, cells of nobody appear by their noise";
            found.push(("streams.audience_threshold", audience_threshold.to_string(), fix));
        }
        if audience_window.as_millis() < 60_000 {
            let value = format!("{} ms", audience_window.as_millis());
            found.push(("streams.audience_window", value, "at least 1m; 7d is an ISO week"));
        }
        found
    }
}

impl Default for Settings {
    fn default() -> Self {
        toml::from_str(crate::DEFAULT_TOML).expect("default.toml is tested to be whole and valid")
    }
}

impl Settings {
    /// Every bound that a type cannot express, as (key, value, bound and fix).
    pub(crate) fn violations(&self) -> Vec<InvalidSetting<String>> {
        let Settings { server, log, kafka, engine, s3, admission, payments, streams, .. } = self;
        let channels = self.channels.violations().into_iter().chain(self.sign_in.violations());
        let rows = [
            (
                (1..=kafka.gateways).contains(&server.gateway_id),
                "server.gateway_id",
                server.gateway_id.to_string(),
                "between 1 and kafka.gateways",
            ),
            (
                (1..=1024).contains(&kafka.gateways),
                "kafka.gateways",
                kafka.gateways.to_string(),
                "between 1 and 1024",
            ),
            (
                (1..=9).contains(&kafka.replication),
                "kafka.replication",
                kafka.replication.to_string(),
                "between 1 and 9, and at most the number of brokers",
            ),
            (
                kafka.properties.iter().all(|pair| pair.contains('=')),
                "kafka.properties",
                kafka.properties.join(", "),
                "a list of name=value",
            ),
            (
                (1..=1024).contains(&log.partitions),
                "log.partitions",
                log.partitions.to_string(),
                "between 1 and 1024; 4 suits one machine",
            ),
            (
                (1..=65_536).contains(&admission.block),
                "admission.block",
                admission.block.to_string(),
                "between 1 and 65536",
            ),
        ];
        let rows = rows.into_iter().chain(server.bounds());
        let rows = rows.filter(|row| !row.0).map(|(_, key, value, fix)| (key, value, fix));
        let rooms =
            engine.violations().into_iter().chain(s3.violations()).chain(streams.violations());
        let rooms = rooms.chain(payments.violations()).chain(channels);
        let found = rows.chain(rooms).map(|(key, value, fix)| (key, value, fix.to_owned()));
        found.chain(admission.violations()).collect()
    }
}

impl ServerSettings {
    /// Bounds, as (whether it is kept, key, value, bound and fix).
    fn bounds(&self) -> [(bool, &'static str, String, &'static str); 8] {
        [
            (
                self.connections_max >= 16,
                "server.connections_max",
                self.connections_max.to_string(),
                "at least 16",
            ),
            (
                self.write_deadline.as_millis() >= 1_000,
                "server.write_deadline",
                format!("{} ms", self.write_deadline.as_millis()),
                "at least 1s; clients on poor lines stop for moments",
            ),
            (
                !self.trusted_proxies.iter().any(Network::is_everybody),
                "server.trusted_proxies",
                self.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
                "the addresses of your own proxies; with these anybody chooses an address",
            ),
            (
                !self.proxy_protocol || !self.trusted_proxies.is_empty(),
                "server.proxy_protocol",
                self.proxy_protocol.to_string(),
                "false, unless server.trusted_proxies names who speaks it",
            ),
            (
                (1024..=1 << 20).contains(&self.body_max.0),
                "server.body_max",
                self.body_max.0.to_string(),
                "between 1 KiB and 1 MiB",
            ),
            (
                self.answer_deadline.as_millis() >= 10,
                "server.answer_deadline",
                format!("{} ms", self.answer_deadline.as_millis()),
                "at least 10ms",
            ),
            (
                self.drain_notice.as_millis() <= 60_000,
                "server.drain_notice",
                format!("{} ms", self.drain_notice.as_millis()),
                "at most 1m; what starts and stops processes kills those that take longer",
            ),
            (
                self.give_up_after.as_millis() >= 1_000,
                "server.give_up_after",
                format!("{} ms", self.give_up_after.as_millis()),
                "at least 1s; a new start helps no sooner",
            ),
        ]
    }
}

impl EngineSettings {
    /// What its types cannot express, as (key, value, bound and fix).
    pub(crate) fn violations(&self) -> Vec<InvalidSetting> {
        let every = self.snapshot_every;
        let fix = "at least 1000; snapshots cost more than replaying fewer commands";
        if every >= 1000 {
            return Vec::new();
        }
        vec![("engine.snapshot_every", every.to_string(), fix)]
    }
}

impl S3Settings {
    /// What its types cannot express, as (key, value, bound and fix).
    pub(crate) fn violations(&self) -> Vec<InvalidSetting> {
        let endpoint = &self.endpoint;
        let is_address = endpoint.is_empty()
            || ["https://", "http://"].iter().any(|scheme| endpoint.starts_with(scheme));
        let mut found = Vec::new();
        if !is_address {
            found.push(("s3.endpoint", endpoint.clone(), "empty for AWS, or https://host:port"));
        }
        if self.region.is_empty() {
            found.push(("s3.region", "\"\"".to_owned(), "a region, such as \"us-east-1\""));
        }
        found
    }
}
