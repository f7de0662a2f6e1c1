//! Which form the tests of the whole run in: FLOODGATE_TEST_FORM is `embedded` (default) or
//! `distributed`, which needs `scripts/servers up kafka redis`.

use floodgate_event_log::kafka::{TopicPlan, apply};
use floodgate_server::kafka_options;

/// Settings as `section.key` and text.
pub(crate) type Flags = Vec<(String, String)>;

/// Whether real servers are used.
pub(crate) fn is_distributed() -> bool {
    std::env::var("FLOODGATE_TEST_FORM").is_ok_and(|form| form == "distributed")
}

pub(crate) fn server(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: scripts/servers up, then eval \"$(scripts/servers env)\"")
    })
}

/// The settings that make a form, with topics of their own.
pub(crate) fn flags() -> Flags {
    if is_distributed() { distributed_flags() } else { embedded_flags() }
}

/// The settings of the embedded form.
pub(crate) fn embedded_flags() -> Flags {
    trial().into()
}

/// The settings of the distributed form, with topics of their own.
pub(crate) fn distributed_flags() -> Flags {
    let name = format!("t{:08x}", rand::random::<u32>());
    let prefix = format!("{name}.");
    let people = format!("{} options='-c search_path={name}'", server("FLOODGATE_TEST_POSTGRES"));
    [
        ("log.backend", "kafka".to_owned()),
        ("log.partitions", "6".to_owned()),
        ("kafka.brokers", server("FLOODGATE_TEST_KAFKA")),
        ("kafka.prefix", prefix),
        // Longer than a broker full of tests takes to restart: appends wait for it.
        ("kafka.append_timeout", "120s".to_owned()),
        ("server.give_up_after", "180s".to_owned()),
        ("kafka.session_timeout", "1500ms".to_owned()),
        ("admission.store", "redis".to_owned()),
        ("redis.url", server("FLOODGATE_TEST_REDIS")),
        ("people.postgres", people),
        ("server.pictures", format!("s3://floodgate/{name}")),
        ("s3.endpoint", server("FLOODGATE_TEST_S3")),
        ("s3.path_style", "true".to_owned()),
        ("s3.credentials_file", s3_credentials()),
        // A reader a partition, beside those of every role in one process of one machine: the tests of
        // searching turn it on.
        ("search.backend", "off".to_owned()),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value))
    .chain(trial())
    .collect()
}

/// A file with the keys that the store of `scripts/servers` takes: anything.
fn s3_credentials() -> String {
    let file = std::env::temp_dir().join("floodgate-test-s3-credentials");
    // All tests write the same words; none may read a file that another has just emptied.
    let own = file.with_extension(format!("{:08x}", rand::random::<u32>()));
    std::fs::write(&own, "aws_access_key_id = test\naws_secret_access_key = test\n").unwrap();
    std::fs::rename(&own, &file).unwrap();
    file.to_str().unwrap().to_owned()
}

/// Makes the schema in which addresses are kept.
fn make_schema(flags: &Flags) {
    let Some((_, config)) = flags.iter().find(|(key, _)| key == "people.postgres") else { return };
    let name = config.rsplit('=').next().unwrap().trim_end_matches('\'');
    let mut client = postgres::Client::connect(config, postgres::NoTls).unwrap();
    client.batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS {name}")).unwrap();
}

/// No load balancer stands in front of a test, which says itself where its visitors come from, and
/// nobody pays for it.
fn trial() -> [(String, String); 3] {
    [
        ("server.drain_notice", "0s"),
        ("server.trusted_proxies", "127.0.0.1,::1"),
        ("payments.allow_sandbox", "true"),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
}

/// Makes the topics, where there is a cluster to make them on.
pub(crate) async fn prepare(flags: &Flags) {
    if is_distributed() {
        apply_topics(flags).await;
    }
}

/// Makes the topics that belong to `flags`.
pub(crate) async fn apply_topics(flags: &Flags) {
    let theirs = flags.clone();
    tokio::task::spawn_blocking(move || make_schema(&theirs)).await.unwrap();
    let settings = floodgate_config::load(None, [], flags).unwrap().settings;
    let kafka = &settings.kafka;
    let plans = TopicPlan::all(settings.log.partitions, kafka.gateways, kafka.replication);
    apply(&kafka_options(&settings), &plans).await.unwrap();
}

/// Flags as a configuration file.
pub(crate) fn as_toml(flags: &Flags) -> String {
    let mut text = String::new();
    for (key, value) in flags {
        let (section, name) = key.split_once('.').unwrap();
        let quoted = match value.parse::<u64>() {
            Ok(number) => number.to_string(),
            Err(_) if value.starts_with('[') => value.clone(),
            Err(_) if name == "trusted_proxies" => {
                format!("{:?}", value.split(',').collect::<Vec<_>>())
            }
            Err(_) if matches!(value.as_str(), "true" | "false") => value.clone(),
            Err(_) => format!("{value:?}"),
        };
        text.push_str(&format!("{section}.{name} = {quoted}\n"));
    }
    text
}
