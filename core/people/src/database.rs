//! One small language for two databases: statements with `$1`, values of four kinds.

use floodgate_domain::Channel;

use crate::PeopleError;

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoredValue {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// A row of an answer, read column by column.
#[derive(Debug)]
pub(crate) struct StoredRow(pub(crate) Vec<StoredValue>);

/// What a transaction does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// It only looks: any number of them at once, beside a writer.
    Read,
    Write,
}

/// A connection to a database; between `begin` and `commit` or `rollback` all is one transaction.
pub(crate) trait StoreConnection: Send {
    fn begin(&mut self, access: Access) -> Result<(), PeopleError>;
    fn commit(&mut self) -> Result<(), PeopleError>;
    fn rollback(&mut self);
    /// Runs a statement and returns how many rows it changed.
    fn run(&mut self, sql: &str, values: &[StoredValue]) -> Result<u64, PeopleError>;
    /// Runs a statement and returns the rows of its answer.
    fn rows(&mut self, sql: &str, values: &[StoredValue]) -> Result<Vec<StoredRow>, PeopleError>;
    /// Overwrites on disk what was deleted, as far as the database does not do that by itself.
    fn purge(&mut self) -> Result<(), PeopleError>;
    fn is_usable(&self) -> bool;
}

impl StoredRow {
    fn unexpected(column: usize) -> PeopleError {
        PeopleError::Damaged(format!("column {column} of an answer is of another kind"))
    }

    pub(crate) fn int(&self, column: usize) -> Result<i64, PeopleError> {
        match self.0.get(column) {
            Some(StoredValue::Int(value)) => Ok(*value),
            _ => Err(StoredRow::unexpected(column)),
        }
    }

    pub(crate) fn int_or_none(&self, column: usize) -> Result<Option<i64>, PeopleError> {
        match self.0.get(column) {
            Some(StoredValue::Null) => Ok(None),
            _ => self.int(column).map(Some),
        }
    }

    pub(crate) fn text(&self, column: usize) -> Result<String, PeopleError> {
        match self.0.get(column) {
            Some(StoredValue::Text(value)) => Ok(value.clone()),
            _ => Err(StoredRow::unexpected(column)),
        }
    }

    pub(crate) fn text_or_none(&self, column: usize) -> Result<Option<String>, PeopleError> {
        match self.0.get(column) {
            Some(StoredValue::Null) => Ok(None),
            _ => self.text(column).map(Some),
        }
    }

    pub(crate) fn bytes(&self, column: usize) -> Result<Vec<u8>, PeopleError> {
        match self.0.get(column) {
            Some(StoredValue::Bytes(value)) => Ok(value.clone()),
            _ => Err(StoredRow::unexpected(column)),
        }
    }

    /// A channel, stored as its number.
    pub(crate) fn channel(&self, column: usize) -> Result<Channel, PeopleError> {
        let number = u8::try_from(self.int(column)?).ok().and_then(Channel::from_number);
        number.ok_or_else(|| StoredRow::unexpected(column))
    }

    pub(crate) fn bytes_or_none(&self, column: usize) -> Result<Option<Vec<u8>>, PeopleError> {
        match self.0.get(column) {
            Some(StoredValue::Null) => Ok(None),
            _ => self.bytes(column).map(Some),
        }
    }

    /// An id or another number that uses all 64 bits, stored as a signed one.
    pub(crate) fn id(&self, column: usize) -> Result<u64, PeopleError> {
        self.int(column).map(i64::cast_unsigned)
    }
}

impl From<i64> for StoredValue {
    fn from(value: i64) -> Self {
        StoredValue::Int(value)
    }
}

impl From<u64> for StoredValue {
    fn from(value: u64) -> Self {
        StoredValue::Int(value.cast_signed())
    }
}

impl From<u32> for StoredValue {
    fn from(value: u32) -> Self {
        StoredValue::Int(value.into())
    }
}

impl From<u16> for StoredValue {
    fn from(value: u16) -> Self {
        StoredValue::Int(value.into())
    }
}

impl From<u8> for StoredValue {
    fn from(value: u8) -> Self {
        StoredValue::Int(value.into())
    }
}

impl From<&str> for StoredValue {
    fn from(value: &str) -> Self {
        StoredValue::Text(value.to_owned())
    }
}

impl From<String> for StoredValue {
    fn from(value: String) -> Self {
        StoredValue::Text(value)
    }
}

impl From<Vec<u8>> for StoredValue {
    fn from(value: Vec<u8>) -> Self {
        StoredValue::Bytes(value)
    }
}

impl From<&[u8]> for StoredValue {
    fn from(value: &[u8]) -> Self {
        StoredValue::Bytes(value.to_vec())
    }
}

impl<T: Into<StoredValue>> From<Option<T>> for StoredValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(StoredValue::Null, Into::into)
    }
}

/// `values![a, b]`: a list of values of different types.
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::database::StoredValue::from($value)),*] };
}
pub(crate) use values;
