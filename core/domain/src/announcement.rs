//! Announcements: words of staff for those who hold tickets, wait for them, or follow the event.

use crate::consent::Channel;
use crate::ids::{AnnouncementId, LogTime};
use crate::plan::{CategorySet, SECTIONS_MAX};
use crate::presale::BATCH_MAX;

/// The longest texts, in bytes: of the subject, which is one line, of the text, and of an address.
pub const SUBJECT_BYTES_MAX: usize = 200;
pub const ANNOUNCEMENT_BYTES_MAX: usize = 8 * 1024;
pub const LINK_BYTES_MAX: usize = 512;
/// Sections that one announcement may name.
pub const NAMED_SECTIONS_MAX: usize = 256;
/// How far ahead one can be sent, a year: what is later is a mistake.
pub const AHEAD_MS_MAX: u64 = 365 * 24 * 3_600_000;
/// Announcements one event may have.
pub const ANNOUNCEMENTS_MAX: usize = 1_000;

/// Which people of an event: a set of the three kinds, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct AudienceWho(u8);

impl AudienceWho {
    /// Those who have a ticket.
    pub const HOLDERS: AudienceWho = AudienceWho(1);
    /// Those who have a place in the line and are not called yet.
    pub const WAITERS: AudienceWho = AudienceWho(2);
    /// Those who have agreed to messages.
    pub const FOLLOWERS: AudienceWho = AudienceWho(4);
    /// Each alone, with its stable text.
    pub const ALL: [(AudienceWho, &str); 3] = [
        (AudienceWho::HOLDERS, "holders"),
        (AudienceWho::WAITERS, "waiters"),
        (AudienceWho::FOLLOWERS, "followers"),
    ];

    /// The set with these bits; `None` where there is no such kind of people. It may be empty.
    #[must_use]
    pub fn from_bits(bits: u8) -> Option<Self> {
        (bits < 8).then_some(AudienceWho(bits))
    }

    #[must_use]
    pub fn bits(self) -> u8 {
        self.0
    }

    #[must_use]
    pub fn with(self, other: AudienceWho) -> Self {
        AudienceWho(self.0 | other.0)
    }

    /// Whether all of `other` are among them.
    #[must_use]
    pub fn has(self, other: AudienceWho) -> bool {
        self.0 & other.0 == other.0
    }

    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The set of one kind, by its stable text.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        AudienceWho::ALL.into_iter().find(|(_, text)| *text == code).map(|(who, _)| who)
    }

    /// The stable texts of all kinds in it.
    pub fn codes(self) -> impl Iterator<Item = &'static str> {
        AudienceWho::ALL.into_iter().filter(move |(who, _)| self.has(*who)).map(|(_, text)| text)
    }
}

/// For whom an announcement is. Categories and sections narrow the holders alone: whoever waits or
/// follows has no seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudienceSpec {
    /// One kind of people at least.
    pub who: AudienceWho,
    pub categories: CategorySet,
    /// Sections by their index in the plan, each once; empty is all of them.
    pub sections: Vec<u16>,
}

impl AudienceSpec {
    /// All of these people, wherever they sit.
    #[must_use]
    pub fn all(who: AudienceWho) -> Self {
        AudienceSpec { who, categories: CategorySet::ANY, sections: Vec::new() }
    }
}

/// What is said, to whom, how, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    pub id: AnnouncementId,
    pub audience: AudienceSpec,
    /// One to four, each once: the first on which somebody can be reached is theirs.
    pub channels: Vec<Channel>,
    /// One line.
    pub subject: String,
    pub text: String,
    /// Where to read more, and what to look at: empty, or an address that begins with `https://`.
    pub link: String,
    pub picture: String,
    /// `None` is at once; else it has to lie ahead.
    pub send_at: Option<LogTime>,
    /// The batch whose codes go out with it, one to each person. New with the fourth rules.
    pub codes: Option<u16>,
}

/// Why an announcement cannot be: the field, then its bound, which says the fix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {fix}")]
pub struct AnnouncementError {
    pub field: &'static str,
    pub fix: String,
}

fn wrong(field: &'static str, fix: impl Into<String>) -> Result<(), AnnouncementError> {
    Err(AnnouncementError { field, fix: fix.into() })
}

