//! What `floodgate doctor` finds out about the servers of the distributed form.

use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use floodgate_config::Settings;
use floodgate_log::kafka::{TopicPlan, describe};

use super::doctor::Finding;
use crate::roles::kafka_options;

const MAKE: &str = "floodgate topics apply";

/// The cluster, and every topic on it.
pub(super) fn kafka(settings: &Settings) -> Vec<Finding> {
    let options = kafka_options(settings);
    let kafka = &settings.kafka;
    let plans = TopicPlan::all(settings.log.partitions, kafka.gateways, kafka.replication);
    let mut findings = Vec::new();
    for plan in plans {
        let name = options.name(plan.topic);
        match describe(&options, plan.topic) {
            Err(error) => {
                let fix = "start the brokers, or set kafka.brokers";
                findings.push(Finding::bad("kafka", error.to_string(), fix));
                // Each further question would wait as long.
                return findings;
            }
            Ok(0) => findings.push(Finding::bad("topic", format!("{name} is missing"), MAKE)),
            Ok(found) if found < plan.partitions => {
                let found = format!("{name} has {found} partitions, {} asked for", plan.partitions);
                let fix = "set log.partitions to what there is; only replies can grow";
                findings.push(Finding::bad("topic", found, fix));
            }
            Ok(found) => {
                findings.push(Finding::good("topic", format!("{name}, {found} partitions")));
            }
        }
    }
    findings
}

/// Whether Redis listens; more is seen when a gateway starts.
pub(super) fn redis(settings: &Settings) -> Finding {
    let url = &settings.redis.url;
    let place = url.trim_start_matches("redis://").rsplit('@').next().unwrap_or_default();
    let place = place.split('/').next().unwrap_or_default();
    let address = if place.contains(':') { place.to_owned() } else { format!("{place}:6379") };
    let reached = address.to_socket_addrs().ok().and_then(|mut all| {
        all.find_map(|one| TcpStream::connect_timeout(&one, Duration::from_secs(2)).ok())
    });
    match reached {
        Some(_) => Finding::good("redis", format!("{address} answers")),
        None => Finding::bad(
            "redis",
            format!("{address} does not answer"),
            "start it, or set redis.url",
        ),
    }
}
