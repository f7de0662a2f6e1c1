//! The tables of a sale, each described once, and the statements that keep them.
//!
//! The same SQL serves every database; what differs is a [`Dialect`]: how a table is created, and
//! what a statement takes its rows from. Times are milliseconds since 1970 in UTC.

use crate::columns::{Column, VENUE, added, flag, number, or_null, text};
use crate::sink::SinkError;

/// One table.
#[derive(Debug)]
pub(crate) struct Table {
    name: &'static str,
    columns: &'static [Column],
    key: &'static [&'static str],
    /// A row gives way only to one with a greater number here; without, the first one stays.
    version: Option<&'static str>,
    /// Columns it is looked for by, beside the key.
    index: &'static [&'static str],
}

const EVENTS: Table = Table {
    name: "events",
    columns: &[
        text("event_id"),
        text("event_name"),
        text("event_description"),
        text("venue_id"),
        number("starts_at"),
        text("phase"),
        number("event_version"),
        added(text("artist")),
        added(text("venue_name")),
        added(text("venue_address")),
        added(text("time_zone")),
        added(number("doors_at")),
        added(number("ends_at")),
        added(number("opens_at")),
        added(number("closes_at")),
        added(number("age_min")),
        added(number("details_version")),
        added(number("announced_at")),
        added(number("presale_at")),
    ],
    key: &["event_id"],
    version: Some("event_version"),
    index: &[],
};

/// Of a row of the events, what the event says of itself.
const DETAILS: [&str; 14] = [
    "event_name",
    "event_description",
    "starts_at",
    "artist",
    "venue_name",
    "venue_address",
    "time_zone",
    "doors_at",
    "ends_at",
    "opens_at",
    "closes_at",
    "age_min",
    "announced_at",
    "presale_at",
];

/// One row a seat; `seat_id` is its number in the plan.
const VENUES: Table = Table {
    name: "venues",
    columns: &[
        text("venue_id"),
        number("seat_id"),
        text("seat_location"),
        text("seat_type"),
        text("section"),
        text("row"),
        text("seat"),
        flag("for_sale"),
    ],
    key: &["venue_id", "seat_id"],
    version: None,
    index: &[],
};

/// One row a category of an event; `category` is its number in the plan. What has no price is not for
/// sale, whatever became of its seats before.
const CATEGORIES: Table = Table {
    name: "categories",
    columns: &[
        text("event_id"),
        number("category"),
        text("seat_type"),
        flag("for_sale"),
        number("category_version"),
    ],
    key: &["event_id", "category"],
    version: Some("category_version"),
    index: &["event_id", "seat_type"],
};

/// The current state of every seat that was ever touched: held, sold, free again, or not_for_sale
/// where staff took it off sale, which lifts or overrules what the plan says. `user_id` is
/// whose it is, `reservation_version` the fact's place in the log.
const RESERVATIONS: Table = Table {
    name: "reservations",
    columns: &[
        text("event_id"),
        or_null(text("user_id")),
        VENUE,
        number("seat_id"),
        text("status"),
        or_null(number("lock_expiry")),
        text("session_id"),
        flag("redeemed"),
        number("reservation_version"),
    ],
    key: &["event_id", "seat_id"],
    version: Some("reservation_version"),
    index: &["event_id", "session_id"],
};

/// Everything that ever happened to a seat. `reason` is why an order was refunded.
const HISTORY: Table = Table {
    name: "reservation_history",
    columns: &[
        text("event_id"),
        or_null(text("user_id")),
        VENUE,
        number("seat_id"),
        text("status"),
        or_null(number("lock_expiry")),
        text("session_id"),
        flag("redeemed"),
        number("reservation_version"),
        text("fact"),
        number("at"),
        added(text("reason")),
    ],
    key: &["event_id", "seat_id", "reservation_version"],
    version: None,
    index: &[],
};

