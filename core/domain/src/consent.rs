//! Consents: on which channel somebody agreed to messages, of what, and under which words.
//!
//! Who it is, only a pseudonym says; the address is kept elsewhere, where it can be deleted.

/// A way to reach somebody. The discriminant is its number in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Channel {
    /// The inbox of the pages.
    Page = 1,
    Email = 2,
    Sms = 3,
    /// A push message of the browser.
    WebPush = 4,
}

impl Channel {
    pub const ALL: [Channel; 4] = [Channel::Page, Channel::Email, Channel::Sms, Channel::WebPush];

    /// Stable text, as in requests, answers and topics.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Channel::Page => "page",
            Channel::Email => "email",
            Channel::Sms => "sms",
            Channel::WebPush => "web_push",
        }
    }

    /// The channel with this text.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Channel::ALL.into_iter().find(|channel| channel.code() == code)
    }

    /// The channel with this number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Channel::ALL.into_iter().find(|channel| *channel as u8 == number)
    }
}

/// What somebody wants messages of. The discriminant is its number in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum ConsentScope {
    /// This event.
    Event = 1,
    /// Whoever is on stage at it, this time and others.
    Artist = 2,
}

impl ConsentScope {
    pub const ALL: [ConsentScope; 2] = [ConsentScope::Event, ConsentScope::Artist];

    /// Stable text, as in requests, answers and topics.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            ConsentScope::Event => "event",
            ConsentScope::Artist => "artist",
        }
    }

    /// The scope with this text.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        ConsentScope::ALL.into_iter().find(|scope| scope.code() == code)
    }

    /// The scope with this number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        ConsentScope::ALL.into_iter().find(|scope| *scope as u8 == number)
    }
}

/// That somebody agrees to messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Consent {
    pub scope: ConsentScope,
    pub channel: Channel,
    /// Number of the words they were shown; from 1 on. Other words are another consent, in the place
    /// of the one before.
    pub wording: u16,
}

/// Consents one event may have, of all people, scopes and channels together: some fifty megabytes.
pub const CONSENTS_MAX: usize = 2_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_and_number_is_read_as_what_it_says() {
        for channel in Channel::ALL {
            assert_eq!(Channel::parse(channel.code()), Some(channel));
            assert_eq!(Channel::from_number(channel as u8), Some(channel));
        }
        for scope in ConsentScope::ALL {
            assert_eq!(ConsentScope::parse(scope.code()), Some(scope));
            assert_eq!(ConsentScope::from_number(scope as u8), Some(scope));
        }
        assert_eq!((Channel::parse("Email"), Channel::from_number(0)), (None, None));
        assert_eq!((ConsentScope::parse(""), ConsentScope::from_number(3)), (None, None));
    }
}