impl Announcement {
    /// Whether it can be, whenever it is sent: every part within its bound.
    pub fn check(&self) -> Result<(), AnnouncementError> {
        check_words("subject", &self.subject, SUBJECT_BYTES_MAX, &[])?;
        check_words("text", &self.text, ANNOUNCEMENT_BYTES_MAX, &['\n', '\r', '\t'])?;
        check_address("link", &self.link)?;
        check_address("picture", &self.picture)?;
        if self.codes.is_some_and(|batch| !(1..=BATCH_MAX).contains(&batch)) {
            return wrong("codes", format!("must be the number of a batch, 1 to {BATCH_MAX}"));
        }
        if self.codes.is_some() && !self.link.is_empty() {
            return wrong("link", "must be empty where codes go out: the link enters the code");
        }
        let AudienceSpec { who, categories, sections } = &self.audience;
        if who.is_empty() {
            return wrong("who", "must name one of holders, waiters, followers at least");
        }
        if categories.0 == 0 {
            return wrong("categories", "must name one price category at least, or be left out");
        }
        let is_index = |section: &u16| usize::from(*section) < SECTIONS_MAX;
        if sections.len() > NAMED_SECTIONS_MAX || !sections.iter().all(is_index) {
            return wrong("sections", format!("must be at most {NAMED_SECTIONS_MAX} of the plan"));
        }
        if is_repeated(sections) {
            return wrong("sections", "must name each section once");
        }
        if self.channels.is_empty() || is_repeated(&self.channels) {
            return wrong("channels", "must name one channel at least, and each once");
        }
        Ok(())
    }

    /// Whether it may be sent then, as of `now`.
    pub fn check_time(&self, now: LogTime) -> Result<(), AnnouncementError> {
        match self.send_at {
            Some(at) if at <= now => wrong("send_at", "must lie ahead; leave it out to send now"),
            Some(at) if at > now.plus(AHEAD_MS_MAX) => {
                wrong("send_at", "must be within a year from now")
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// This is decided in the log, so it asks no table of characters that may grow: control characters
/// but for these are refused here, what no screen shows is by whoever takes the request.
fn check_words(
    field: &'static str,
    text: &str,
    bytes_max: usize,
    breaks: &[char],
) -> Result<(), AnnouncementError> {
    if text.bytes().all(|byte| byte.is_ascii_whitespace()) || text.len() > bytes_max {
        return wrong(field, format!("must be a text of 1 to {bytes_max} bytes"));
    }
    if text.chars().any(|one| one.is_control() && !breaks.contains(&one)) {
        return wrong(field, "must hold no control characters, and a subject is one line");
    }
    Ok(())
}

/// Mail programs and browsers make a link of it: nothing but an address on the web, without spaces.
fn check_address(field: &'static str, address: &str) -> Result<(), AnnouncementError> {
    let rest = address.strip_prefix("https://");
    let has_host = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '?', '#']));
    let is_printable = address.bytes().all(|byte| byte.is_ascii_graphic());
    let fits = has_host && is_printable && address.len() <= LINK_BYTES_MAX;
    if address.is_empty() || fits {
        return Ok(());
    }
    wrong(field, format!("must be empty or an https:// address of at most {LINK_BYTES_MAX} bytes"))
}

fn is_repeated<T: PartialEq>(list: &[T]) -> bool {
    list.iter().enumerate().any(|(at, one)| list[..at].contains(one))
}

/// What staff do about an announcement. The discriminant is its number in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum AnnouncementStep {
    /// It may go out, where the rules of the sale ask for that.
    Approve = 1,
    /// Nothing more goes out until it is resumed; one that has not started does not.
    Pause = 2,
    Resume = 3,
    /// Nothing more goes out, ever.
    Stop = 4,
}

impl AnnouncementStep {
    pub const ALL: [AnnouncementStep; 4] = {
        use AnnouncementStep::*;
        [Approve, Pause, Resume, Stop]
    };

