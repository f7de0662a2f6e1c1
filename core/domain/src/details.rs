//! What people plan an event by: what it is, where and when, and when its tickets are sold.

use crate::answer::SalePhase;
use crate::ids::LogTime;

/// The longest texts, in bytes: of one line, and of several.
pub const LINE_BYTES_MAX: usize = 512;
pub const TEXT_BYTES_MAX: usize = 16 * 1024;
/// The longest name of a time zone, in bytes; that of the longest there is has 30.
pub const TIME_ZONE_BYTES_MAX: usize = 64;
/// No age limit is higher.
pub const AGE_MAX: u8 = 99;

/// What an event says of itself. Empty texts, and times that are absent, are not known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventDetails {
    pub name: String,
    pub description: String,
    /// Who is on stage.
    pub artist: String,
    pub venue_name: String,
    /// Several lines, as on an envelope.
    pub venue_address: String,
    /// Name in the IANA time zone database, such as `Europe/Berlin`, of where the event is.
    pub time_zone: String,
    pub doors_at: Option<LogTime>,
    pub starts_at: Option<LogTime>,
    pub ends_at: Option<LogTime>,
    /// When the event was or is announced; only shown. New with the fourth rules, like the next.
    pub announced_at: Option<LogTime>,
    /// When the presale begins by itself, if the sale is announced then.
    pub presale_at: Option<LogTime>,
    /// When the sale opens by itself, if it is announced or in presale then.
    pub opens_at: Option<LogTime>,
    /// When the sale closes by itself.
    pub closes_at: Option<LogTime>,
    /// Nobody younger is let in.
    pub age_min: Option<u8>,
    /// What it looks like. New with the fourth rules.
    pub picture: Option<Picture>,
    /// Whose pages these are. New with the seventh rules.
    pub look: Look,
}

/// What an organiser's pages have of their own. Whether a colour can be read on them is known to
/// those who show it; the log keeps what was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    /// Of buttons, links and bars, as red, green and blue.
    pub accent: Option<[u8; 3]>,
    /// The same where the page is dark.
    pub accent_dark: Option<[u8; 3]>,
    pub logo: Option<Picture>,
}

/// A picture that is kept beside the log; the log knows which one, and what it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// SHA-256 of what is served, by which it is found.
    pub digest: [u8; 32],
    /// Pixels of the largest version, so that a page keeps room for it.
    pub width: u16,
    pub height: u16,
    /// What it shows, for those who do not see it.
    pub alternative: String,
}

/// The widths in which every picture is served; one that is smaller stays as it is.
pub const PICTURE_WIDTHS: [u16; 3] = [480, 960, 1920];

impl Picture {
    /// Where it is served in one of these widths.
    #[must_use]
    pub fn path_in(&self, width: u16) -> String {
        let digest: String = self.digest.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("/pictures/{digest}-{width}")
    }

    fn check(&self, field: &'static str) -> Result<(), DetailsError> {
        let words = &self.alternative;
        if words.trim().is_empty() || words.len() > LINE_BYTES_MAX {
            let fix = format!("must say in at most {LINE_BYTES_MAX} bytes what it shows");
            return Err(DetailsError::new("alternative", fix));
        }
        if self.width == 0 || self.height == 0 {
            return Err(DetailsError::new(field, "must not be empty"));
        }
        Ok(())
    }
}

/// Why details cannot be: the field, then its bound, which says the fix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {fix}")]
pub struct DetailsError {
    pub field: &'static str,
    pub fix: String,
}

impl DetailsError {
    /// Says of `field` what must be so.
    #[must_use]
    pub fn new(field: &'static str, fix: impl Into<String>) -> Self {
        DetailsError { field, fix: fix.into() }
    }
}

/// When the presale begins, the sale opens and it closes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SaleTimes {
    pub presale_at: Option<LogTime>,
    pub opens_at: Option<LogTime>,
    pub closes_at: Option<LogTime>,
}

