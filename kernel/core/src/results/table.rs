//! Tables: named columns of equal length, for CSV here and for Arrow at the boundary.

use std::borrow::Cow;
use std::io::Write;

use crate::rate::cost_text;

/// Text values in one buffer; absent ones are null.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    /// End of each value in `bytes`.
    pub ends: Vec<usize>,
    /// All values, one after the other.
    pub bytes: String,
    /// Which rows have a value.
    pub valid: Vec<bool>,
}

impl Texts {
    /// Appends a value.
    pub fn push(&mut self, text: &str) {
        self.push_with(|bytes| bytes.push_str(text));
    }

    /// Appends a value that `write` writes.
    pub fn push_with(&mut self, write: impl FnOnce(&mut String)) {
        write(&mut self.bytes);
        self.ends.push(self.bytes.len());
        self.valid.push(true);
    }

    /// Appends a null.
    pub fn push_null(&mut self) {
        self.ends.push(self.bytes.len());
        self.valid.push(false);
    }

    /// The value of a row.
    pub fn get(&self, row: usize) -> Option<&str> {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        self.valid[row].then(|| &self.bytes[start..self.ends[row]])
    }
}

/// One column.
#[derive(Debug, Clone)]
pub enum Column {
    /// Integers, possibly null.
    Integer(Vec<Option<i64>>),
    /// Floats, possibly null.
    Real(Vec<Option<f64>>),
    /// Truth values, possibly null.
    Boolean(Vec<Option<bool>>),
    /// Text, possibly null.
    Text(Texts),
    /// Costs in cost units (1e-19 minor units), possibly null.
    Cost(Vec<Option<i128>>),
}

impl Column {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Integer(values) => values.len(),
            Self::Real(values) => values.len(),
            Self::Boolean(values) => values.len(),
            Self::Text(texts) => texts.ends.len(),
            Self::Cost(values) => values.len(),
        }
    }

    /// True without rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

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

    /// Writes the table as CSV with a header (RFC 4180; nulls are empty fields).
    ///
    /// # Errors
    /// What `out` raises.
    pub fn write_csv(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let mut line = String::new();
        for (at, (name, _)) in self.columns.iter().enumerate() {
            if at > 0 {
                line.push(',');
            }
            field(name, &mut line);
        }
        line.push('\n');
        out.write_all(line.as_bytes())?;
        let mut number = itoa::Buffer::new();
        for row in 0..self.len() {
            line.clear();
            for (at, (_, column)) in self.columns.iter().enumerate() {
                if at > 0 {
                    line.push(',');
                }
                match column {
                    Column::Integer(values) => {
                        if let Some(value) = values[row] {
                            line.push_str(number.format(value));
                        }
                    }
                    Column::Real(values) => {
                        if let Some(value) = values[row] {
                            line.push_str(&value.to_string());
                        }
                    }
                    Column::Boolean(values) => {
                        line.push_str(match values[row] {
                            Some(true) => "true",
                            Some(false) => "false",
                            None => "",
                        });
                    }
                    Column::Text(texts) => field(texts.get(row).unwrap_or_default(), &mut line),
                    Column::Cost(values) => {
                        if let Some(value) = values[row] {
                            line.push_str(&cost_text(value));
                        }
                    }
                }
            }
            line.push('\n');
            out.write_all(line.as_bytes())?;
        }
        Ok(())
    }
}

/// Appends a text as a field of CSV, in quotes where it needs them.
pub fn field(text: &str, line: &mut String) {
    if text.contains([',', '"', '\n', '\r']) {
        line.push('"');
        line.push_str(&text.replace('"', "\"\""));
        line.push('"');
    } else {
        line.push_str(text);
    }
}
