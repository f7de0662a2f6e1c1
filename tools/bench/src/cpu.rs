//! How much CPU time other processes have used, according to the kernel.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Clock ticks a second in `/proc/PID/stat`: fixed at 100 on Linux for user space (proc(5)).
const TICK: Duration = Duration::from_millis(10);

/// How often to check whether everything is idle, and for how long at most.
const SETTLE_LOOK: Duration = Duration::from_millis(500);
const SETTLE_LOOKS_MAX: u32 = 120;
/// Idle: less of one core than this, all together. Idle roles and the broker poll each other,
/// which takes most of it.
const CALM_LOAD: f64 = 0.4;

/// How often the threads of a process have stopped running so far, by waiting and by being made
/// to; `None` when there is no such process. Threads that have ended are not counted any more.
fn switches(pid: u32) -> Option<u64> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let counts = threads.flatten().filter_map(|thread| {
        let status = std::fs::read_to_string(thread.path().join("status")).ok()?;
        let lines = status.lines().filter(|line| line.contains("ctxt_switches:"));
        let counts = lines.filter_map(|line| line.rsplit_once(':')?.1.trim().parse::<u64>().ok());
        Some(counts.sum::<u64>())
    });
    Some(counts.sum())
}

/// User and system time of a process so far; `None` when there is no such process.
pub(super) fn used(pid: u32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name is in parentheses and may contain anything, so the numbers begin after it.
    let mut numbers = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: u32 = numbers.next()?.parse().ok()?;
    let system: u32 = numbers.next()?.parse().ok()?;
    Some(TICK * (user + system))
}

/// How long this thread has run so far; what it waited for a core does not count. The wall clock
/// where the kernel does not say.
pub(super) fn of_this_thread() -> Duration {
    static BEGAN: OnceLock<Instant> = OnceLock::new();
    let wall = BEGAN.get_or_init(Instant::now).elapsed();
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = stat.split_whitespace().next().and_then(|nanos| nanos.parse().ok());
    nanos.map_or(wall, Duration::from_nanos)
}

/// Memory of this process that is in use now, in bytes; zero where the kernel does not say.
pub(super) fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.unwrap_or_default() << 10
}

/// What the processes of one name have used since the last look.
#[derive(Debug, Clone)]
pub(super) struct Lap {
    pub(super) name: String,
    pub(super) spent: Duration,
    /// Context switches.
    pub(super) switches: u64,
}

/// Processes by name, and what each had used when last looked at.
#[derive(Debug, Default)]
pub(super) struct Meter {
    watched: Vec<(String, u32)>,
    last: BTreeMap<u32, (Duration, u64)>,
}

impl Meter {
    /// Watches a process under a name; several may share one.
    pub(super) fn watch(&mut self, name: impl Into<String>, pid: u32) {
        self.watched.push((name.into(), pid));
        self.last.insert(pid, so_far(pid));
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
            let spent: Duration = self.lap().into_iter().map(|lap| lap.spent).sum();
            if spent < SETTLE_LOOK.mul_f64(CALM_LOAD) {
                return Ok(());
            }
        }
        bail!("the installation did not come to rest; measure again when the machine is quiet")
    }

    /// What each name has used since the last look, in the order they were first watched.
    pub(super) fn lap(&mut self) -> Vec<Lap> {
        let mut laps: Vec<Lap> = Vec::new();
        for (name, pid) in &self.watched {
            let now = so_far(*pid);
            let before = self.last.insert(*pid, now).unwrap_or_default();
            let (spent, switches) =
                (now.0.saturating_sub(before.0), now.1.saturating_sub(before.1));
            match laps.iter_mut().find(|lap| lap.name == *name) {
                Some(lap) => {
                    lap.spent += spent;
                    lap.switches += switches;
                }
                None => laps.push(Lap { name: name.clone(), spent, switches }),
            }
        }
        laps
    }
}

fn so_far(pid: u32) -> (Duration, u64) {
    (used(pid).unwrap_or_default(), switches(pid).unwrap_or_default())
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
        while used(pid).unwrap() < meter.last[&pid].0 + 3 * TICK {
            sum = std::hint::black_box(sum.wrapping_mul(31) + 1);
        }
        let laps = meter.lap();
        assert_eq!(laps.len(), 1);
        assert!(laps[0].spent >= 3 * TICK, "{laps:?}");
        assert!(used(u32::MAX).is_none());
    }
}