impl EventDetails {
    /// Those of an event that says nothing but its name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        EventDetails { name: name.to_owned(), ..EventDetails::default() }
    }

    /// Whether they can be: every text within its bound, and times in their order.
    pub fn check(&self) -> Result<(), DetailsError> {
        let texts = [
            ("name", &self.name, LINE_BYTES_MAX),
            ("description", &self.description, TEXT_BYTES_MAX),
            ("artist", &self.artist, LINE_BYTES_MAX),
            ("venue_name", &self.venue_name, LINE_BYTES_MAX),
            ("venue_address", &self.venue_address, LINE_BYTES_MAX),
            ("time_zone", &self.time_zone, TIME_ZONE_BYTES_MAX),
        ];
        for (field, text, bytes_max) in texts {
            if text.len() > bytes_max {
                let fix = format!("must be a text of at most {bytes_max} bytes");
                return Err(DetailsError::new(field, fix));
            }
        }
        let orders = [
            ("doors_at", self.doors_at, "starts_at", self.starts_at),
            ("starts_at", self.starts_at, "ends_at", self.ends_at),
            ("doors_at", self.doors_at, "ends_at", self.ends_at),
            ("presale_at", self.presale_at, "opens_at", self.opens_at),
            ("presale_at", self.presale_at, "closes_at", self.closes_at),
            ("opens_at", self.opens_at, "closes_at", self.closes_at),
            ("announced_at", self.announced_at, "opens_at", self.opens_at),
            ("announced_at", self.announced_at, "closes_at", self.closes_at),
        ];
        for (field, first, other, then) in orders {
            if let (Some(first), Some(then)) = (first, then)
                && first >= then
            {
                return Err(DetailsError::new(field, format!("must be before {other}")));
            }
        }
        // Both at once is a sale that begins with its announcement.
        if let (Some(announced), Some(presale)) = (self.announced_at, self.presale_at)
            && announced > presale
        {
            return Err(DetailsError::new("announced_at", "must not be after presale_at"));
        }
        if self.age_min.is_some_and(|age| age > AGE_MAX) {
            return Err(DetailsError::new("age_min", format!("must be at most {AGE_MAX}")));
        }
        let pictures = [("picture", &self.picture), ("logo", &self.look.logo)];
        for (field, picture) in pictures {
            if let Some(picture) = picture {
                picture.check(field)?;
            }
        }
        Ok(())
    }

    /// When the presale begins, the sale opens and it closes by itself.
    #[must_use]
    pub fn sale_times(&self) -> SaleTimes {
        let EventDetails { presale_at, opens_at, closes_at, .. } = *self;
        SaleTimes { presale_at, opens_at, closes_at }
    }
}

