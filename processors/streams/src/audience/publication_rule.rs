//! What may be published: pure, so that it can be tested to the last person.

/// Counts are rounded down to multiples of this.
pub(crate) const ROUNDED_TO: u64 = 10;

/// When a cell may be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PublicationRule {
    /// No record counts fewer people, and neither does the difference of two records of a cell.
    pub(crate) threshold: u64,
}

impl PublicationRule {
    /// What is published for a cell of `count` people whose last record said `last`, if anything.
    ///
    /// A cell that has moved by fewer people than the threshold keeps silent: two records with a
    /// handful of people between them would disclose that handful.
    pub(crate) fn publishes(self, count: u64, last: Option<u64>) -> Option<u64> {
        let has_moved = last.is_none_or(|last| {
            // Rounded down, so there were up to nine people more.
            let last_most = last.saturating_add(ROUNDED_TO - 1);
            count >= last_most.saturating_add(self.threshold)
                || count.saturating_add(self.threshold) <= last
        });
        let says = count - count % ROUNDED_TO;
        (count >= self.threshold && has_moved && says > 0).then_some(says)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_people_are_never_disclosed() {
        let rule = PublicationRule { threshold: 100 };
        for (count, last, says) in [
            (0, None, None),
            (99, None, None),
            (100, None, Some(100)),
            (109, None, Some(100)),
            (110, None, Some(110)),
            // 100 was said of up to 109 people.
            (208, Some(100), None),
            (209, Some(100), Some(200)),
            (400, Some(500), Some(400)),
            (401, Some(500), None),
            (99, Some(500), None),
            (0, Some(100), None),
        ] {
            assert_eq!(rule.publishes(count, last), says, "{count} after {last:?}");
        }
    }

    #[test]
    fn two_records_of_a_cell_are_a_crowd_apart() {
        for threshold in [10, 17, 100] {
            let rule = PublicationRule { threshold };
            for before in threshold..threshold + 250 {
                let last = rule.publishes(before, None);
                for count in 0..threshold + 500 {
                    if rule.publishes(count, last).is_some() {
                        assert!(count >= threshold, "{count} people at {threshold}");
                        assert!(count.abs_diff(before) >= threshold, "{before} then {count}");
                    }
                }
            }
        }
    }
}
