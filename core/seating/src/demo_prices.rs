//! Prices for demonstrations: the better a category's rows, the more expensive.

use floodgate_domain::Plan;

/// The dearest and the cheapest category, in cents.
const DEAREST: u32 = 14_900;
const CHEAPEST: u32 = 3_900;

/// One all-in price a category, in minor units, by the mean rank of its seats.
/// Categories without seats get the cheapest price.
#[must_use]
pub fn demo_prices(plan: &Plan) -> Vec<u32> {
    let mut ranks = vec![(0_u64, 0_u64); plan.categories.len()];
    for (_, row, run) in plan.runs() {
        if let Some((sum, seats)) = ranks.get_mut(usize::from(run.category)) {
            let count = run.labels.len() as u64;
            *sum += u64::from(row.rank) * count;
            *seats += count;
        }
    }
    let mut best_first: Vec<usize> = (0..ranks.len()).filter(|&at| ranks[at].1 > 0).collect();
    best_first.sort_by_key(|&at| ranks[at].0 / ranks[at].1);
    let mut prices = vec![CHEAPEST; ranks.len()];
    let steps = best_first.len().saturating_sub(1).max(1) as u32;
    for (place, at) in (0..).zip(best_first) {
        let price = DEAREST - (DEAREST - CHEAPEST) * place / steps;
        // Whole units, as posters show them.
        prices[at] = price / 100 * 100;
    }
    prices
}
