//! The discrete Laplace distribution: P(x) in proportion to exp(-|x| / scale), over whole numbers.
//!
//! After Canonne, Kamath and Steinke (2020): every choice is a coin whose chance is a fraction of
//! whole numbers, so that the distribution is the one that was promised, to the last bit.

use crate::bits::Bits;

/// How wide the noise is: `cells / ε`, as a fraction in lowest terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    numerator: u32,
    denominator: u32,
}

/// ε is given in millionths.
const MICROS: u64 = 1_000_000;

impl Scale {
    /// The scale at which counts are ε-private, if one person changes `cells` of them by one each.
    /// `None` where that is no scale: no cells, no ε, or numbers that nobody means.
    #[must_use]
    pub fn of(cells: u32, epsilon_micros: u32) -> Option<Scale> {
        let (above, below) = (u64::from(cells) * MICROS, u64::from(epsilon_micros));
        if above == 0 || below == 0 {
            return None;
        }
        let by = greatest_common_divisor(above, below);
        let numerator = u32::try_from(above / by).ok()?;
        let denominator = u32::try_from(below / by).ok()?;
        Some(Scale { numerator, denominator })
    }

    /// How far 95 of 100 noises are from zero at most, rounded up: `scale × ln 20`.
    #[must_use]
    pub fn margin_95(self) -> u64 {
        // ln 20 = 2.9957…
        (u64::from(self.numerator) * 29_958).div_ceil(u64::from(self.denominator) * 10_000)
    }
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    // Euclid: at most 93 turns for 64 bits.
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

/// True with the chance exp(-above / below), where `above <= below`.
fn coin_of_exp(bits: &mut Bits, above: u64, below: u64) -> bool {
    // Goes on with the chance γ/k: a turn more is less likely each time, ten are one in millions.
    let mut turn = 1_u64;
    while bits.below(below.saturating_mul(turn)) < above {
        turn += 1;
    }
    turn % 2 == 1
}

/// One noise.
#[must_use]
pub fn laplace(bits: &mut Bits, scale: Scale) -> i64 {
    let (above, below) = (u64::from(scale.numerator), u64::from(scale.denominator));
    // A turn succeeds with a chance above 0.3, so that a hundred are needed once in 10^15.
    loop {
        let part = bits.below(above);
        if !coin_of_exp(bits, part, above) {
            continue;
        }
        let mut whole = 0_u64;
        while coin_of_exp(bits, 1, 1) {
            whole += 1;
        }
        let size = (part + above * whole) / below;
        let is_negative = bits.coin();
        // Zero has one sign only.
        if is_negative && size == 0 {
            continue;
        }
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        return if is_negative { -size } else { size };
    }
}

#[cfg(test)]
#[path = "laplace_tests.rs"]
mod tests;
