//! When a webhook is tried again: ten tries over some 75 hours, as Standard Webhooks 1.0.0
//! proposes, so that a receiver may be away over a weekend.

use std::time::Duration;

use ring::digest::{SHA256, digest};

/// Pauses after the first try, the second and so on, in seconds.
const PAUSES: [u64; 9] =
    [5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600];
/// Tries in all.
pub const WEBHOOK_TRIES_MAX: u32 = PAUSES.len() as u32 + 1;

/// How long to wait after so many tries of a message; `None` if that was the last one. Up to a
/// tenth longer, by the message: those that failed together do not come back together. What the
/// receiver asked for (`after`) is the least.
#[must_use]
pub fn webhook_pause(tries: u32, message_id: &str, after: Option<Duration>) -> Option<Duration> {
    let index = usize::try_from(tries.checked_sub(1)?).ok()?;
    let pause = Duration::from_secs(*PAUSES.get(index)?);
    let digest = digest(&SHA256, message_id.as_bytes());
    let share = u32::from(digest.as_ref()[index % 32]);
    let longer = pause / 10 * share / 255;
    Some((pause + longer).max(after.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn ten_tries_take_some_75_hours() {
        for id in ["msg_1", "msg_2", "msg_3"] {
            let pauses: Vec<Duration> =
                (1..).map_while(|tries| webhook_pause(tries, id, None)).collect();
            assert_eq!(pauses.len() + 1, WEBHOOK_TRIES_MAX as usize);
            let hours = pauses.iter().sum::<Duration>().as_secs() / 3600;
            assert!((75..=84).contains(&hours), "{hours}");
            assert!(pauses.is_sorted());
            for (pause, least) in pauses.iter().zip(PAUSES) {
                let least = Duration::from_secs(least);
                assert!(*pause >= least && *pause <= least + least / 10);
            }
        }
        assert_eq!(webhook_pause(0, "msg_1", None), None);
        assert_eq!(webhook_pause(10, "msg_1", Some(Duration::from_secs(1))), None);
        assert_eq!(webhook_pause(u32::MAX, "msg_1", None), None);
    }

    #[test]
    fn messages_that_failed_together_come_back_apart_and_each_the_same_every_time() {
        let pause = |id: &str| webhook_pause(4, id, None).unwrap();
        let pauses: std::collections::HashSet<Duration> =
            (0..50).map(|number| pause(&format!("msg_{number}"))).collect();
        assert!(pauses.len() > 30);
        assert_eq!(pause("msg_1"), pause("msg_1"));
        let asked = Duration::from_secs(86_400);
        assert_eq!(webhook_pause(1, "msg_1", Some(asked)), Some(asked));
    }
}
