//! How likely something is at the least and at the most that was seen so often: Clopper-Pearson.

/// Halvings of an interval: as close as a double gets.
const STEPS: u32 = 60;

/// The least chance by which at least `yes` of `all` happen with the chance `error`.
pub(super) fn least(yes: u64, all: u64, error: f64) -> f64 {
    if yes == 0 {
        return 0.0;
    }
    let (a, b) = (yes as f64, (all - yes) as f64 + 1.0);
    where_it_is(error, |p| beta(a, b, p))
}

/// The greatest chance by which at most `yes` of `all` happen with the chance `error`.
pub(super) fn most(yes: u64, all: u64, error: f64) -> f64 {
    if yes >= all {
        return 1.0;
    }
    let (a, b) = (yes as f64 + 1.0, (all - yes) as f64);
    where_it_is(1.0 - error, |p| beta(a, b, p))
}

/// Where a function that grows from 0 to 1 has this value.
fn where_it_is(value: f64, of: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..STEPS {
        let middle = (low + high) / 2.0;
        if of(middle) < value {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

/// The regularized incomplete beta function, by its continued fraction (Lentz).
fn beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    // The fraction converges fast on this side alone.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta(b, a, 1.0 - x);
    }
    let front =
        (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (1.0 - x).ln()).exp();
    let tiny = 1e-300;
    let (mut c, mut d) = (1.0, 1.0 - (a + b) * x / (a + 1.0));
    d = 1.0 / if d.abs() < tiny { tiny } else { d };
    let mut fraction = d;
    // About the root of a + b turns are needed; a million samples need a thousand.
    for m in 1..20_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for step in [even, odd] {
            d = 1.0 + step * d;
            d = 1.0 / if d.abs() < tiny { tiny } else { d };
            c = 1.0 + step / c;
            c = if c.abs() < tiny { tiny } else { c };
            change = c * d;
            fraction *= change;
        }
        if (change - 1.0).abs() < 1e-14 {
            break;
        }
    }
    front * fraction / a
}

/// The logarithm of the gamma function: Stirling's series, behind as many steps as it needs.
fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut steps) = (x, 0.0);
    while x < 10.0 {
        steps += x.ln();
        x += 1.0;
    }
    let series = 1.0 / (12.0 * x) - 1.0 / (360.0 * x.powi(3)) + 1.0 / (1260.0 * x.powi(5));
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series - steps
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `scipy.stats.beta.ppf` says, and for nothing and for all by hand.
    #[test]
    fn intervals_are_those_of_the_tables() {
        for (yes, all, expected) in [
            (0, 100, (0.0, 0.036_216_7)),
            (5, 100, (0.016_431_9, 0.112_834_9)),
            (50, 100, (0.398_321_1, 0.601_678_9)),
            (100, 100, (0.963_783_3, 1.0)),
        ] {
            let found = (least(yes, all, 0.025), most(yes, all, 0.025));
            let is_near =
                (found.0 - expected.0).abs() < 1e-5 && (found.1 - expected.1).abs() < 1e-5;
            assert!(is_near, "{yes} of {all}: {found:?} and not {expected:?}");
        }
        // The very definition: the chance of as many, added up.
        let (p, mut term, mut sum) = (most(3, 40, 0.01), 1.0, 0.0);
        for k in 0..=3 {
            let coefficient = (0..k).fold(1.0, |all, i| all * f64::from(40 - i) / f64::from(i + 1));
            term = coefficient * f64::powi(p, k) * f64::powi(1.0 - p, 40 - k);
            sum += term;
        }
        assert!((sum - 0.01).abs() < 1e-9 && term > 0.0, "{sum}");
    }
}
