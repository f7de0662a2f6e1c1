//! The attack on an audience: what is promised holds, and what is wrong on purpose is found.

use floodgate_audit::{AttackOptions, Plant, attack};

#[test]
fn the_claim_holds_and_half_the_noise_is_found() {
    let of = |plant| attack(AttackOptions { runs: 2_000, seed: 5, plant }).unwrap();
    let honest = of(Plant::Nothing);
    assert!(honest.holds(), "{honest}");
    // A bound of nothing would hold as well: it has to come near what is claimed.
    assert!(honest.tests[0].bound > 0.7 && honest.tests[0].claim == 1.0, "{honest}");
    assert_eq!(honest.tests[1].claim, 6.0);
    let planted = of(Plant::HalfNoise);
    assert!(!planted.holds() && planted.tests[0].bound > 1.5, "{planted}");
    // The same seed says the same.
    assert_eq!(format!("{}", of(Plant::Nothing)), format!("{honest}"));
    assert!(attack(AttackOptions { runs: 99, seed: 5, plant: Plant::Nothing }).is_err());
}
