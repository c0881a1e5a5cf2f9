//! Tables: named columns of equal length, and their form as CSV.

use std::borrow::Cow;
use std::io::Write;

pub use crate::results::column::Column;
pub use crate::results::texts::{Coded, Texts};
pub use crate::results::values::{Owners, Values};
pub use crate::results::words::Words;

use crate::rate::cost_text;
use crate::results::parallel::write_blocks;

/// Rows of CSV that are made at once.
const BLOCK_ROWS: usize = 1 << 12;

/// Name of a column.
pub type Name = Cow<'static, str>;

/// A table with its columns in order.
#[derive(Debug, Clone)]
pub struct Table {
    /// Columns by name, all of one length.
    pub columns: Vec<(Name, Column)>,
}

impl Table {
    /// The table of these columns, which have one length.
    pub fn new<N: Into<Name>>(columns: impl IntoIterator<Item = (N, Column)>) -> Self {
        let columns = columns.into_iter();
        Self {
            columns: columns
                .map(|(name, column)| (name.into(), column))
                .collect(),
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| column.len())
    }

    /// True without rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A copy of at most `length` rows after the first `offset`.
    pub fn slice(&self, offset: usize, length: usize) -> Self {
        let start = offset.min(self.len());
        let rows = start..start.saturating_add(length).min(self.len());
        let columns = self.columns.iter();
        Self::new(columns.map(|(name, column)| (name.clone(), column.slice(rows.clone()))))
    }

    /// Writes the table as CSV with a header (RFC 4180; nulls are empty fields).
    ///
    /// # Errors
    /// What `out` raises.
    pub fn write_csv(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let mut header = String::new();
        for (at, (name, _)) in self.columns.iter().enumerate() {
            if at > 0 {
                header.push(',');
            }
            field(name, &mut header);
        }
        header.push('\n');
        out.write_all(header.as_bytes())?;
        let rows = self.len();
        write_blocks(rows.div_ceil(BLOCK_ROWS), out, |block, text| {
            let start = block * BLOCK_ROWS;
            for row in start..rows.min(start + BLOCK_ROWS) {
                self.push_row(row, text);
            }
        })
    }

    fn push_row(&self, row: usize, line: &mut String) {
        let mut number = itoa::Buffer::new();
        for (at, (_, column)) in self.columns.iter().enumerate() {
            if at > 0 {
                line.push(',');
            }
            match column {
                Column::Integer(values) => {
                    if let Some(value) = values.get(row) {
                        line.push_str(number.format(value));
                    }
                }
                Column::Real(values) => {
                    if let Some(value) = values.get(row) {
                        line.push_str(&value.to_string());
                    }
                }
                Column::Boolean(values) => {
                    line.push_str(match values.get(row) {
                        Some(true) => "true",
                        Some(false) => "false",
                        None => "",
                    });
                }
                Column::Text(texts) => field(texts.get(row).unwrap_or_default(), line),
                // Words need no quotes.
                Column::Words(words) => line.push_str(words.get(row).unwrap_or_default()),
                Column::Cost(values) => {
                    if let Some(value) = values.get(row) {
                        line.push_str(&cost_text(value));
                    }
                }
            }
        }
        line.push('\n');
    }
}

/// Appends a text as a field of CSV, in quotes where it needs them.
pub fn field(text: &str, line: &mut String) {
    let is_special = |byte: u8| matches!(byte, b',' | b'"' | b'\n' | b'\r');
    if text.bytes().any(is_special) {
        line.push('"');
        line.push_str(&text.replace('"', "\"\""));
        line.push('"');
    } else {
        line.push_str(text);
    }
}
