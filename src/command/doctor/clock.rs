//! Clocks of servers, compared with ours.

use floodgate_domain::LogTime;

use super::Finding;

/// More than this between two clocks is a fault: holds end by the log's clock and passes by a
/// gateway's, and a visitor sees both count down.
const SKEW_MS_MAX: u64 = 500;

/// Compares a server's clock with ours before the question and after the answer. It was read at
/// some moment between them, so half the way there and back is given to it.
pub(super) fn compare(
    check: &'static str,
    whose: &str,
    [before, theirs, after]: [LogTime; 3],
) -> Finding {
    let way = after.0.saturating_sub(before.0);
    let ours = before.0 + way / 2;
    let (skew, word) =
        if theirs.0 >= ours { (theirs.0 - ours, "ahead") } else { (ours - theirs.0, "behind") };
    let found = format!("{whose} is {skew} ms {word} of ours, asked within {way} ms");
    if skew.saturating_sub(way / 2) > SKEW_MS_MAX {
        let fix = "set both by NTP: holds end by the log's clock, passes by the gateways' clocks";
        return Finding::bad(check, found, fix);
    }
    Finding::good(check, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_second_is_the_line_and_a_slow_answer_proves_nothing() {
        let rows = [
            ([1_000_000, 1_000_001, 1_000_002], true),
            ([1_000_000, 1_000_500, 1_000_000], true),
            ([1_000_000, 1_000_501, 1_000_000], false),
            ([1_000_000, 999_500, 1_000_000], true),
            ([1_000_000, 999_499, 1_000_000], false),
            // Read anywhere within two seconds: 1.4 seconds off the middle may be less than half.
            ([1_000_000, 1_002_400, 1_002_000], true),
            ([1_000_000, 1_002_501, 1_002_000], false),
            // A clock of ours that was set back meanwhile.
            ([1_000_000, 1_000_000, 999_000], true),
            ([1_000_000, 0, 1_000_000], false),
        ];
        for (clocks, is_good) in rows {
            let finding = compare("clock", "it", clocks.map(LogTime));
            assert_eq!(finding.ok, is_good, "{clocks:?}: {finding:?}");
        }
    }
}
