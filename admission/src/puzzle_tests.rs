//! Rows of what is shown at the door and what it comes to.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

const NOW: LogTime = LogTime(1_800_000_000_000);

fn keys() -> Keys {
    Keys::new(1, [7; 32])
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn bearer() -> Bearer {
    Bearer { event_id: EventId(5), buyer: BuyerId(6), address: address("203.0.113.9") }
}

fn challenge(kind: ChallengeKind, level: u8) -> Challenge {
    Challenge::new(kind, level, bearer(), NOW, 77)
}

fn solved(challenge: &Challenge) -> (String, String) {
    let text = challenge.seal(&keys());
    let solution = solve(&text, challenge.bits, challenge.parts).unwrap();
    (text, solution)
}

fn shown<'a>(text: &'a str, solution: &'a str) -> Shown<'a> {
    let Bearer { buyer, address, .. } = bearer();
    Shown { challenge: text, solution, buyer: Some(buyer), address }
}

fn outcome(shown: Shown<'_>, event: u64, now: LogTime) -> Result<u64, PuzzleError> {
    check(&keys(), EventId(event), shown, now).map(|(_, proof)| proof.id)
}

#[test]
fn work_opens_the_door_to_its_bearer_for_its_time() {
    let (text, solution) = solved(&challenge(ChallengeKind::Work, 1));
    let good = shown(&text, &solution);
    let late = NOW.plus(VALID_MS);
    let other = address("203.0.114.9");
    let neighbour = address("203.0.113.250");
    let rows = [
        (good, 5, NOW, Ok(77)),
        (good, 5, LogTime(late.0 - 1), Ok(77)),
        (good, 5, late, Err(PuzzleError::Expired)),
        (good, 4, NOW, Err(PuzzleError::OtherEvent)),
        (Shown { buyer: Some(BuyerId(9)), ..good }, 5, NOW, Err(PuzzleError::OtherDevice)),
        // Without a device of its own the challenge's counts: a lost cookie loses no work.
        (Shown { buyer: None, ..good }, 5, NOW, Ok(77)),
        (Shown { address: other, ..good }, 5, NOW, Err(PuzzleError::OtherNetwork)),
        (Shown { address: neighbour, ..good }, 5, NOW, Ok(77)),
        (Shown { solution: "", ..good }, 5, NOW, Err(PuzzleError::Unsolved)),
        (Shown { challenge: "", ..good }, 5, NOW, Err(PuzzleError::Forged)),
    ];
    for (at, (shown, event, now, expected)) in rows.into_iter().enumerate() {
        assert_eq!(outcome(shown, event, now), expected, "row {at}");
    }
}

#[test]
fn half_a_solution_is_none() {
    let (text, solution) = solved(&challenge(ChallengeKind::Work, 2));
    let nonces = URL_SAFE_NO_PAD.decode(&solution).unwrap();
    for part in 0..usize::from(PARTS) {
        let mut wrong = nonces.clone();
        wrong[part * NONCE_BYTES] ^= 0x80;
        let wrong = URL_SAFE_NO_PAD.encode(wrong);
        assert_eq!(outcome(shown(&text, &wrong), 5, NOW), Err(PuzzleError::Unsolved), "{part}");
    }
    // One part's number for all of them.
    let repeated = URL_SAFE_NO_PAD.encode(nonces[..NONCE_BYTES].repeat(usize::from(PARTS)));
    assert_eq!(outcome(shown(&text, &repeated), 5, NOW), Err(PuzzleError::Unsolved));
    // The solution of another challenge.
    let other = Challenge::new(ChallengeKind::Work, 2, bearer(), NOW, 78).seal(&keys());
    assert_eq!(outcome(shown(&other, &solution), 5, NOW), Err(PuzzleError::Unsolved));
}

#[test]
fn waiting_opens_it_later_and_without_work() {
    let challenge = challenge(ChallengeKind::Wait, 4);
    let text = challenge.seal(&keys());
    let waiting = shown(&text, "");
    let left = |ms| Err(PuzzleError::NotReady { retry_after_ms: ms });
    assert_eq!(outcome(waiting, 5, NOW), left(20_000));
    assert_eq!(outcome(waiting, 5, NOW.plus(19_999)), left(1));
    assert_eq!(outcome(waiting, 5, NOW.plus(20_000)), Ok(77));
    assert_eq!(outcome(waiting, 5, challenge.expires_at), Err(PuzzleError::Expired));
}

#[test]
fn a_level_doubles_the_work_and_none_is_free() {
    assert_eq!(challenge(ChallengeKind::Work, 1).hashes(), 2_048);
    for level in 2..=LEVEL_MAX {
        let (easier, harder) =
            (challenge(ChallengeKind::Work, level - 1), challenge(ChallengeKind::Work, level));
        assert_eq!(harder.hashes(), 2 * easier.hashes());
    }
    assert_eq!(challenge(ChallengeKind::Work, 0).bits, challenge(ChallengeKind::Work, 1).bits);
    assert_eq!(challenge(ChallengeKind::Work, 255).level, LEVEL_MAX);
}

#[test]
fn rotation_and_foreign_keys() {
    let (text, solution) = solved(&challenge(ChallengeKind::Work, 1));
    let check_with = |keys: Keys| check(&keys, EventId(5), shown(&text, &solution), NOW).is_ok();
    assert!(check_with(Keys::new(2, [9; 32]).with_previous(1, [7; 32])));
    assert!(!check_with(Keys::new(2, [9; 32])));
    assert!(!check_with(Keys::new(1, [9; 32])));
    // A token of another purpose is none of ours, whatever its bytes.
    let device = crate::token::Device { buyer: BuyerId(6) }.seal(&keys());
    assert_eq!(Challenge::open(&keys(), &device), Err(PuzzleError::Forged));
}

/// So that solvers in other languages can be tested against ours; the page's is, in
/// `gateway/web-test/puzzle.test.mjs`.
#[test]
fn a_solution_is_the_first_that_fits() {
    assert_eq!(
        solve("floodgate", 8, 4).as_deref(),
        Some("AAACJQAAABcAAAADAAAACA"),
        "the page's test has the same vector"
    );
}

proptest! {
    #[test]
    fn a_changed_challenge_is_forged(at in any::<prop::sample::Index>(), flip in 1_u8..=255) {
        let (text, solution) = solved(&challenge(ChallengeKind::Work, 1));
        let mut bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        let changed = URL_SAFE_NO_PAD.encode(bytes);
        prop_assert_eq!(outcome(shown(&changed, &solution), 5, NOW), Err(PuzzleError::Forged));
    }

    #[test]
    fn every_solved_challenge_opens(level in 1_u8..4, random: u64, buyer: u64, v6: bool) {
        let address = if v6 { address("2001:db8:1:2::3") } else { address("198.51.100.1") };
        let bearer = Bearer { event_id: EventId(5), buyer: BuyerId(buyer), address };
        let challenge = Challenge::new(ChallengeKind::Work, level, bearer, NOW, random);
        let (text, solution) = solved(&challenge);
        prop_assert_eq!(Challenge::open(&keys(), &text), Ok(challenge));
        let shown =
            Shown { challenge: &text, solution: &solution, buyer: Some(BuyerId(buyer)), address };
        prop_assert_eq!(outcome(shown, 5, NOW), Ok(random));
    }

    #[test]
    fn foreign_texts_never_panic(foreign in ".{0,160}", solution in ".{0,120}") {
        prop_assert!(outcome(shown(&foreign, &solution), 5, NOW).is_err());
        let good = challenge(ChallengeKind::Work, 1).seal(&keys());
        prop_assert!(outcome(shown(&good, &solution), 5, NOW).is_err());
    }
}
