//! The noise against the probabilities it is to have.
#![allow(clippy::unwrap_used, clippy::cast_precision_loss)]

use super::*;

fn bits(seed: u8, cell: &str) -> Bits {
    Bits::of(&[seed; 32], cell.as_bytes())
}

/// P(x) = (1 - q) / (1 + q) × q^|x| with q = exp(-1 / scale).
fn chance(scale: f64, x: i64) -> f64 {
    let q = (-1.0 / scale).exp();
    (1.0 - q) / (1.0 + q) * q.powi(i32::try_from(x.abs()).unwrap())
}

#[test]
fn scales_are_fractions_in_lowest_terms() {
    for (cells, micros, expected) in [
        (4, 1_000_000, Some((4, 1))),
        (4, 500_000, Some((8, 1))),
        (4, 300_000, Some((40, 3))),
        (1, 2_000_000, Some((1, 2))),
        (0, 1_000_000, None),
        (4, 0, None),
        (u32::MAX, 1, None),
    ] {
        let scale = Scale::of(cells, micros).map(|scale| (scale.numerator, scale.denominator));
        assert_eq!(scale, expected, "{cells} cells at {micros}");
    }
    assert_eq!(Scale::of(4, 1_000_000).unwrap().margin_95(), 12);
}

#[test]
fn coins_have_their_chances() {
    for (above, below) in [(0, 4), (1, 4), (3, 4), (1, 1)] {
        let mut bits = bits(1, "coin");
        let runs = 100_000;
        let heads = (0..runs).filter(|_| coin_of_exp(&mut bits, above, below)).count();
        let p = (-(above as f64) / below as f64).exp();
        let spread = (p * (1.0 - p) / f64::from(runs)).sqrt();
        let off = (heads as f64 / f64::from(runs) - p).abs();
        assert!(off <= 4.0 * spread, "exp(-{above}/{below}): {heads} of {runs}");
    }
}

/// χ² of many noises against the exact probabilities. Half the noise, or a floor in the wrong place,
/// is off by thousands.
fn chi_squared(cells: u32, micros: u32) -> (f64, usize) {
    const RUNS: u32 = 200_000;
    let scale = Scale::of(cells, micros).unwrap();
    let width = f64::from(scale.numerator) / f64::from(scale.denominator);
    let reach = (width * 5.0).ceil() as i64;
    let mut counts = vec![0_u32; usize::try_from(2 * reach + 2).unwrap()];
    let mut bits = bits(9, "distribution");
    for _ in 0..RUNS {
        let x = laplace(&mut bits, scale);
        let slot = if x.abs() > reach { 2 * reach + 1 } else { x + reach };
        counts[usize::try_from(slot).unwrap()] += 1;
    }
    let mut expected: Vec<f64> = (-reach..=reach).map(|x| chance(width, x)).collect();
    expected.push(1.0 - expected.iter().sum::<f64>());
    let terms = counts.iter().zip(&expected).map(|(&count, p)| {
        let mean = p * f64::from(RUNS);
        (f64::from(count) - mean).powi(2) / mean
    });
    (terms.sum(), counts.len() - 1)
}

#[test]
fn noise_is_distributed_as_it_says() {
    for (cells, micros) in [(4, 1_000_000), (4, 300_000), (1, 2_000_000), (1, 1_000_000)] {
        let (chi, freedom) = chi_squared(cells, micros);
        // Mean k, variance 2k: four spreads above is rarer than one in ten thousand.
        let most = freedom as f64 + 4.0 * (2.0 * freedom as f64).sqrt();
        assert!(chi < most, "{cells} cells at {micros}: {chi} with {freedom}");
    }
}

#[test]
fn seed_and_cell_determine_the_noise() {
    let scale = Scale::of(4, 1_000_000).unwrap();
    let noises = |seed: u8| {
        ["all", "age/25-34", "region/CH"]
            .map(|cell| crate::noise(&[seed; 32], cell.as_bytes(), scale))
    };
    assert_eq!(noises(7), noises(7));
    // Golden: what a release said is never drawn again.
    assert_eq!(noises(7), [2, -6, 0]);
    assert_ne!(noises(7), noises(8));
}
