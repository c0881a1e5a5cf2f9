//! What is wrong with a row, and how much of it is told.

use crate::field::Field;

/// Problems told in full.
pub const TOLD_MAX: usize = 100;

/// Problems counted; after so many no more are looked for.
pub const COUNTED_MAX: usize = 10_000;

/// What was found instead of what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing that would say more.
    Nothing,
    /// A cell or name, to be shown in quotes.
    Cell(String),
    /// Words.
    Words(String),
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The row, from 0.
    pub row: u32,
    /// The cell's field; the whole row without one.
    pub field: Option<Field>,
    /// What was expected, such as `must be int`.
    pub expected: String,
    /// What was found.
    pub found: Found,
    /// What may have been meant, or empty.
    pub hint: &'static str,
    /// Another row that it is about, whose place follows what was expected.
    pub other: Option<u32>,
}

/// A refusal of one cell, without its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What was expected.
    pub expected: String,
    /// What may have been meant, or empty.
    pub hint: &'static str,
}

impl Refusal {
    /// A refusal without a hint.
    pub fn new(expected: impl Into<String>) -> Self {
        Self {
            expected: expected.into(),
            hint: "",
        }
    }

    /// The same with a hint.
    pub fn hint(self, hint: &'static str) -> Self {
        Self { hint, ..self }
    }
}

/// Gathers problems up to a bound.
#[derive(Debug, Clone, Default)]
pub struct Problems {
    all: Vec<Problem>,
}

impl Problems {
    /// Notes one; after [`COUNTED_MAX`] they are not kept.
    pub fn add(&mut self, problem: Problem) {
        if !self.is_full() {
            self.all.push(problem);
        }
    }

    /// Whether it is not worth the time to look for more.
    pub fn is_full(&self) -> bool {
        self.all.len() >= COUNTED_MAX
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// True without any.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The first by row and place in the row, and how many there are beyond them.
    pub fn told(mut self, column: impl Fn(Field) -> usize) -> (Vec<Problem>, usize) {
        self.all
            .sort_by_key(|p| (p.row, p.field.map_or(0, &column)));
        let omitted = self.all.len().saturating_sub(TOLD_MAX);
        self.all.truncate(TOLD_MAX);
        (self.all, omitted)
    }
}