/// How far each partition of the facts has been carried here, and what the last record looked like
/// ([`floodgate_event_log::RecordMark`]).
const POSITIONS: Table = Table {
    name: "positions",
    columns: &[number("partition"), number("next"), added(text("mark"))],
    key: &["partition"],
    version: None,
    index: &[],
};

const TABLES: [&Table; 6] = [&EVENTS, &VENUES, &CATEGORIES, &RESERVATIONS, &HISTORY, &POSITIONS];

const VIEWS: [(&str, &str); 2] = [
    (
        "free_seats",
        "SELECT e.event_id, v.venue_id, v.seat_id, v.seat_location, v.seat_type
         FROM events e
         JOIN venues v ON v.venue_id = e.venue_id
         LEFT JOIN categories c ON c.event_id = e.event_id AND c.seat_type = v.seat_type
         LEFT JOIN reservations r ON r.event_id = e.event_id AND r.seat_id = v.seat_id
         WHERE coalesce(c.for_sale, TRUE) AND coalesce(r.status = 'free', v.for_sale)",
    ),
    (
        "event_status",
        "SELECT e.event_id, e.event_name, e.phase,
             (SELECT count(*) FROM venues v
               LEFT JOIN categories c ON c.event_id = e.event_id AND c.seat_type = v.seat_type
               LEFT JOIN reservations r ON r.event_id = e.event_id AND r.seat_id = v.seat_id
               WHERE v.venue_id = e.venue_id AND coalesce(r.status <> 'not_for_sale', v.for_sale)
                 AND (coalesce(c.for_sale, TRUE) OR r.status IN ('held', 'sold'))) AS capacity,
             (SELECT count(*) FROM reservations r
               WHERE r.event_id = e.event_id AND r.status = 'held') AS held,
             (SELECT count(*) FROM reservations r
               WHERE r.event_id = e.event_id AND r.status = 'sold') AS sold,
             (SELECT count(*) FROM reservations r
               WHERE r.event_id = e.event_id AND r.redeemed) AS redeemed
         FROM events e",
    ),
];

/// How a database differs from the others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialect {
    /// What stands behind a table's columns.
    pub(crate) table_suffix: &'static str,
    /// What makes a view of this name that may be there already.
    pub(crate) create_view: fn(&str) -> String,
    /// What a statement takes its rows from, with the given columns.
    pub(crate) source: fn(&[&Column]) -> String,
}

impl Dialect {
    /// Makes what is missing.
    pub(crate) fn schema(&self) -> String {
        let tables = TABLES.iter().map(|table| table.schema(self.table_suffix));
        let view =
            |(name, select): &(&str, &str)| format!("{} AS {select};\n", (self.create_view)(name));
        tables.chain(VIEWS.iter().map(view)).collect()
    }
}

/// What tables that are there already lack.
#[derive(Debug, Default)]
pub(crate) struct Lacking {
    /// What can be added, since nobody needs its value in rows that are there.
    pub(crate) add: Vec<String>,
    /// `events.starts_at`: only facts give it a value.
    rebuild: Option<String>,
}

impl Lacking {
    /// Compares every table with the columns that `found` has of it; none means that it is not
    /// there.
    pub(crate) fn of<E>(mut found: impl FnMut(&str) -> Result<Vec<String>, E>) -> Result<Self, E> {
        let mut lacking = Lacking::default();
        for table in TABLES {
            let there = found(table.name)?;
            let missing = |column: &&Column| !there.iter().any(|name| name == column.name);
            for column in table.columns.iter().filter(missing).filter(|_| !there.is_empty()) {
                let Column { name, kind, is_added, .. } = column;
                if *is_added {
                    let (table, kind) = (table.name, kind.name());
                    lacking.add.push(format!("ALTER TABLE {table} ADD COLUMN \"{name}\" {kind}"));
                } else {
                    lacking.rebuild = Some(format!("{}.{name}", table.name));
                }
            }
        }
        Ok(lacking)
    }

    /// The error for what cannot be added.
    pub(crate) fn checked(&self) -> Result<(), SinkError> {
        match &self.rebuild {
            None => Ok(()),
            Some(column) => Err(SinkError::Unavailable(format!(
                "the tables are of an older build and have no {column}; run `floodgate views rebuild`"
            ))),
        }
    }
}

