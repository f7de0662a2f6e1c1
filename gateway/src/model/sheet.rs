//! A table in columns, and the two ways it is written: CSV (RFC 4180) and Parquet.
//!
//! In CSV, a text that a spreadsheet would take for a formula (it begins with =, +, - or @, or
//! with a tab or a line break before one) has an apostrophe before it; Parquet has texts as they
//! are, since nobody evaluates it.

use std::sync::Arc;

use http::HeaderValue;
use parquet::basic::Compression;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use floodgate_domain::LogTime;

use crate::problem::ApiError;
use crate::time;

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    Csv,
    Parquet,
}

impl FileKind {
    pub(crate) fn parse(code: &str) -> Option<Self> {
        match code {
            "csv" => Some(FileKind::Csv),
            "parquet" => Some(FileKind::Parquet),
            _ => None,
        }
    }

    pub(crate) fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            FileKind::Csv => "text/csv; charset=utf-8",
            FileKind::Parquet => "application/vnd.apache.parquet",
        })
    }

    pub(crate) fn ending(self) -> &'static str {
        match self {
            FileKind::Csv => "csv",
            FileKind::Parquet => "parquet",
        }
    }

    pub(crate) fn write(self, sheet: Sheet) -> Result<Vec<u8>, ApiError> {
        match self {
            FileKind::Csv => sheet.csv().map_err(|error| ApiError::internal(&error)),
            FileKind::Parquet => sheet.parquet().map_err(|error| ApiError::internal(&error)),
        }
    }
}

/// One column: its name and what is in it, row by row.
#[derive(Debug)]
pub(crate) enum SheetColumn {
    Text(&'static str, Vec<String>),
    Number(&'static str, Vec<i64>),
    /// Numbers that may be absent: an empty cell, a null.
    Perhaps(&'static str, Vec<Option<i64>>),
    /// Milliseconds of log time.
    Time(&'static str, Vec<LogTime>),
    Flag(&'static str, Vec<bool>),
}

/// A table; every column has as many rows.
#[derive(Debug)]
pub(crate) struct Sheet(pub(crate) Vec<SheetColumn>);

impl SheetColumn {
    fn name(&self) -> &'static str {
        match self {
            SheetColumn::Text(name, _)
            | SheetColumn::Number(name, _)
            | SheetColumn::Perhaps(name, _)
            | SheetColumn::Time(name, _)
            | SheetColumn::Flag(name, _) => name,
        }
    }

    fn len(&self) -> usize {
        match self {
            SheetColumn::Text(_, values) => values.len(),
            SheetColumn::Number(_, values) => values.len(),
            SheetColumn::Perhaps(_, values) => values.len(),
            SheetColumn::Time(_, values) => values.len(),
            SheetColumn::Flag(_, values) => values.len(),
        }
    }

    fn cell(&self, row: usize) -> String {
        match self {
            SheetColumn::Text(_, values) => harmless(&values[row]),
            SheetColumn::Number(_, values) => values[row].to_string(),
            SheetColumn::Perhaps(_, values) => {
                values[row].map_or_else(String::new, |number| number.to_string())
            }
            SheetColumn::Time(_, values) => time::text(values[row]),
            SheetColumn::Flag(_, values) => values[row].to_string(),
        }
    }

    /// The column's line in a Parquet schema.
    fn schema(&self) -> String {
        let name = self.name();
        match self {
            SheetColumn::Text(..) => format!("required binary {name} (UTF8);"),
            SheetColumn::Number(..) => format!("required int64 {name};"),
            SheetColumn::Perhaps(..) => format!("optional int64 {name};"),
            SheetColumn::Time(..) => format!("required int64 {name} (TIMESTAMP_MILLIS);"),
            SheetColumn::Flag(..) => format!("required boolean {name};"),
        }
    }
}

/// A text that no spreadsheet evaluates.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        return format!("'{text}");
    }
    text.to_owned()
}

impl Sheet {
    pub(crate) fn rows(&self) -> usize {
        self.0.first().map_or(0, SheetColumn::len)
    }

    pub(crate) fn csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut writer =
            csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        writer.write_record(self.0.iter().map(SheetColumn::name))?;
        for row in 0..self.rows() {
            writer.write_record(self.0.iter().map(|column| column.cell(row)))?;
        }
        writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
    }

    pub(crate) fn parquet(self) -> Result<Vec<u8>, ParquetError> {
        let lines: String = self.0.iter().map(SheetColumn::schema).collect();
        let schema = Arc::new(parse_message_type(&format!("message rows {{ {lines} }}"))?);
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
        let mut group = writer.next_row_group()?;
        for column in self.0 {
            let mut into = group
                .next_column()?
                .ok_or_else(|| ParquetError::General("a column without a schema".into()))?;
            match column {
                SheetColumn::Text(_, values) => {
                    let texts = values.into_iter().map(|text| ByteArray::from(text.into_bytes()));
                    let texts: Vec<ByteArray> = texts.collect();
                    into.typed::<ByteArrayType>().write_batch(&texts, None, None)?;
                }
                SheetColumn::Number(_, values) => {
                    into.typed::<Int64Type>().write_batch(&values, None, None)?;
                }
                SheetColumn::Perhaps(_, values) => {
                    let levels: Vec<i16> =
                        values.iter().map(|value| i16::from(value.is_some())).collect();
                    let present: Vec<i64> = values.into_iter().flatten().collect();
                    into.typed::<Int64Type>().write_batch(&present, Some(&levels), None)?;
                }
                SheetColumn::Time(_, values) => {
                    let ms = values.into_iter().map(|at| i64::try_from(at.0).unwrap_or(i64::MAX));
                    let ms: Vec<i64> = ms.collect();
                    into.typed::<Int64Type>().write_batch(&ms, None, None)?;
                }
                SheetColumn::Flag(_, values) => {
                    into.typed::<BoolType>().write_batch(&values, None, None)?;
                }
            }
            into.close()?;
        }
        group.close()?;
        writer.into_inner()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn sheet(texts: &[&str]) -> Sheet {
        let count = texts.len() as i64;
        Sheet(vec![
            SheetColumn::Text("text", texts.iter().map(|text| (*text).to_owned()).collect()),
            SheetColumn::Number("number", (0..count).map(|at| at - 1).collect()),
            SheetColumn::Time("at", (0..count as u64).map(LogTime).collect()),
            SheetColumn::Flag("flag", vec![true; texts.len()]),
            SheetColumn::Perhaps("perhaps", (0..count).map(|at| (at > 0).then_some(at)).collect()),
        ])
    }

    #[test]
    fn texts_are_quoted_and_none_is_a_formula() {
        let texts =
            ["plain", "a,b", "a word \"no\"", "=1+1", "+1", "-1", "@x", "\t=1", "two\nlines"];
        let csv = String::from_utf8(sheet(&texts).csv().unwrap()).unwrap();
        let mut lines = csv.split("\r\n");
        assert_eq!(lines.next(), Some("text,number,at,flag,perhaps"));
        assert_eq!(lines.next(), Some("plain,-1,1970-01-01T00:00:00.000Z,true,"));
        assert!(csv.contains("\"a,b\"") && csv.contains("\"a word \"\"no\"\"\""), "{csv}");
        for formula in ["'=1+1,", "'+1,", "'-1,", "'@x,", "'\t=1,"] {
            assert!(csv.contains(formula), "{formula} {csv}");
        }
    }

    #[test]
    fn parquet_begins_and_ends_as_its_readers_look_for_it() {
        for texts in [&[][..], &["a", "b"][..]] {
            let bytes = sheet(texts).parquet().unwrap();
            assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
        }
    }
}
