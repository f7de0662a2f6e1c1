//! Numbers of codes: given once, to messages and lists, and never silently none.

use super::*;

const BATCH: u16 = 7;

fn minted(fresh: &Fresh, count: u32) -> u64 {
    fresh.with(|work| work.codes_minted(EVENT, BATCH, count, LogTime(HOUR)))
}

fn queued(fresh: &Fresh, id: u64) -> QueuedCodes {
    let holders = spec(AudienceWho::HOLDERS);
    let (id, now) = (AnnouncementId(id), LogTime(HOUR));
    fresh.with(|work| work.queue_with_codes((id, BATCH), EVENT, &holders, now))
}

fn exported(fresh: &Fresh, name: &str, count: u32) -> Option<u32> {
    fresh.with(|work| work.reserve_codes((EVENT, BATCH), name, (count, 10)))
}

fn given(fresh: &Fresh) -> u32 {
    fresh.with(|work| work.codes_given((EVENT, BATCH)))
}

/// The numbers of messages that are due, which are taken and put back.
fn numbers(fresh: &Fresh) -> Vec<u64> {
    let due = fresh.due(HOUR);
    fresh.with(|work| work.release_taken(LogTime(HOUR)));
    let mut numbers: Vec<u64> = due
        .iter()
        .map(|one| {
            assert_eq!(one.variables["batch"].as_u64(), Some(BATCH.into()));
            one.variables["number"].as_u64().expect("a number")
        })
        .collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn each_person_gets_a_number_of_their_own_and_keeps_it() {
    on_each(|fresh| {
        crowd(fresh);
        minted(fresh, 10);
        assert_eq!(exported(fresh, "list", 2), Some(0));
        assert_eq!(queued(fresh, 4), QueuedCodes { count: 3, without: 0 });
        assert_eq!(numbers(fresh), [2, 3, 4]);
        // Queued again, as after a restart or when the log is read anew, nothing is given.
        assert_eq!(queued(fresh, 4), QueuedCodes::default());
        assert_eq!((exported(fresh, "list", 2), given(fresh)), (Some(0), 5));
        assert_eq!(numbers(fresh), [2, 3, 4], "also when they are taken again");
        assert_eq!(queued(fresh, 5), QueuedCodes::default(), "they have one of this batch");
        assert_eq!(numbers(fresh), [2, 3, 4]);
        assert_eq!(exported(fresh, "more", 6), None);
        assert_eq!((exported(fresh, "more", 5), given(fresh)), (Some(5), 10));
    });
}

#[test]
fn who_comes_after_an_announcement_gets_a_code_by_the_next_and_nobody_a_second() {
    on_each(|fresh| {
        crowd(fresh);
        minted(fresh, 20);
        let followers = spec(AudienceWho::FOLLOWERS);
        let queue = |id| {
            let batch = (AnnouncementId(id), BATCH);
            fresh.with(|work| work.queue_with_codes(batch, EVENT, &followers, LogTime(HOUR))).count
        };
        let needed = || fresh.with(|work| work.without_code((EVENT, BATCH), &followers));
        let all = needed();
        assert_eq!((queue(4), needed()), (all, 0));
        let due = fresh.due(HOUR);
        let via = |channel| Via { channel: Some(channel), ..Via::default() };
        for (one, verdict) in due.iter().zip([Verdict::Sent, Verdict::Bounced, Verdict::NoAddress])
        {
            fresh.with(|work| {
                work.finish(&one.message, verdict, &via(Channel::Email), LogTime(HOUR))
            });
        }
        // What the page shows stands where the number was.
        fresh.with(|work| work.show(&due[0].message, &serde_json::json!({}), LogTime(HOUR)));
        assert_eq!(needed(), 2, "nobody read those");
        let consent = Consent { scope: ConsentScope::Event, channel: Channel::Page, wording: 1 };
        fresh.with(|work| work.consent_given(EVENT, BuyerId(99), consent, LogTime(HOUR)));
        assert_eq!(needed(), 3);
        assert_eq!((queue(5), queue(5), needed()), (3, 0, 0));
        assert_eq!(queue(6), 0);
        fresh.with(|work| work.stop(AnnouncementId(5), LogTime(HOUR)));
        assert_eq!(needed(), 3, "one that was stopped gives none");
    });
}

#[test]
fn whoever_is_left_without_a_code_is_seen_and_gets_one_of_the_next_that_are_minted() {
    on_each(|fresh| {
        crowd(fresh);
        minted(fresh, 1);
        assert_eq!(queued(fresh, 4), QueuedCodes { count: 3, without: 2 });
        let report = |id| fresh.with(|work| work.report(EVENT, AnnouncementId(id)));
        let without = |count| vec![(Verdict::NoCode, None, count)];
        assert_eq!(report(4), Report { done: without(2), due: 1, ..Report::default() });
        assert_eq!(numbers(fresh), [0]);
        assert_eq!(queued(fresh, 5), QueuedCodes::default(), "they are promised one already");
        assert_eq!(minted(fresh, 1), 1);
        assert_eq!(report(4), Report { done: without(1), due: 2, ..Report::default() });
        // One that is stopped waits for nothing, but for what was taken; its people are the next's.
        fresh.with(|work| work.stop(AnnouncementId(4), LogTime(HOUR)));
        assert_eq!(queued(fresh, 5), QueuedCodes { count: 2, without: 2 });
        assert_eq!(minted(fresh, 9), 2);
        assert_eq!(numbers(fresh), [0, 2, 3]);
        assert_eq!(given(fresh), 4);
    });
}

#[test]
fn a_store_that_reads_the_log_anew_gives_no_number_twice() {
    on_each(|fresh| {
        crowd(fresh);
        minted(fresh, 2);
        queued(fresh, 4);
        fresh.with(|work| work.forget_folded());
        // From the first fact on: the batch, as it was then, then the announcement.
        assert_eq!(minted(fresh, 2), 0);
        assert_eq!(queued(fresh, 4).count, 0);
        assert_eq!(numbers(fresh), [0, 1]);
        assert_eq!(minted(fresh, 1), 1);
        assert_eq!(numbers(fresh), [0, 1, 2]);
    });
}