    /// Stable text, as in requests and topics.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            AnnouncementStep::Approve => "approve",
            AnnouncementStep::Pause => "pause",
            AnnouncementStep::Resume => "resume",
            AnnouncementStep::Stop => "stop",
        }
    }

    /// The step with this text.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        AnnouncementStep::ALL.into_iter().find(|step| step.code() == code)
    }

    /// The step with this number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        AnnouncementStep::ALL.into_iter().find(|step| *step as u8 == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announcement() -> Announcement {
        Announcement {
            id: AnnouncementId(1),
            audience: AudienceSpec::all(AudienceWho::HOLDERS),
            channels: vec![Channel::Email, Channel::Page],
            subject: "Doors at seven".into(),
            text: "See you\nthere".into(),
            link: "https://example.org/doors".into(),
            picture: String::new(),
            send_at: None,
            codes: None,
        }
    }

    fn field(change: impl FnOnce(&mut Announcement)) -> Option<&'static str> {
        let mut changed = announcement();
        change(&mut changed);
        changed.check().err().map(|error| error.field)
    }

    #[test]
    fn every_part_has_its_bound() {
        assert_eq!(announcement().check(), Ok(()));
        assert_eq!(field(|one| one.subject = " ".into()), Some("subject"));
        assert_eq!(field(|one| one.subject = "two\nlines".into()), Some("subject"));
        assert_eq!(field(|one| one.subject = "é".repeat(101)), Some("subject"));
        assert_eq!(field(|one| one.subject = "é".repeat(100)), None);
        assert_eq!(field(|one| one.text = String::new()), Some("text"));
        assert_eq!(field(|one| one.text = "a\u{0}".into()), Some("text"));
        assert_eq!(field(|one| one.text = "a".repeat(ANNOUNCEMENT_BYTES_MAX + 1)), Some("text"));
        assert_eq!(field(|one| one.audience.who = AudienceWho::default()), Some("who"));
        assert_eq!(field(|one| one.audience.categories = CategorySet(0)), Some("categories"));
        assert_eq!(field(|one| one.audience.sections = vec![1, 1]), Some("sections"));
        assert_eq!(field(|one| one.audience.sections = vec![4_096]), Some("sections"));
        assert_eq!(field(|one| one.audience.sections = (0..257).collect()), Some("sections"));
        assert_eq!(field(|one| one.audience.sections = (0..256).collect()), None);
        assert_eq!(field(|one| one.channels.clear()), Some("channels"));
        let with_codes = |batch| {
            move |one: &mut Announcement| {
                (one.codes, one.link) = (Some(batch), String::new());
            }
        };
        assert_eq!(field(with_codes(0)), Some("codes"));
        assert_eq!(field(with_codes(BATCH_MAX + 1)), Some("codes"));
        assert_eq!(field(with_codes(BATCH_MAX)), None);
        assert_eq!(field(|one| one.codes = Some(1)), Some("link"));
        assert_eq!(field(|one| one.channels = vec![Channel::Sms; 2]), Some("channels"));
    }

    #[test]
    fn an_address_is_one_on_the_web_or_none() {
        let long = format!("https://example.org/{}", "a".repeat(LINK_BYTES_MAX));
        let wrong = ["http://example.org", "javascript:alert(1)", "https://", "https:///a", "/a"];
        for address in
            wrong.into_iter().chain(["https://example.org/a b", "https://exämple.org", &long])
        {
            assert_eq!(field(|one| one.link = address.into()), Some("link"), "{address}");
            assert_eq!(field(|one| one.picture = address.into()), Some("picture"), "{address}");
        }
        for address in ["", "https://example.org", "https://example.org/?a=b#c"] {
            assert_eq!(field(|one| one.link = address.into()), None, "{address}");
        }
    }

    #[test]
    fn what_is_sent_later_lies_ahead_and_within_a_year() {
        let now = LogTime(1_000);
        let rows = [(1_000, false), (1_001, true), (1_000 + AHEAD_MS_MAX, true)];
        for (at, may) in rows.into_iter().chain([(1_001 + AHEAD_MS_MAX, false)]) {
            let later = Announcement { send_at: Some(LogTime(at)), ..announcement() };
            assert_eq!(later.check_time(now).is_ok(), may, "{at}");
        }
        assert_eq!(announcement().check_time(now), Ok(()));
    }

    #[test]
    fn who_is_a_set() {
        let both = AudienceWho::HOLDERS.with(AudienceWho::FOLLOWERS);
        assert!(both.has(AudienceWho::FOLLOWERS) && !both.has(AudienceWho::WAITERS));
        assert_eq!(both.codes().collect::<Vec<_>>(), ["holders", "followers"]);
        assert_eq!(AudienceWho::from_bits(both.bits()), Some(both));
        assert_eq!((AudienceWho::from_bits(8), AudienceWho::parse("fans")), (None, None));
        for step in AnnouncementStep::ALL {
            assert_eq!(AnnouncementStep::parse(step.code()), Some(step));
            assert_eq!(AnnouncementStep::from_number(step as u8), Some(step));
        }
    }
}
