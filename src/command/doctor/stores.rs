//! Redis, and the destinations of facts, as gateways and sinks need them.

use std::path::Path;

use floodgate_admission::{RedisFound, inspect_redis};
use floodgate_config::Settings;
use floodgate_sinks::{Destination, Inspection, destinations};

use super::super::block_on;
use super::super::exit::Failure;
use super::{Finding, clock};

/// The oldest version with everything that is asked of it.
const REDIS_MAJOR_MIN: u32 = 6;

/// The store that gateways share.
pub(super) fn redis(settings: &Settings) -> Vec<Finding> {
    let url = &settings.redis.url;
    match block_on(async { inspect_redis(url).await.map_err(Failure::unavailable) }) {
        Ok(found) => redis_findings(&found),
        Err(failure) => {
            let found = format!("{}: {failure}", without_password(url));
            vec![Finding::bad("redis", found, "start it, or set redis.url")]
        }
    }
}

fn redis_findings(found: &RedisFound) -> Vec<Finding> {
    let RedisFound { version, eviction, role, clocks } = found;
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    let answers = format!("Redis {version} answers");
    let first = if major.is_none_or(|major| major < REDIS_MAJOR_MIN) {
        Finding::bad("redis", answers, format!("use Redis {REDIS_MAJOR_MIN} or later"))
    } else if role == "slave" {
        let fix = "set redis.url to the server it replicates";
        Finding::bad("redis", format!("{answers}, but is a replica: it accepts no writes"), fix)
    } else {
        Finding::good("redis", answers)
    };
    let said = format!("maxmemory-policy is {eviction}");
    let second = if eviction == "noeviction" {
        Finding::good("redis memory", said)
    } else {
        let fix =
            "maxmemory-policy noeviction in redis.conf: otherwise it forgets who has which place";
        Finding::bad("redis memory", said, fix)
    };
    vec![first, second, clock::compare("redis clock", "Redis", *clocks)]
}

/// Every place facts are carried to.
pub(super) fn sinks(settings: &Settings, data: &Path) -> Vec<Finding> {
    match destinations(&settings.sinks, data) {
        Ok(all) => all.iter().flat_map(|one| destination_findings(&**one)).collect(),
        Err(error) => {
            vec![Finding::bad("sinks", error.to_string(), "mend the setting that is named")]
        }
    }
}

fn destination_findings(destination: &dyn Destination) -> Vec<Finding> {
    let name = destination.name();
    let Inspection { found, fault, clock } = match destination.inspect() {
        Ok(inspection) => inspection,
        Err(error) => {
            let fix = format!("start it, or set sinks.{name}; the sink waits for it meanwhile");
            return vec![Finding::bad(name, error.to_string(), fix)];
        }
    };
    let first = match fault {
        Some((found, fix)) => Finding::bad(name, found, fix),
        None => Finding::good(name, found),
    };
    let clock = clock.map(|one| clock::compare(one.check, one.whose, one.clocks));
    [first].into_iter().chain(clock).collect()
}

/// A URL as it may be shown.
fn without_password(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, place))) => format!("{scheme}://…@{place}"),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use floodgate_domain::LogTime;

    use super::*;

    const NOW: [LogTime; 3] = [LogTime(1_000_000); 3];

    fn redis(version: &str, eviction: &str, role: &str) -> Vec<Finding> {
        let text = str::to_owned;
        let (version, eviction, role) = (text(version), text(eviction), text(role));
        redis_findings(&RedisFound { version, eviction, role, clocks: NOW })
    }

    #[test]
    fn each_fault_is_reported_by_itself() {
        let faults = |findings: Vec<Finding>| -> Vec<String> {
            findings.into_iter().filter_map(|finding| finding.fix).collect()
        };
        assert!(faults(redis("7.0.15", "noeviction", "master")).is_empty());
        let rows = [
            (redis("5.0.3", "noeviction", "master"), "Redis 6"),
            (redis("", "noeviction", "master"), "Redis 6"),
            (redis("7.0.15", "allkeys-lru", "master"), "noeviction"),
            (redis("7.0.15", "noeviction", "slave"), "redis.url"),
        ];
        for (findings, says) in rows {
            let faults = faults(findings);
            assert!(faults.len() == 1 && faults[0].contains(says), "{faults:?}");
        }
    }

    #[test]
    fn passwords_stay_where_they_are() {
        assert_eq!(without_password("redis://u:secret@host:1/2"), "redis://…@host:1/2");
        assert_eq!(without_password("redis://host:1"), "redis://host:1");
    }
}
