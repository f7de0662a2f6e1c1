//! The topics: what they contain, and how long they keep it.

/// A topic of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    /// The source of truth, in the engine's wire form. Key: event id.
    Commands,
    /// What happened, in the engine's wire form: what every role of Floodgate folds. Key: event id.
    Ledger,
    /// The same for other teams: JSON in CloudEvents. Key: event id.
    Facts,
    /// Answers to commands, for gateways in other processes. Key: gateway id.
    Replies,
    /// Live counts, as of an offset; JSON. Key: event id, then section or category.
    Counts,
    /// Messages for people; JSON. Key: user id.
    Notifications,
    /// Private aggregates for advertisers; JSON. Key: product id.
    Audience,
    /// Tables: a flat JSON row for the current state of each seat that was touched. Key: event id, then
    /// the seat.
    Reservations,
    /// A row an order. Key: event id, then the order.
    Orders,
    /// A row an event. Key: event id.
    Events,
    /// What happened in each window of log time, and all together; JSON. Key: event id, then the window.
    Windows,
    /// How many wait and shop, and how fast orders come, with noise: for advertisers; JSON. Key: product
    /// id.
    Live,
    /// What each order of a product was given, for whoever hands it on; JSON. Key: the order, then the
    /// product id.
    Deliveries,
    /// Commands that could not be read, with their origin in the headers.
    DeadLetters,
    /// Records of the ledger that a role could not read, with their origin in the headers.
    DeadFacts,
}

/// How a topic forgets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cleanup {
    Keep,
    /// Only the last record of a key need stay.
    Compact,
    /// Records older than this many milliseconds may go.
    Age {
        ms: u64,
    },
}

const HOUR_MS: u64 = 3_600_000;

impl Topic {
    pub const ALL: [Topic; 15] = [
        Topic::Commands,
        Topic::Ledger,
        Topic::Facts,
        Topic::Replies,
        Topic::Counts,
        Topic::Notifications,
        Topic::Audience,
        Topic::Reservations,
        Topic::Orders,
        Topic::Events,
        Topic::Windows,
        Topic::Live,
        Topic::Deliveries,
        Topic::DeadLetters,
        Topic::DeadFacts,
    ];

    /// The name, as in Kafka.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Topic::Commands => "floodgate.commands.v1",
            Topic::Ledger => "floodgate.ledger.v1",
            Topic::Facts => "floodgate.facts.v1",
            Topic::Replies => "floodgate.replies.v1",
            Topic::Counts => "floodgate.counts.v1",
            Topic::Notifications => "floodgate.notifications.v1",
            Topic::Audience => "floodgate.audience.v2",
            Topic::Reservations => "floodgate.reservations.v1",
            Topic::Orders => "floodgate.orders.v1",
            Topic::Events => "floodgate.events.v1",
            Topic::Windows => "floodgate.windows.v1",
            Topic::Live => "floodgate.live.v1",
            Topic::Deliveries => "floodgate.deliveries.v1",
            Topic::DeadLetters => "dlq.floodgate.commands.v1",
            Topic::DeadFacts => "dlq.floodgate.ledger.v1",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Topic> {
        Topic::ALL.into_iter().find(|topic| topic.name() == name || topic.short_name() == name)
    }

    /// The name people type: `commands`, `facts`, `dlq` …
    #[must_use]
    pub fn short_name(self) -> &'static str {
        match self {
            Topic::Commands => "commands",
            Topic::Ledger => "ledger",
            Topic::Facts => "facts",
            Topic::Replies => "replies",
            Topic::Counts => "counts",
            Topic::Notifications => "notifications",
            Topic::Audience => "audience",
            Topic::Reservations => "reservations",
            Topic::Orders => "orders",
            Topic::Events => "events",
            Topic::Windows => "windows",
            Topic::Live => "live",
            Topic::Deliveries => "deliveries",
            Topic::DeadLetters => "dlq",
            Topic::DeadFacts => "dlq-ledger",
        }
    }

    /// Where records of this topic are kept aside that could not be read.
    #[must_use]
    pub fn dead_letters(self) -> Option<Topic> {
        match self {
            Topic::Commands => Some(Topic::DeadLetters),
            Topic::Ledger => Some(Topic::DeadFacts),
            _ => None,
        }
    }

    /// How much longer than an answer what is written here may wait for company: a person waits for
    /// commands and replies; the ledger is followed by several roles, each of which pays for every
    /// batch; nobody acts on the public topics within milliseconds.
    #[must_use]
    pub fn patience(self) -> u32 {
        match self {
            Topic::Commands | Topic::Replies => 1,
            Topic::Ledger => 4,
            Topic::Facts
            | Topic::Counts
            | Topic::Notifications
            | Topic::Audience
            | Topic::Reservations
            | Topic::Orders
            | Topic::Events
            | Topic::Windows
            | Topic::Live
            | Topic::Deliveries
            | Topic::DeadLetters
            | Topic::DeadFacts => 20,
        }
    }

    #[must_use]
    pub fn cleanup(self) -> Cleanup {
        match self {
            Topic::Commands | Topic::Ledger | Topic::Facts | Topic::Audience => Cleanup::Keep,
            Topic::Counts
            | Topic::Reservations
            | Topic::Orders
            | Topic::Events
            | Topic::Windows => Cleanup::Compact,
            // An order runs for a year, and its buyer may fetch all of it.
            Topic::Live => Cleanup::Age { ms: 366 * 24 * HOUR_MS },
            Topic::Deliveries => Cleanup::Age { ms: 28 * 24 * HOUR_MS },
            Topic::Replies => Cleanup::Age { ms: HOUR_MS },
            Topic::Notifications => Cleanup::Age { ms: 7 * 24 * HOUR_MS },
            Topic::DeadLetters | Topic::DeadFacts => Cleanup::Age { ms: 28 * 24 * HOUR_MS },
        }
    }
}
