//! How much CPU time other processes have used, according to the kernel.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};

/// Clock ticks a second in `/proc/PID/stat`: fixed at 100 on Linux for user space (proc(5)).
const TICK: Duration = Duration::from_millis(10);

/// How often to check whether everything is idle, and for how long at most.
const SETTLE_LOOK: Duration = Duration::from_millis(500);
const SETTLE_LOOKS_MAX: u32 = 120;
/// Idle: less of one core than this, all together. Idle roles and the broker poll each other,
/// which takes most of it.
const CALM_LOAD: f64 = 0.4;

/// User and system time of a process so far; `None` when there is no such process.
pub(super) fn used(pid: u32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name is in parentheses and may contain anything, so the numbers begin after it.
    let mut numbers = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: u32 = numbers.next()?.parse().ok()?;
    let system: u32 = numbers.next()?.parse().ok()?;
    Some(TICK * (user + system))
}

/// Processes by name, and what each had used when last looked at.
#[derive(Debug, Default)]
pub(super) struct Meter {
    watched: Vec<(String, u32)>,
    last: BTreeMap<u32, Duration>,
}

impl Meter {
    /// Watches a process under a name; several may share one.
    pub(super) fn watch(&mut self, name: impl Into<String>, pid: u32) {
        self.watched.push((name.into(), pid));
        self.last.insert(pid, used(pid).unwrap_or_default());
    }

    /// Watches the servers that `scripts/servers` started: each left its number in a file.
    pub(super) fn watch_servers(&mut self, folder: &Path) {
        for name in ["kafka", "redis", "postgres"] {
            let pid = std::fs::read_to_string(folder.join(format!("{name}.pid")));
            if let Some(pid) = pid.ok().and_then(|text| text.trim().parse().ok()) {
                self.watch(name, pid);
            }
        }
    }

    /// Waits until what is watched has next to nothing to do: those who follow a new event of
    /// 200,000 seats write it down for seconds, and its sale begins long after. An error after a
    /// minute: what is measured beside other work says little.
    pub(super) async fn settle(&mut self) -> Result<()> {
        let mut pulse = tokio::time::interval(SETTLE_LOOK);
        pulse.tick().await;
        self.lap();
        for _ in 0..SETTLE_LOOKS_MAX {
            pulse.tick().await;
            let spent: Duration = self.lap().into_iter().map(|(_, spent)| spent).sum();
            if spent < SETTLE_LOOK.mul_f64(CALM_LOAD) {
                return Ok(());
            }
        }
        bail!("the installation did not come to rest; measure again when the machine is quiet")
    }

    /// What each name has used since the last look, in the order they were first watched.
    pub(super) fn lap(&mut self) -> Vec<(String, Duration)> {
        let mut laps: Vec<(String, Duration)> = Vec::new();
        for (name, pid) in &self.watched {
            let now = used(*pid).unwrap_or_default();
            let before = self.last.insert(*pid, now).unwrap_or_default();
            let spent = now.saturating_sub(before);
            match laps.iter_mut().find(|(known, _)| known == name) {
                Some((_, sum)) => *sum += spent,
                None => laps.push((name.clone(), spent)),
            }
        }
        laps
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn work_is_seen() {
        let pid = std::process::id();
        let mut meter = Meter::default();
        meter.watch("us", pid);
        let mut sum = 0_u64;
        while used(pid).unwrap() < meter.last[&pid] + 3 * TICK {
            sum = std::hint::black_box(sum.wrapping_mul(31) + 1);
        }
        let laps = meter.lap();
        assert_eq!(laps.len(), 1);
        assert!(laps[0].1 >= 3 * TICK, "{laps:?}");
        assert!(used(u32::MAX).is_none());
    }
}
