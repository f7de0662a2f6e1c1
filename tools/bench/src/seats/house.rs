//! A house as its visitors see it: how good each seat is, which are free, and the best group there
//! is, found by looking at every one.

use floodgate_domain::plan::{Plan, SeatFlags};
use floodgate_domain::{SeatId, SeatList};

/// Seats that anybody can buy, by run.
#[derive(Debug)]
pub(super) struct RankedHouse {
    /// First seat and count of each run.
    runs: Vec<(usize, usize)>,
    /// By seat: 0 for the best of the house, 100 for the last.
    rank: Vec<f64>,
    free: Vec<bool>,
    pub(super) for_sale: usize,
    pub(super) taken: usize,
}

impl RankedHouse {
    /// Ranks seats by their distance to what everybody looks at.
    pub(super) fn of(plan: &Plan) -> Self {
        let closed = SeatFlags::BLOCKED.with(SeatFlags::ACCESSIBLE).with(SeatFlags::COMPANION);
        let (mut runs, mut away, mut free) = (Vec::new(), Vec::new(), Vec::new());
        for (_, row, run) in plan.runs() {
            let count = run.labels.len();
            runs.push((away.len(), count));
            for at in 0..count {
                let (x, y) = run.shape.point(at);
                let distance = |focus: (i32, i32)| {
                    (f64::from(x) - f64::from(focus.0)).hypot(f64::from(y) - f64::from(focus.1))
                };
                away.push(plan.focus.map_or(f64::from(row.rank), distance));
                let flags = run.flags.iter().find(|(seat, _)| usize::from(*seat) == at);
                free.push(flags.is_none_or(|(_, flags)| flags.0 & closed.0 == 0));
            }
        }
        let for_sale = free.iter().filter(|&&is_free| is_free).count();
        RankedHouse { runs, rank: ranks(&away), free, for_sale, taken: 0 }
    }

    pub(super) fn take(&mut self, seats: &SeatList) {
        for seat in seats.iter() {
            self.taken += usize::from(std::mem::take(&mut self.free[seat.0 as usize]));
        }
    }

    /// The mean rank of a group's seats.
    pub(super) fn rank_of(&self, seats: &SeatList) -> f64 {
        let sum: f64 = seats.iter().map(|SeatId(seat)| self.rank[seat as usize]).sum();
        sum / seats.len() as f64
    }

    /// The best mean rank of any `size` free seats that touch.
    pub(super) fn best(&self, size: usize) -> Option<f64> {
        let groups = self.runs.iter().flat_map(|&(first, count)| {
            let starts = first..=(first + count).saturating_sub(size);
            starts.map(move |start| start..start + size)
        });
        let free = groups.filter(|group| self.free[group.clone()].iter().all(|&is_free| is_free));
        free.map(|group| self.rank[group].iter().sum::<f64>() / size as f64).reduce(f64::min)
    }

    pub(super) fn free(&self) -> usize {
        self.for_sale - self.taken
    }

    /// Free seats without a free neighbour, though their run is longer.
    pub(super) fn singles(&self) -> usize {
        let is_single = |first: usize, count: usize, at: usize| {
            let is_free = |at: usize| at >= first && at < first + count && self.free[at];
            count > 1 && is_free(at) && !is_free(at + 1) && (at == 0 || !is_free(at - 1))
        };
        let in_run = |&(first, count): &(usize, usize)| {
            (first..first + count).filter(|&at| is_single(first, count, at)).count()
        };
        self.runs.iter().map(in_run).sum()
    }
}

/// From distances to ranks of 0 to 100; equal ones share the middle of theirs.
fn ranks(away: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..away.len()).collect();
    order.sort_by(|&a, &b| away[a].total_cmp(&away[b]));
    let last = away.len().saturating_sub(1).max(1) as f64;
    let mut rank = vec![0.0; away.len()];
    let mut from = 0;
    for alike in order.chunk_by(|&a, &b| away[a] == away[b]) {
        let middle = from as f64 + (alike.len() - 1) as f64 / 2.0;
        alike.iter().for_each(|&seat| rank[seat] = middle / last * 100.0);
        from += alike.len();
    }
    rank
}
