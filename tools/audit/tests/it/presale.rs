//! Codes of a run, from a stream of their own, and a presale now and then.

use floodgate_domain::{Actor, BuyerId, CodeMint, CodeNumber, Command, PhaseDial};
use rand::RngExt;
use rand::rngs::StdRng;

use crate::run::staff;

/// More codes, one that is claimed or tried, or a presale of a sale that is paused.
pub(crate) fn something(rng: &mut StdRng, buyers: u64) -> (Actor, Command) {
    let batch = rng.random_range(1..4);
    match rng.random_range(0..8) {
        0..2 => {
            let label = ["", "Fan club"][rng.random_range(0..2)].to_owned();
            let mint = CodeMint { batch, label, count: rng.random_range(0..6) };
            (staff(), Command::MintCodes(Box::new(mint)))
        }
        2 => (staff(), Command::turn_phase(PhaseDial::Presale, "for the club")),
        _ => {
            let code = CodeNumber { batch, number: rng.random_range(0..12) };
            (Actor::Buyer(BuyerId(rng.random_range(1..=buyers))), Command::ClaimCode { code })
        }
    }
}
