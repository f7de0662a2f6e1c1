//! The Kafka cluster: its brokers, every topic, sizes and clocks.

use floodgate_config::Settings;
use floodgate_event_log::kafka::{Cluster, Config, Difference, FoundTopic, RECORD_BYTES_MAX};
use floodgate_event_log::kafka::{TopicPlan, inspect};
use floodgate_event_log::topics::Cleanup;
use floodgate_event_log::{KafkaLog, Log, Topic, probe};

use super::super::block_on;
use super::super::exit::Failure;
use super::{Finding, clock};
use floodgate_server::kafka_options;

/// Makes what is missing and sets what is set otherwise.
const APPLY: &str = "floodgate topics apply";

/// The cluster, every topic on it, and how far its clocks are from ours.
pub(super) fn look(settings: &Settings) -> Vec<Finding> {
    let options = kafka_options(settings);
    let cluster = match block_on(async { inspect(&options).await.map_err(Failure::unavailable) }) {
        Ok(cluster) => cluster,
        Err(failure) => {
            let fix = "start the brokers, or set kafka.brokers and kafka.properties";
            // Each further question would wait as long.
            return vec![Finding::bad("kafka", failure.to_string(), fix)];
        }
    };
    let kafka = &settings.kafka;
    let plans = TopicPlan::all(settings.log.partitions, kafka.gateways, kafka.replication);
    let mut findings = vec![brokers(settings, &cluster)];
    findings.extend(cluster.brokers.iter().map(|(id, config)| session(settings, *id, config)));
    let topics = plans.iter().map(|plan| {
        let name = options.name(plan.topic);
        cluster.topics.get(&plan.topic).map_or_else(
            || Finding::bad("topic", format!("{name} is missing"), APPLY),
            |found| topic(&name, plan, found),
        )
    });
    let topics: Vec<Finding> = topics.collect();
    let are_there = cluster.topics.len() == plans.len();
    findings.extend(topics);
    findings.push(message_size(settings));
    if are_there {
        findings.extend(questions_to_the_log(settings));
    }
    findings
}

fn brokers(settings: &Settings, cluster: &Cluster) -> Finding {
    let (count, asked) = (cluster.brokers.len(), settings.kafka.replication);
    let found = format!("{count} brokers, {asked} replicas of every record requested");
    if count >= asked as usize {
        return Finding::good("kafka", found);
    }
    Finding::bad("kafka", found, "start more brokers, or lower kafka.replication")
}

/// A broker refuses members whose session is out of its bounds, so nobody would own anything.
fn session(settings: &Settings, id: i32, config: &Config) -> Finding {
    let asked = settings.kafka.session_timeout.as_millis();
    let bound = |name: &str| config.get(name).and_then(|text| text.parse::<u64>().ok());
    let least = bound("group.min.session.timeout.ms").unwrap_or(0);
    let most = bound("group.max.session.timeout.ms").unwrap_or(u64::MAX);
    let found =
        format!("broker {id} accepts sessions of {least} to {most} ms, ours are {asked} ms");
    if (least..=most).contains(&asked) {
        return Finding::good("session", found);
    }
    let fix = "set kafka.session_timeout within these limits, or the brokers' group.min.session.timeout.ms";
    Finding::bad("session", found, fix)
}

fn topic(name: &str, plan: &TopicPlan, found: &FoundTopic) -> Finding {
    let FoundTopic { partitions, replication, without_leader, behind, .. } = *found;
    let bad = |what: String, fix: &str| Finding::bad("topic", format!("{name} {what}"), fix);
    if partitions < plan.partitions {
        let what = format!("has {partitions} partitions, {} requested", plan.partitions);
        return bad(what, "set log.partitions to the existing number; only replies can grow");
    }
    if without_leader > 0 {
        let what = format!("has {without_leader} partitions without a leader");
        return bad(what, "start the brokers that have their replicas");
    }
    if replication < plan.replication {
        let what = format!("has {replication} replicas, {} requested", plan.replication);
        return bad(what, "kafka-reassign-partitions adds more, or set kafka.replication");
    }
    if behind > 0 {
        let what = format!("has {behind} partitions with a replica that lags behind");
        return bad(
            what,
            "start the brokers that have these replicas, and wait until they have caught up",
        );
    }
    let differs = |one: &Difference| {
        let found = one.found.as_deref().unwrap_or("unknown");
        format!("{} is {found}, planned {}", one.key, one.planned)
    };
    let differences: Vec<String> = plan.differences(found).iter().map(differs).collect();
    if differences.is_empty() {
        return Finding::good("topic", format!("{name}, {partitions} partitions, as planned"));
    }
    bad(format!("is set otherwise: {}", differences.join("; ")), APPLY)
}

/// The topics' own limit is part of their plan; a property of ours must not go below it.
fn message_size(settings: &Settings) -> Finding {
    let lowered = settings.kafka.properties.iter().find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let is_limit = matches!(name.trim(), "message.max.bytes" | "receive.message.max.bytes");
        let value: usize = value.trim().parse().ok()?;
        (is_limit && value < RECORD_BYTES_MAX).then(|| pair.clone())
    });
    match lowered {
        None => Finding::good("message size", format!("records of {RECORD_BYTES_MAX} bytes")),
        Some(pair) => {
            let found = format!("kafka.properties has {pair}, a plan may take {RECORD_BYTES_MAX}");
            Finding::bad("message size", found, "remove it from kafka.properties")
        }
    }
}

