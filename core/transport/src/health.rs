//! The health of a service.

use std::time::{Duration, Instant};

/// How a service is now. Only [`Health::Ready`] makes a process ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// It works, and has not caught up yet. No reason to give up, however long it takes.
    Starting,
    Ready,
    /// It cannot go on for now, because its log or its store fails; it tries again by itself.
    Degraded {
        reason: String,
        since: Instant,
    },
    /// What it builds belongs to another log, or to one that is no longer whole: it stands still,
    /// and only people can say which of the two is right.
    Mismatched {
        reason: String,
        since: Instant,
    },
    /// It has ended and nothing in this process brings it back.
    Failed {
        reason: String,
    },
}

impl Health {
    /// Begins to be degraded now.
    #[must_use]
    pub fn degraded(reason: impl Into<String>) -> Self {
        Health::Degraded { reason: reason.into(), since: Instant::now() }
    }

    #[must_use]
    pub fn failed(reason: impl Into<String>) -> Self {
        Health::Failed { reason: reason.into() }
    }

    /// Whether it stands still until people have decided.
    #[must_use]
    pub fn is_mismatched(&self) -> bool {
        matches!(self, Health::Mismatched { .. })
    }

    #[must_use]
    pub fn is_ready(&self) -> bool {
        *self == Health::Ready
    }

    /// As machines read it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Health::Starting => "starting",
            Health::Ready => "ready",
            Health::Degraded { .. } => "degraded",
            Health::Mismatched { .. } => "mismatched",
            Health::Failed { .. } => "failed",
        }
    }

    /// As the metric `floodgate_service_health` has it: the greater, the worse.
    #[must_use]
    pub fn level(&self) -> u8 {
        match self {
            Health::Ready => 0,
            Health::Starting => 1,
            Health::Degraded { .. } => 2,
            Health::Mismatched { .. } => 3,
            Health::Failed { .. } => 4,
        }
    }

    /// Why it cannot go on.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Health::Starting | Health::Ready => None,
            Health::Degraded { reason, .. }
            | Health::Mismatched { reason, .. }
            | Health::Failed { reason } => Some(reason),
        }
    }

    /// How long it has been unable to go on.
    #[must_use]
    pub fn degraded_for(&self) -> Option<Duration> {
        match self {
            Health::Degraded { since, .. } | Health::Mismatched { since, .. } => {
                Some(since.elapsed())
            }
            _ => None,
        }
    }

    /// The health of something made of several: that of the worst, and among those that cannot go
    /// on, of the one that could not first. Its reason names the part.
    #[must_use]
    pub fn of_all<N: std::fmt::Display>(parts: impl IntoIterator<Item = (N, Health)>) -> Self {
        let worst = parts.into_iter().max_by_key(|(_, health)| {
            let waited = health.degraded_for().unwrap_or_default();
            (health.level(), waited)
        });
        match worst {
            None => Health::Ready,
            Some((name, Health::Degraded { reason, since })) => {
                Health::Degraded { reason: format!("{name}: {reason}"), since }
            }
            Some((name, Health::Mismatched { reason, since })) => {
                Health::Mismatched { reason: format!("{name}: {reason}"), since }
            }
            Some((name, Health::Failed { reason })) => {
                Health::Failed { reason: format!("{name}: {reason}") }
            }
            Some((_, health)) => health,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_are_as_the_worst_of_them() {
        let now = Instant::now();
        let degraded = |reason: &str, ago: u64| Health::Degraded {
            reason: reason.into(),
            since: now.checked_sub(Duration::from_secs(ago)).unwrap_or(now),
        };
        assert_eq!(Health::of_all::<&str>([]), Health::Ready);
        let starting = [("a", Health::Ready), ("b", Health::Starting)];
        assert_eq!(Health::of_all(starting), Health::Starting);
        let two = [("a", degraded("x", 1)), ("b", degraded("y", 9)), ("c", Health::Starting)];
        let both = Health::of_all(two);
        assert_eq!(both.reason(), Some("b: y"), "who waits longest decides when it is enough");
        let mismatched = Health::Mismatched { reason: "another log".into(), since: now };
        let two = [("a", degraded("x", 99)), ("b", mismatched.clone())];
        assert_eq!(Health::of_all(two).reason(), Some("b: another log"));
        let failed = [("a", mismatched), ("b", Health::failed("gone"))];
        assert_eq!(Health::of_all(failed), Health::failed("b: gone"));
    }
}
