//! Exact discrete noise for counts of people.
//!
//! Pure: the same seed and cell lead to the same noise, always. Start reading at [`laplace`].

mod bits;
mod laplace;

pub use bits::{Bits, SEED_BYTES};
pub use laplace::{Scale, laplace};

/// The noise of one cell of a release.
#[must_use]
pub fn noise(seed: &[u8; SEED_BYTES], cell: &[u8], scale: Scale) -> i64 {
    laplace(&mut Bits::of(seed, cell), scale)
}