impl SaleTimes {
    /// Whether a sale may get these instead of `before`, at `now`, in its `phase`: what changes must lie ahead, so that nobody opens a sale by a slip of the pen.
    pub fn may_follow(
        self,
        before: SaleTimes,
        now: LogTime,
        phase: SalePhase,
    ) -> Result<(), DetailsError> {
        let moved = self.opens_at.filter(|_| self.opens_at != before.opens_at);
        let is_announced = phase == SalePhase::Announced;
        if self.opens_at != before.opens_at && !is_announced && phase != SalePhase::Presale {
            return Err(DetailsError::new("opens_at", "cannot change: the sale has been opened"));
        }
        let presale = self.presale_at.filter(|_| self.presale_at != before.presale_at);
        if self.presale_at != before.presale_at && !is_announced {
            return Err(DetailsError::new("presale_at", "cannot change: it has begun"));
        }
        let closes = self.closes_at.filter(|_| self.closes_at != before.closes_at);
        let all = [
            ("presale_at", presale, "begin"),
            ("opens_at", moved, "open"),
            ("closes_at", closes, "close"),
        ];
        for (field, at, dial) in all {
            if at.is_some_and(|at| at <= now) {
                let fix = format!("must lie ahead; to {dial} the sale now, turn its phase");
                return Err(DetailsError::new(field, fix));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details() -> EventDetails {
        EventDetails::named("An evening")
    }

    #[test]
    fn times_stand_in_their_order() {
        let at = |at| Some(LogTime(at));
        let lawful = EventDetails {
            doors_at: at(1),
            starts_at: at(2),
            ends_at: at(3),
            announced_at: at(1),
            presale_at: at(1),
            opens_at: at(2),
            closes_at: at(3),
            ..details()
        };
        assert_eq!(lawful.check(), Ok(()));
        let wrong = |field: &str, details: EventDetails| {
            assert_eq!(details.check().map_err(|error| error.field), Err(field));
        };
        wrong("doors_at", EventDetails { doors_at: at(2), ..lawful.clone() });
        wrong("starts_at", EventDetails { ends_at: at(2), ..lawful.clone() });
        wrong("doors_at", EventDetails { starts_at: None, doors_at: at(3), ..lawful.clone() });
        wrong("opens_at", EventDetails { closes_at: at(2), ..lawful.clone() });
        wrong("presale_at", EventDetails { presale_at: at(2), ..lawful.clone() });
        wrong(
            "announced_at",
            EventDetails {
                announced_at: at(2),
                opens_at: at(3),
                closes_at: None,
                ..lawful.clone()
            },
        );
        let no_opening = EventDetails { opens_at: None, ..lawful.clone() };
        wrong("presale_at", EventDetails { presale_at: at(3), ..no_opening.clone() });
        wrong("announced_at", EventDetails { announced_at: at(3), presale_at: None, ..no_opening });
        wrong("age_min", EventDetails { age_min: Some(100), ..lawful.clone() });
        wrong("artist", EventDetails { artist: "a".repeat(LINE_BYTES_MAX + 1), ..lawful });
    }

    #[test]
    fn a_picture_has_a_size_and_says_what_it_shows() {
        let picture = |width, height, alternative: &str| {
            let alternative = alternative.to_owned();
            let picture = Some(Picture { digest: [7; 32], width, height, alternative });
            EventDetails { picture, ..details() }.check().map_err(|error| error.field)
        };
        assert_eq!(picture(1, 1, "The band"), Ok(()));
        assert_eq!(picture(1, 1, " "), Err("alternative"));
        assert_eq!(picture(1, 1, &"a".repeat(LINE_BYTES_MAX + 1)), Err("alternative"));
        assert_eq!(picture(0, 1, "The band"), Err("picture"));
        assert_eq!(picture(1, 0, "The band"), Err("picture"));
        let logo = Picture { digest: [7; 32], width: 0, height: 1, alternative: "The hall".into() };
        let look = Look { logo: Some(logo), ..Look::default() };
        let error = EventDetails { look, ..details() }.check().map_err(|error| error.field);
        assert_eq!(error, Err("logo"));
    }

    #[test]
    fn what_changes_lies_ahead_and_an_open_sale_does_not_open_again() {
        let times = |opens: Option<u64>, closes: Option<u64>| SaleTimes {
            presale_at: None,
            opens_at: opens.map(LogTime),
            closes_at: closes.map(LogTime),
        };
        let now = LogTime(10);
        let field = |to: SaleTimes, from: SaleTimes, is_announced: bool| {
            let phase = if is_announced { SalePhase::Announced } else { SalePhase::Open };
            to.may_follow(from, now, phase).map_err(|error| error.field)
        };
        let none = SaleTimes::default();
        assert_eq!(field(times(Some(11), Some(12)), none, true), Ok(()));
        assert_eq!(field(times(Some(10), None), none, true), Err("opens_at"));
        assert_eq!(field(times(None, Some(9)), none, true), Err("closes_at"));
        // What stays as it was may have passed.
        assert_eq!(field(times(Some(5), Some(12)), times(Some(5), None), false), Ok(()));
        assert_eq!(field(times(Some(11), None), none, false), Err("opens_at"));
        assert_eq!(field(none, times(Some(5), None), false), Err("opens_at"));
        // In presale the opening still moves, the presale itself does not.
        let at = |at: u64| SaleTimes { presale_at: Some(LogTime(at)), ..times(Some(20), None) };
        let field = |to: SaleTimes, phase: SalePhase| {
            to.may_follow(at(5), now, phase).map_err(|error| error.field)
        };
        let moved = SaleTimes { opens_at: Some(LogTime(30)), ..at(5) };
        assert_eq!(field(moved, SalePhase::Presale), Ok(()));
        assert_eq!(field(at(11), SalePhase::Announced), Ok(()));
        assert_eq!(field(at(10), SalePhase::Announced), Err("presale_at"));
        assert_eq!(field(at(11), SalePhase::Presale), Err("presale_at"));
    }
}