/// What only somebody who reads and writes can say.
fn questions_to_the_log(settings: &Settings) -> Vec<Finding> {
    match KafkaLog::open(&kafka_options(settings)) {
        Ok(log) => kept(&log).into_iter().chain(clocks(&log)).collect(),
        Err(error) => vec![Finding::bad("kafka", error.to_string(), APPLY)],
    }
}

/// Whether the topics that keep everything still have their first records: a state that has lost its
/// beginning is wrong, or unknown.
fn kept(log: &dyn Log) -> Vec<Finding> {
    let mut findings = Vec::new();
    for topic in Topic::ALL.into_iter().filter(|topic| topic.cleanup() == Cleanup::Keep) {
        let name = topic.name();
        let partitions = 0..log.partitions(topic);
        let lost: Result<Vec<_>, _> = partitions
            .map(|partition| log.first(topic, partition).map(|first| (partition, first)))
            .filter(|first| first.as_ref().is_ok_and(|(_, first)| *first > 0) || first.is_err())
            .collect();
        let fix = "find out what deletes records (retention, kafka-delete-records), and put them \
                   back from a copy; floodgate topics apply keeps everything";
        match lost {
            Ok(lost) if lost.is_empty() => {}
            Ok(lost) => {
                let begins =
                    lost.iter().map(|(partition, first)| format!("{partition} at {first}"));
                let begins = begins.collect::<Vec<_>>().join(", ");
                let what = format!("{name} has lost its first records: partition {begins}");
                findings.push(Finding::bad("kept", what, fix));
            }
            Err(error) => findings.push(Finding::bad("kept", format!("{name}: {error}"), fix)),
        }
    }
    if findings.is_empty() {
        let found = "commands, ledger, facts and audience have their first records";
        findings.push(Finding::good("kept", found));
    }
    findings
}

/// The clock of every leader of the replies, and with it that appends are acknowledged.
fn clocks(log: &KafkaLog) -> Vec<Finding> {
    let probes = match probe(log) {
        Ok(probes) => probes,
        Err(error) => {
            let fix = "check the brokers' logs; this user must be allowed to write";
            return vec![Finding::bad("kafka append", error.to_string(), fix)];
        }
    };
    let compared = probes.iter().map(|probe| {
        let whose = format!("the leader of replies/{}", probe.partition);
        clock::compare("kafka clock", &whose, probe.clocks)
    });
    let (good, bad): (Vec<Finding>, Vec<Finding>) = compared.partition(|finding| finding.ok);
    // One good word for all of them, and every bad one.
    if bad.is_empty() { good.into_iter().take(1).collect() } else { bad }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn plan() -> TopicPlan {
        TopicPlan::all(6, 8, 3).into_iter().find(|plan| plan.topic == Topic::Counts).unwrap()
    }

    fn as_planned() -> FoundTopic {
        let config = plan().config.into_iter();
        FoundTopic {
            partitions: 6,
            replication: 3,
            config: config.map(|(key, value)| (key.to_owned(), value)).collect(),
            ..FoundTopic::default()
        }
    }

    #[test]
    fn every_way_a_topic_can_be_wrong_names_its_fix() {
        assert!(topic("counts", &plan(), &as_planned()).ok);
        let with = |key: &str, value: &str| {
            let mut found = as_planned();
            found.config.insert(key.to_owned(), value.to_owned());
            found
        };
        let mut forgetful = as_planned();
        forgetful.config.remove("min.insync.replicas");
        let rows = [
            (FoundTopic { partitions: 5, ..as_planned() }, "5 partitions", "log.partitions"),
            (FoundTopic { replication: 1, ..as_planned() }, "1 replicas", "reassign"),
            (
                FoundTopic { without_leader: 1, ..as_planned() },
                "without a leader",
                "start the brokers",
            ),
            (FoundTopic { behind: 2, ..as_planned() }, "lags behind", "start the brokers"),
            (with("cleanup.policy", "delete"), "cleanup.policy is delete, planned compact", APPLY),
            (with("retention.ms", "1000"), "retention.ms is 1000, planned -1", APPLY),
            (with("retention.bytes", "1000"), "retention.bytes is 1000, planned -1", APPLY),
            (with("unclean.leader.election.enable", "true"), "planned false", APPLY),
            (with("message.timestamp.type", "CreateTime"), "CreateTime", APPLY),
            (with("max.message.bytes", "1048588"), "max.message.bytes is 1048588", APPLY),
            (forgetful, "min.insync.replicas is unknown, planned 2", APPLY),
        ];
        for (found, says, fix) in rows {
            let finding = topic("counts", &plan(), &found);
            assert!(!finding.ok && finding.found.contains(says), "{finding:?}");
            assert!(finding.fix.as_deref().unwrap().contains(fix), "{finding:?}");
        }
    }
}
