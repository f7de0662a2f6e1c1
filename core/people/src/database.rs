//! One small language for two databases: statements with `$1`, values of four kinds.

use crate::PeopleError;

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// A row of an answer, read column by column.
#[derive(Debug)]
pub(crate) struct Row(pub(crate) Vec<Value>);

/// A connection to a database; between `begin` and `commit` or `rollback` all is one transaction.
pub(crate) trait Connection: Send {
    fn begin(&mut self) -> Result<(), PeopleError>;
    fn commit(&mut self) -> Result<(), PeopleError>;
    fn rollback(&mut self);
    /// Runs a statement and returns how many rows it changed.
    fn run(&mut self, sql: &str, values: &[Value]) -> Result<u64, PeopleError>;
    /// Runs a statement and returns the rows of its answer.
    fn rows(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, PeopleError>;
    /// Overwrites on disk what was deleted, as far as the database does not do that by itself.
    fn purge(&mut self) -> Result<(), PeopleError>;
    fn is_usable(&self) -> bool;
}

impl Row {
    fn unexpected(column: usize) -> PeopleError {
        PeopleError::Damaged(format!("column {column} of an answer is of another kind"))
    }

    pub(crate) fn int(&self, column: usize) -> Result<i64, PeopleError> {
        match self.0.get(column) {
            Some(Value::Int(value)) => Ok(*value),
            _ => Err(Row::unexpected(column)),
        }
    }

    pub(crate) fn int_or_none(&self, column: usize) -> Result<Option<i64>, PeopleError> {
        match self.0.get(column) {
            Some(Value::Null) => Ok(None),
            _ => self.int(column).map(Some),
        }
    }

    pub(crate) fn text(&self, column: usize) -> Result<String, PeopleError> {
        match self.0.get(column) {
            Some(Value::Text(value)) => Ok(value.clone()),
            _ => Err(Row::unexpected(column)),
        }
    }

    pub(crate) fn text_or_none(&self, column: usize) -> Result<Option<String>, PeopleError> {
        match self.0.get(column) {
            Some(Value::Null) => Ok(None),
            _ => self.text(column).map(Some),
        }
    }

    pub(crate) fn bytes(&self, column: usize) -> Result<Vec<u8>, PeopleError> {
        match self.0.get(column) {
            Some(Value::Bytes(value)) => Ok(value.clone()),
            _ => Err(Row::unexpected(column)),
        }
    }

    pub(crate) fn bytes_or_none(&self, column: usize) -> Result<Option<Vec<u8>>, PeopleError> {
        match self.0.get(column) {
            Some(Value::Null) => Ok(None),
            _ => self.bytes(column).map(Some),
        }
    }

    /// An id or another number that uses all 64 bits, stored as a signed one.
    pub(crate) fn id(&self, column: usize) -> Result<u64, PeopleError> {
        self.int(column).map(i64::cast_unsigned)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Int(value)
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Value::Int(value.cast_signed())
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Value::Int(value.into())
    }
}

impl From<u16> for Value {
    fn from(value: u16) -> Self {
        Value::Int(value.into())
    }
}

impl From<u8> for Value {
    fn from(value: u8) -> Self {
        Value::Int(value.into())
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::Text(value)
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Value::Bytes(value)
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Value::Bytes(value.to_vec())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// `values![a, b]`: a list of values of different types.
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::database::Value::from($value)),*] };
}
pub(crate) use values;
