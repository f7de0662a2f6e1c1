//! Cohorts: what fans may say about themselves for aggregates, as coarsely as possible.
//!
//! An age band and a country, each optional, both from fixed lists. Nothing finer has a type
//! here, so nothing finer can be asked, sent or kept.

use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;

/// Age bands. Minors are not asked and have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum AgeBand {
    From18 = 1,
    From25 = 2,
    From35 = 3,
    From45 = 4,
    From55 = 5,
    From65 = 6,
}

impl AgeBand {
    pub const ALL: [AgeBand; 6] = [
        AgeBand::From18,
        AgeBand::From25,
        AgeBand::From35,
        AgeBand::From45,
        AgeBand::From55,
        AgeBand::From65,
    ];

    /// Stable text, as in the API and in product ids.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            AgeBand::From18 => "18-24",
            AgeBand::From25 => "25-34",
            AgeBand::From35 => "35-44",
            AgeBand::From45 => "45-54",
            AgeBand::From55 => "55-64",
            AgeBand::From65 => "65+",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        AgeBand::ALL.into_iter().find(|band| band.code() == text)
    }
}

/// The countries offered: ISO 3166-1 alpha-2. What is kept is the two letters, so a list that
/// changes never changes what was said before.
pub const REGIONS: &str = "\
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS \
BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE \
EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM \
HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC \
LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA \
NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW \
SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO \
TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// A country, by its two letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Region([u8; 2]);

impl Region {
    fn from_number(number: u16) -> Option<Self> {
        let index = u8::try_from(number.checked_sub(1)? / 26).ok()?;
        let second = u8::try_from((number - 1) % 26).ok()?;
        (index < 26).then_some(Region([b'A' + index, b'A' + second]))
    }

    /// From 1, so that 0 can mean that nothing was said.
    fn number(self) -> u16 {
        let [first, second] = self.0.map(|letter| u16::from(letter - b'A'));
        first * 26 + second + 1
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second] = self.0.map(char::from);
        write!(f, "{first}{second}")
    }
}

/// Not one of the [`REGIONS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a country: two capital letters of ISO 3166-1, such as CH")]
pub struct RegionError;

impl FromStr for Region {
    type Err = RegionError;
    fn from_str(text: &str) -> Result<Self, RegionError> {
        let is_listed = text.len() == 2 && REGIONS.split(' ').any(|listed| listed == text);
        let letters: [u8; 2] = text.as_bytes().try_into().map_err(|_| RegionError)?;
        if is_listed { Ok(Region(letters)) } else { Err(RegionError) }
    }
}

/// One fan's answers in two bytes; what was not said is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cohort(NonZeroU16);

/// Numbers of regions, 0 included: 26 × 26 pairs of letters, and nothing said.
const REGION_NUMBERS: u16 = 26 * 26 + 1;

impl Cohort {
    #[must_use]
    pub fn new(age: Option<AgeBand>, region: Option<Region>) -> Self {
        let age = age.map_or(0, |band| band as u16);
        let number = age * REGION_NUMBERS + region.map_or(0, Region::number);
        // One more, so that no cohort at all takes no further byte; at most 7 × 677.
        Cohort(NonZeroU16::MIN.saturating_add(number))
    }

    #[must_use]
    pub fn age(self) -> Option<AgeBand> {
        let number = (self.0.get() - 1) / REGION_NUMBERS;
        AgeBand::ALL.into_iter().find(|band| *band as u16 == number)
    }

    #[must_use]
    pub fn region(self) -> Option<Region> {
        Region::from_number((self.0.get() - 1) % REGION_NUMBERS)
    }

    /// The number on the wire; never 0.
    #[must_use]
    pub fn number(self) -> u16 {
        self.0.get()
    }

    /// The cohort with this number, if there is one.
    #[must_use]
    pub fn from_number(number: u16) -> Option<Self> {
        let beyond = (AgeBand::ALL.len() as u16 + 1) * REGION_NUMBERS;
        NonZeroU16::new(number).filter(|number| number.get() <= beyond).map(Cohort)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_has_a_number_of_its_own() {
        let regions = REGIONS.split(' ').map(|text| text.parse::<Region>().ok());
        let regions: Vec<_> = regions.chain([None]).collect();
        assert_eq!(regions.len(), 250);
        let mut numbers = std::collections::HashSet::new();
        for age in AgeBand::ALL.map(Some).into_iter().chain([None]) {
            for &region in &regions {
                let cohort = Cohort::new(age, region);
                assert!(numbers.insert(cohort.number()));
                assert_eq!(Cohort::from_number(cohort.number()), Some(cohort));
                assert_eq!((cohort.age(), cohort.region()), (age, region));
            }
        }
    }

    #[test]
    fn only_numbers_of_cohorts_are_read() {
        let last = 7 * REGION_NUMBERS;
        for (number, is_one) in [(0, false), (1, true), (last, true), (last + 1, false)] {
            assert_eq!(Cohort::from_number(number).is_some(), is_one, "{number}");
        }
        for text in ["", "C", "ch", "XX", "CHE", "C H", "H C", " C"] {
            assert!(text.parse::<Region>().is_err(), "{text}");
        }
        assert_eq!("CH".parse::<Region>().map(|region| region.to_string()), Ok("CH".to_owned()));
        assert_eq!(AgeBand::parse("25-34"), Some(AgeBand::From25));
        assert_eq!(AgeBand::parse("17"), None);
    }
}
