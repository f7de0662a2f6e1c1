//! One random stream for each concern, all from the one seed.
//!
//! Each stands by itself: another fault, another draw of a buyer's changes nothing about the
//! others, so that a history found once stays close to itself while the simulator grows.

use rand::SeedableRng;
use rand::rngs::StdRng;

/// The streams a world draws from. The bank has one of its own, `payments`.
pub(crate) struct Streams {
    /// Who comes, and what for.
    pub(crate) arrivals: StdRng,
    /// Which seats, how many, which card, what they say to their bank.
    pub(crate) choices: StdRng,
    /// What staff do with seats.
    pub(crate) house: StdRng,
    /// What fails, and when.
    pub(crate) faults: StdRng,
    /// Whose turn it is, and how much time passes.
    pub(crate) schedule: StdRng,
}

impl Streams {
    pub(crate) fn new(seed: u64) -> Self {
        Streams {
            arrivals: stream(seed, "arrivals"),
            choices: stream(seed, "choices"),
            house: stream(seed, "house"),
            faults: stream(seed, "faults"),
            schedule: stream(seed, "schedule"),
        }
    }
}

/// The stream of one concern: FNV-1a over the seed and the name.
pub(crate) fn stream(seed: u64, concern: &str) -> StdRng {
    let bytes = seed.to_le_bytes().into_iter().chain(concern.bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    StdRng::seed_from_u64(hash)
}
