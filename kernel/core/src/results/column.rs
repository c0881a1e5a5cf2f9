//! Columns of tables.

use std::ops::Range;

use crate::results::texts::Texts;
use crate::results::values::Values;
use crate::results::words::Words;

/// One column.
#[derive(Debug, Clone)]
pub enum Column {
    /// Integers.
    Integer(Values<i64>),
    /// Floats.
    Real(Values<f64>),
    /// Truth values.
    Boolean(Values<bool>),
    /// Text.
    Text(Texts),
    /// Words of a fixed set.
    Words(Words),
    /// Costs in cost units (1e-19 minor units).
    Cost(Values<i128>),
}

impl Column {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Integer(values) => values.len(),
            Self::Real(values) => values.len(),
            Self::Boolean(values) => values.len(),
            Self::Text(texts) => texts.views().len(),
            Self::Words(words) => words.keys().len(),
            Self::Cost(values) => values.len(),
        }
    }

    /// A copy of some rows.
    ///
    /// # Panics
    /// If there are fewer rows.
    pub fn slice(&self, rows: Range<usize>) -> Self {
        match self {
            Self::Integer(values) => Self::Integer(values.slice(rows)),
            Self::Real(values) => Self::Real(values.slice(rows)),
            Self::Boolean(values) => Self::Boolean(values.slice(rows)),
            Self::Text(texts) => Self::Text(texts.slice(rows)),
            Self::Words(words) => Self::Words(words.slice(rows)),
            Self::Cost(values) => Self::Cost(values.slice(rows)),
        }
    }

    /// True without rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