/// What removes the views of an older build, where nothing but dropping them changes them; `found`
/// has the statement of a view that is there. Opening what is up to date writes nothing.
pub(crate) fn outdated_views<E>(
    mut found: impl FnMut(&str) -> Result<Option<String>, E>,
) -> Result<Vec<String>, E> {
    let mut outdated = Vec::new();
    for (name, select) in VIEWS {
        if found(name)?.is_some_and(|sql| sql != format!("CREATE VIEW {name} AS {select}")) {
            outdated.push(format!("DROP VIEW {name}"));
        }
    }
    Ok(outdated)
}

/// What of a database is compared with another one: its name, and a query of its rows in which
/// `SCHEMA` stands for either. Marks of positions are compared with the ledger instead.
pub(crate) fn compared() -> Vec<(&'static str, String)> {
    let rows = |table: &&Table| {
        let columns = table.columns.iter().filter(|column| column.name != "mark");
        let columns: Vec<_> = columns.map(|column| format!("\"{}\"", column.name)).collect();
        (table.name, format!("SELECT {} FROM SCHEMA.\"{}\"", columns.join(", "), table.name))
    };
    let views = "SELECT name, sql FROM SCHEMA.sqlite_schema WHERE type = 'view'".to_owned();
    TABLES.iter().map(rows).chain([("views", views)]).collect()
}

/// What removes everything a sink has made.
pub(crate) fn drop_all() -> String {
    let views = VIEWS.iter().map(|(name, _)| format!("DROP VIEW IF EXISTS {name};\n"));
    let tables = TABLES.iter().map(|table| format!("DROP TABLE IF EXISTS {};\n", table.name));
    views.chain(tables).collect()
}

impl Table {
    fn schema(&self, suffix: &str) -> String {
        let Table { name, columns, key, index, .. } = self;
        let columns = columns.iter().map(|column| {
            let null = if column.may_be_null { "" } else { " NOT NULL" };
            format!("\"{}\" {}{null}, ", column.name, column.kind.name())
        });
        let (columns, key) = (columns.collect::<String>(), list(key));
        let table =
            format!("CREATE TABLE IF NOT EXISTS {name} ({columns}PRIMARY KEY ({key})){suffix};\n");
        if index.is_empty() {
            return table;
        }
        let (by, columns) = (index[index.len() - 1].trim_end_matches("_id"), list(index));
        format!("{table}CREATE INDEX IF NOT EXISTS {name}_by_{by} ON {name} ({columns});\n")
    }
}

/// A way rows are written. Rows may come again and in any order; the tables come out the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Write {
    Event,
    Seat,
    Category,
    Reservation,
    History,
    /// An event's phase.
    Phase,
    /// What an event says of itself.
    Details,
    /// Whether a category has a price.
    Price,
    /// The deadline of the seats of a hold; the seats are those that carry its session.
    Deadline,
}

/// Rows that are there and get other values.
#[derive(Debug)]
struct Update {
    by: &'static [&'static str],
    set: &'static [&'static str],
    /// The number that only ever grows: of another one than this, a row may be older.
    version: &'static str,
    /// Which of them; the others stay.
    only: &'static str,
}

impl Write {
    /// In the order in which those of one batch are carried out: rows first, then what changes
    /// them.
    pub(crate) const ALL: [Write; 9] = [
        Write::Event,
        Write::Seat,
        Write::Category,
        Write::Reservation,
        Write::History,
        Write::Phase,
        Write::Details,
        Write::Price,
        Write::Deadline,
    ];

