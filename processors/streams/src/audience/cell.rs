//! Cells: what a cohort counts towards. At most four per person, and nothing finer.

use std::fmt;

use floodgate_domain::cohort::REGIONS;
use floodgate_domain::{AgeBand, Cohort, Region};

/// One cell of an event's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Cell {
    All,
    Age(AgeBand),
    Region(Region),
    AgeRegion(AgeBand, Region),
}

impl Cell {
    /// The cells of one person.
    pub(crate) fn of(cohort: Cohort) -> impl Iterator<Item = Cell> {
        let (age, region) = (cohort.age(), cohort.region());
        let both = age.zip(region).map(|(age, region)| Cell::AgeRegion(age, region));
        let cells = [Some(Cell::All), age.map(Cell::Age), region.map(Cell::Region), both];
        cells.into_iter().flatten()
    }

    /// Every cell that can be, whether or not anybody is in it: some 1,750.
    pub(crate) fn all() -> Vec<Cell> {
        let regions: Vec<Region> =
            REGIONS.split(' ').filter_map(|text| text.parse().ok()).collect();
        Cell::all_of(&regions)
    }

    /// The same, of these countries alone.
    pub(crate) fn all_of(regions: &[Region]) -> Vec<Cell> {
        let mut cells = vec![Cell::All];
        cells.extend(AgeBand::ALL.map(Cell::Age));
        cells.extend(regions.iter().map(|region| Cell::Region(*region)));
        for age in AgeBand::ALL {
            cells.extend(regions.iter().map(|region| Cell::AgeRegion(age, *region)));
        }
        cells
    }

    /// The cell that these answers name.
    pub(crate) fn named(age: Option<AgeBand>, region: Option<Region>) -> Cell {
        match (age, region) {
            (None, None) => Cell::All,
            (Some(age), None) => Cell::Age(age),
            (None, Some(region)) => Cell::Region(region),
            (Some(age), Some(region)) => Cell::AgeRegion(age, region),
        }
    }

    pub(crate) fn kind(self) -> &'static str {
        match self {
            Cell::All => "all",
            Cell::Age(_) => "age",
            Cell::Region(_) => "region",
            Cell::AgeRegion(..) => "age_region",
        }
    }

    pub(crate) fn age(self) -> Option<AgeBand> {
        match self {
            Cell::Age(age) | Cell::AgeRegion(age, _) => Some(age),
            Cell::All | Cell::Region(_) => None,
        }
    }

    pub(crate) fn region(self) -> Option<Region> {
        match self {
            Cell::Region(region) | Cell::AgeRegion(_, region) => Some(region),
            Cell::All | Cell::Age(_) => None,
        }
    }
}

/// As in a product id: `all`, `age/25-34`, `region/CH`, `age_region/25-34/CH`.
impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())?;
        self.age().map_or(Ok(()), |age| write!(f, "/{}", age.code()))?;
        self.region().map_or(Ok(()), |region| write!(f, "/{region}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_cells_has_everybodys() {
        let all = Cell::all();
        assert_eq!(all.len(), 1 + 6 + 249 + 6 * 249);
        for age in AgeBand::ALL.map(Some).into_iter().chain([None]) {
            for region in REGIONS.split(' ').map(|text| text.parse().ok()).chain([None]) {
                assert!(Cell::of(Cohort::new(age, region)).all(|cell| all.contains(&cell)));
            }
        }
    }

    #[test]
    fn a_person_has_four_cells_at_most() {
        let (age, region) = (Some(AgeBand::From25), "CH".parse().ok());
        for (age, region, expected) in [
            (None, None, &["all"][..]),
            (age, None, &["all", "age/25-34"]),
            (None, region, &["all", "region/CH"]),
            (age, region, &["all", "age/25-34", "region/CH", "age_region/25-34/CH"]),
        ] {
            let cells: Vec<Cell> = Cell::of(Cohort::new(age, region)).collect();
            assert_eq!(cells.iter().map(Cell::to_string).collect::<Vec<_>>(), expected);
            for cell in cells {
                assert_eq!(Cell::named(cell.age(), cell.region()), cell);
            }
        }
    }
}
