//! Columns of tables: what they hold, and where a value comes from.

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnType {
    Text,
    Number,
    Flag,
}

impl ColumnType {
    /// The type's name, which every database here knows.
    pub(crate) fn name(self) -> &'static str {
        match self {
            ColumnType::Text => "TEXT",
            ColumnType::Number => "BIGINT",
            ColumnType::Flag => "BOOLEAN",
        }
    }
}

/// One column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: ColumnType,
    pub(crate) may_be_null: bool,
    /// Nothing that was carried over before it existed gives it a value, so tables that are there get
    /// it empty.
    pub(crate) is_added: bool,
    /// Where its value is found, when a row does not give it.
    pub(crate) looked_up: Option<&'static str>,
}

const fn column(name: &'static str, kind: ColumnType) -> Column {
    Column { name, kind, may_be_null: false, is_added: false, looked_up: None }
}

pub(crate) const fn text(name: &'static str) -> Column {
    column(name, ColumnType::Text)
}

pub(crate) const fn number(name: &'static str) -> Column {
    column(name, ColumnType::Number)
}

pub(crate) const fn flag(name: &'static str) -> Column {
    column(name, ColumnType::Flag)
}

pub(crate) const fn or_null(column: Column) -> Column {
    Column { may_be_null: true, ..column }
}

/// A column that tables of older builds lack.
pub(crate) const fn added(column: Column) -> Column {
    Column { may_be_null: true, is_added: true, ..column }
}

/// The venue of a row's event.
pub(crate) const VENUE: Column = Column {
    name: "venue_id",
    kind: ColumnType::Text,
    may_be_null: true,
    is_added: false,
    looked_up: Some("SELECT venue_id FROM events WHERE events.event_id = given.event_id"),
};