    fn table(self) -> &'static Table {
        match self {
            Write::Event | Write::Phase | Write::Details => &EVENTS,
            Write::Seat => &VENUES,
            Write::Category | Write::Price => &CATEGORIES,
            Write::Reservation | Write::Deadline => &RESERVATIONS,
            Write::History => &HISTORY,
        }
    }

    fn update(self) -> Option<Update> {
        match self {
            Write::Event | Write::Seat | Write::Category | Write::Reservation | Write::History => {
                None
            }
            Write::Phase => Some(Update {
                by: &["event_id"],
                set: &["phase"],
                version: "event_version",
                only: "",
            }),
            Write::Details => Some(Update {
                by: &["event_id"],
                set: &DETAILS,
                version: "details_version",
                only: "",
            }),
            Write::Price => Some(Update {
                by: &["event_id", "category"],
                set: &["for_sale"],
                version: "category_version",
                only: "",
            }),
            Write::Deadline => Some(Update {
                by: &["event_id", "session_id"],
                set: &["lock_expiry"],
                version: "reservation_version",
                only: " AND status = 'held'",
            }),
        }
    }

    /// The columns a row gives, in this order: all of its table, or those of the update, its value,
    /// and the version.
    pub(crate) fn given(self) -> Vec<&'static Column> {
        let table = self.table();
        let Some(Update { by, set, version, .. }) = self.update() else {
            return table.columns.iter().filter(|column| column.looked_up.is_none()).collect();
        };
        let names: Vec<_> =
            by.iter().copied().chain(set.iter().copied()).chain([version]).collect();
        let column = |name: &&str| table.columns.iter().find(|column| column.name == *name);
        names.iter().filter_map(column).collect()
    }

    /// For a statement that may meet each row of its table once: the places of the key in what is
    /// given, and that of the version by which the newest of several is known.
    pub(crate) fn once(self) -> Option<(Vec<usize>, usize)> {
        let table = self.table();
        let update = self.update();
        let key = update.as_ref().map_or(table.key, |update| update.by);
        let version = update.map_or(table.version, |update| Some(update.version));
        let given = self.given();
        let place = |name: &str| given.iter().position(|column| column.name == name);
        let key = key.iter().map(|name| place(name)).collect::<Option<_>>();
        key.zip(version.and_then(place))
    }

    /// The statement, taking its rows from what the dialect says.
    pub(crate) fn sql(self, dialect: Dialect) -> String {
        let source = (dialect.source)(&self.given());
        match self.update() {
            Some(update) => self.table().update(&update, &source),
            None => self.table().insert(&source),
        }
    }
}

impl Table {
    fn insert(&self, source: &str) -> String {
        let Table { name, columns, key, version, .. } = self;
        let all = list(&columns.iter().map(|column| column.name).collect::<Vec<_>>());
        let values = columns.iter().map(|column| match column.looked_up {
            Some(select) => format!("({select})"),
            None => format!("given.\"{}\"", column.name),
        });
        let values = values.collect::<Vec<_>>().join(", ");
        let on_conflict = version.map_or("NOTHING".to_owned(), |version| {
            let others = columns.iter().filter(|column| !key.contains(&column.name));
            let set = others.map(|column| format!("\"{0}\" = excluded.\"{0}\"", column.name));
            let set = set.collect::<Vec<_>>().join(", ");
            format!("UPDATE SET {set} WHERE excluded.{version} > {name}.{version}")
        });
        // Without `WHERE true`, SQLite would take ON for that of a join.
        format!(
            "INSERT INTO {name} ({all}) SELECT {values} FROM {source} WHERE true
             ON CONFLICT ({}) DO {on_conflict}",
            list(key)
        )
    }

    fn update(&self, update: &Update, source: &str) -> String {
        let name = self.name;
        let Update { by, set, version, only } = update;
        let matches = by.iter().map(|column| format!("{name}.{column} = given.{column}"));
        let matches = matches.collect::<Vec<_>>().join(" AND ");
        let set = set.iter().map(|column| format!("{column} = given.{column}, "));
        let set = set.collect::<String>();
        format!(
            "UPDATE {name} SET {set}{version} = given.{version} FROM {source}
             WHERE {matches} AND coalesce({name}.{version}, 0) < given.{version}{only}"
        )
    }
}

/// Names, quoted, since one of them is `row`.
fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}
