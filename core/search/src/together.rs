//! Seats side by side, out of the free ones of a run.

use floodgate_domain::plan::SeatFlags;

use crate::document::{RunDocument, RunPlace};
use crate::query::SeatQuery;

const POOL: SeatFlags = SeatFlags::ACCESSIBLE.with(SeatFlags::COMPANION);

/// A way to ask for seats side by side.
#[derive(Debug, Clone, Copy)]
struct Way {
    is_accessible: bool,
    with_restricted_view: bool,
    in_shade: bool,
}

impl Way {
    const ANYBODY: Way = Way { is_accessible: false, with_restricted_view: true, in_shade: false };
    const CLEAR: Way = Way { with_restricted_view: false, ..Way::ANYBODY };
    const ACCESSIBLE: Way = Way { is_accessible: true, ..Way::ANYBODY };
    const SHADED: Way = Way { in_shade: true, ..Way::ANYBODY };

    /// Whether a seat may be offered to who asks: wheelchair spaces and the seats beside them are a
    /// pool of their own, and what a plan does not say of a seat is not so.
    fn may_be(self, flags: SeatFlags) -> bool {
        (flags.0 & POOL.0 != 0) == self.is_accessible
            && (self.with_restricted_view || !flags.has(SeatFlags::RESTRICTED_VIEW))
            && (!self.in_shade || flags.has(SeatFlags::SHADED))
    }
}

/// The ways of which an index keeps how many places are free side by side, in the order of
/// [`longest`].
const WAYS: [Way; 4] = [Way::ANYBODY, Way::CLEAR, Way::ACCESSIBLE, Way::SHADED];
pub(crate) const WAYS_COUNT: usize = WAYS.len();

/// Of which ways a run must have enough side by side to have what is asked for at all: by them an
/// index passes over runs.
pub(crate) fn conditions(query: &SeatQuery) -> Vec<usize> {
    if query.is_accessible {
        return vec![2];
    }
    let clear = (!query.with_restricted_view).then_some(1);
    let shaded = query.in_shade.then_some(3);
    let both: Vec<usize> = clear.into_iter().chain(shaded).collect();
    if both.is_empty() { vec![0] } else { both }
}

/// Stretches of free places that touch; the places of a standing area are one.
fn stretches(run: &RunDocument, fits: impl Fn(u16) -> bool) -> Vec<Vec<u16>> {
    let mut all: Vec<Vec<u16>> = Vec::new();
    for at in run.free.iter().copied().filter(|at| fits(*at)) {
        let goes_on = |stretch: &&mut Vec<u16>| {
            run.place.is_general || stretch.last().is_some_and(|last| last + 1 == at)
        };
        match all.last_mut().filter(goes_on) {
            Some(stretch) => stretch.push(at),
            None => all.push(vec![at]),
        }
    }
    all
}

/// The most places that are free side by side, for each way to ask: everybody, everybody with a
/// clear view, wheelchair spaces, everybody in the shade. An index passes over runs with fewer than
/// are asked for.
pub(crate) fn longest(run: &RunDocument) -> [u32; WAYS_COUNT] {
    WAYS.map(|way| {
        let fits = |at| way.may_be(run.place.flags_of(at));
        let longest = stretches(run, fits).iter().map(Vec::len).max();
        longest.unwrap_or(0) as u32
    })
}

/// Whether a run can have what is asked for, whatever is free of it now.
pub(crate) fn is_asked_for(place: &RunPlace, query: &SeatQuery) -> bool {
    query.categories.contains(&place.category)
        && query.section.as_deref().is_none_or(|section| *section == *place.section)
}

/// Groups of a run that fit, at most one out of each stretch, from its end: what remains stays
/// together.
pub(crate) fn groups(run: &RunDocument, query: &SeatQuery) -> Vec<Vec<u16>> {
    let count = usize::from(query.count);
    let flags = |at| run.place.flags_of(at);
    let &SeatQuery { is_accessible, with_restricted_view, in_shade, .. } = query;
    let way = Way { is_accessible, with_restricted_view, in_shade };
    let fits = |at| way.may_be(flags(at));
    let has_space = |group: &&[u16]| {
        !query.is_accessible || group.iter().any(|at| flags(*at).has(SeatFlags::ACCESSIBLE))
    };
    let of_stretch =
        |stretch: Vec<u16>| stretch.windows(count).find(has_space).map(<[u16]>::to_vec);
    if count == 0 {
        Vec::new()
    } else {
        stretches(run, fits).into_iter().filter_map(of_stretch).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use floodgate_domain::EventId;
    use floodgate_domain::plan::Labels;

    use super::*;
    use crate::query::SeatOrder;

    fn run(free: &[u16], flags: &[(u16, SeatFlags)], is_general: bool) -> RunDocument {
        let place = RunPlace {
            section: Arc::from("A"),
            section_index: 0,
            row: "1".into(),
            rank: 0,
            first_seat: 0,
            category: 0,
            labels: Labels::Numbers { first: 1, step: 1, count: 10 },
            flags: flags.to_vec(),
            is_general,
        };
        let place = Arc::new(place);
        RunDocument { event_id: EventId(1), version: 1, place, free: free.to_vec() }
    }

    fn query(count: u16) -> SeatQuery {
        SeatQuery {
            event_id: EventId(1),
            count,
            categories: vec![0],
            section: None,
            is_accessible: false,
            with_restricted_view: true,
            in_shade: false,
            order: SeatOrder::Best,
            limit: 10,
        }
    }

    #[test]
    fn only_neighbours_are_together() {
        let run = run(&[0, 1, 3, 4, 5, 9], &[], false);
        assert_eq!(groups(&run, &query(2)), [vec![0, 1], vec![3, 4]]);
        assert_eq!(groups(&run, &query(3)), [vec![3, 4, 5]]);
        assert_eq!(groups(&run, &query(4)), Vec::<Vec<u16>>::new());
        assert_eq!(groups(&run, &query(0)), Vec::<Vec<u16>>::new());
        assert_eq!(longest(&run), [3, 3, 0, 0]);
    }

    #[test]
    fn in_a_standing_area_any_places_are_together() {
        let run = run(&[0, 4, 9], &[], true);
        assert_eq!(groups(&run, &query(3)), [vec![0, 4, 9]]);
        assert_eq!(longest(&run), [3, 3, 0, 0]);
    }

    #[test]
    fn what_stands_in_the_way_is_left_out_and_wheelchair_spaces_are_a_pool() {
        let flags = [
            (1, SeatFlags::RESTRICTED_VIEW),
            (4, SeatFlags::COMPANION),
            (5, SeatFlags::ACCESSIBLE),
        ];
        let run = run(&[0, 1, 2, 3, 4, 5], &flags, false);
        assert_eq!(groups(&run, &query(3)), [vec![0, 1, 2]]);
        let clear = SeatQuery { with_restricted_view: false, ..query(2) };
        assert_eq!(groups(&run, &clear), [vec![2, 3]]);
        let space = |count| SeatQuery { is_accessible: true, ..query(count) };
        assert_eq!(groups(&run, &space(1)), [vec![5]], "a companion's seat alone is none");
        assert_eq!(groups(&run, &space(2)), [vec![4, 5]]);
        assert_eq!(longest(&run), [4, 2, 2, 0]);
    }
}
