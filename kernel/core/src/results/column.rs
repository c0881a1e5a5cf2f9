//! Columns: values side by side, and a bit for each row that has one.
//!
//! They lie in memory as Arrow has them, so that a column is handed over as it is.

/// Bytes of a text that stand in its view.
const INLINE: usize = 12;
/// A buffer of texts is closed once it is as long as this; no view can point beyond 2^31.
const BUFFER_BYTES: usize = 1 << 28;

/// Values, possibly null, of the rows of a column.
#[derive(Debug, Clone, Default)]
pub struct Values<T> {
    values: Vec<T>,
    /// A bit for each row, the lowest first; empty as long as no row is null.
    valid: Vec<u8>,
}

impl<T: Copy + Default> Values<T> {
    /// This many nulls; they take no memory before they are set.
    pub fn nulls(rows: usize) -> Self {
        Self {
            values: vec![T::default(); rows],
            valid: vec![0; rows.div_ceil(8)],
        }
    }

    /// Gives a row that is there a value.
    #[inline]
    pub fn set(&mut self, row: usize, value: T) {
        self.values[row] = value;
        if !self.valid.is_empty() {
            self.valid[row / 8] |= 1 << (row % 8);
        }
    }

    /// Appends a value.
    #[inline]
    pub fn push(&mut self, value: T) {
        let row = self.values.len();
        self.values.push(value);
        if !self.valid.is_empty() {
            self.valid.resize(row / 8 + 1, 0);
            self.valid[row / 8] |= 1 << (row % 8);
        }
    }

    /// Appends a null.
    pub fn push_null(&mut self) {
        let row = self.values.len();
        if self.valid.is_empty() {
            self.valid = vec![u8::MAX; row / 8];
            self.valid.push((1 << (row % 8)) - 1);
        }
        self.values.push(T::default());
        self.valid.resize(row / 8 + 1, 0);
    }

    /// The value of a row.
    #[inline]
    pub fn get(&self, row: usize) -> Option<T> {
        let is_valid = self.valid.is_empty() || self.valid[row / 8] >> (row % 8) & 1 == 1;
        is_valid.then(|| self.values[row])
    }

    /// All values, the default where a row is null.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// A bit for each row, the lowest first, set where there is a value; nothing if no row is null.
    pub fn valid(&self) -> Option<&[u8]> {
        (!self.valid.is_empty()).then_some(&self.valid)
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// True without rows.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

impl<T> From<Vec<T>> for Values<T> {
    fn from(values: Vec<T>) -> Self {
        let valid = Vec::new();
        Self { values, valid }
    }
}

impl<T: Copy + Default> From<Vec<Option<T>>> for Values<T> {
    fn from(values: Vec<Option<T>>) -> Self {
        values.into_iter().collect()
    }
}

impl<T: Copy + Default> Extend<Option<T>> for Values<T> {
    fn extend<I: IntoIterator<Item = Option<T>>>(&mut self, rows: I) {
        for row in rows {
            match row {
                Some(value) => self.push(value),
                None => self.push_null(),
            }
        }
    }
}

impl<T: Copy + Default> FromIterator<Option<T>> for Values<T> {
    fn from_iter<I: IntoIterator<Item = Option<T>>>(rows: I) -> Self {
        let mut all = Self::default();
        all.extend(rows);
        all
    }
}

/// Text values, possibly null.
///
/// A row holds a view: the length in 4 bytes, then either a text of at most 12 bytes itself, or its
/// first 4 bytes, its buffer and its place there. Several rows may have the same view.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    views: Values<u128>,
    /// The last one is being filled.
    buffers: Vec<String>,
}

impl Texts {
    /// This many nulls; they take no memory before they are set.
    pub fn nulls(rows: usize) -> Self {
        Self {
            views: Values::nulls(rows),
            ..Self::default()
        }
    }

    /// Appends a value.
    pub fn push(&mut self, text: &str) {
        self.push_with(|bytes| bytes.push_str(text));
    }

    /// Appends a value that `write` appends to a text.
    pub fn push_with(&mut self, write: impl FnOnce(&mut String)) {
        let view = self.written(write);
        self.views.push(view);
    }

    /// Appends a null.
    pub fn push_null(&mut self) {
        self.views.push_null();
    }

    /// The value of a row.
    pub fn get(&self, row: usize) -> Option<&str> {
        self.views.get(row)?;
        let view = bytemuck::bytes_of(&self.views.values()[row]);
        let word =
            |at: usize| u32::from_le_bytes([view[at], view[at + 1], view[at + 2], view[at + 3]]);
        let length = word(0) as usize;
        if length <= INLINE {
            return std::str::from_utf8(&view[4..4 + length]).ok();
        }
        let (buffer, start) = (word(8) as usize, word(12) as usize);
        self.buffers[buffer].get(start..start + length)
    }

    /// The views of all rows, 0 where a row is null.
    pub fn views(&self) -> &Values<u128> {
        &self.views
    }

    /// The buffers that views point into.
    pub fn buffers(&self) -> &[String] {
        &self.buffers
    }

    /// The view of a text that `write` appends.
    fn written(&mut self, write: impl FnOnce(&mut String)) -> u128 {
        let at = match self.buffers.len().checked_sub(1) {
            Some(at) if self.buffers[at].len() < BUFFER_BYTES => at,
            _ => {
                self.buffers.push(String::new());
                self.buffers.len() - 1
            }
        };
        let buffer = &mut self.buffers[at];
        let start = buffer.len();
        write(buffer);
        let text = &buffer.as_bytes()[start..];
        let mut view = [0; 16];
        view[..4].copy_from_slice(&(text.len() as u32).to_le_bytes());
        if text.len() <= INLINE {
            view[4..4 + text.len()].copy_from_slice(text);
            buffer.truncate(start);
        } else {
            view[4..8].copy_from_slice(&text[..4]);
            view[8..12].copy_from_slice(&(at as u32).to_le_bytes());
            view[12..].copy_from_slice(&(start as u32).to_le_bytes());
        }
        u128::from_le_bytes(view)
    }
}

/// Text values by numbers, each written once however many rows have it.
#[derive(Debug, Clone, Default)]
pub struct Coded {
    texts: Texts,
    /// The view of each number's text, 0 before it is needed.
    known: Vec<u128>,
}

impl Coded {
    /// This many nulls, which will be set to texts of numbers below `codes`.
    pub fn nulls(rows: usize, codes: usize) -> Self {
        Self {
            texts: Texts::nulls(rows),
            known: vec![0; codes],
        }
    }

    /// Gives a row that is there the text of a number, which `write` appends to a text.
    #[inline]
    pub fn set(&mut self, row: usize, code: usize, write: impl FnOnce(&mut String)) {
        let view = self.view(code, write);
        self.texts.views.set(row, view);
    }

    /// Appends the text of a number, which `write` appends to a text.
    #[inline]
    pub fn push(&mut self, code: usize, write: impl FnOnce(&mut String)) {
        let view = self.view(code, write);
        self.texts.views.push(view);
    }

    /// Appends a null.
    pub fn push_null(&mut self) {
        self.texts.push_null();
    }

    #[inline]
    fn view(&mut self, code: usize, write: impl FnOnce(&mut String)) -> u128 {
        if code >= self.known.len() {
            self.known.resize(code + 1, 0);
        }
        if self.known[code] == 0 {
            self.known[code] = self.texts.written(write);
        }
        self.known[code]
    }
}

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
            Self::Text(texts) => texts.views.len(),
            Self::Cost(values) => values.len(),
        }
    }

    /// True without rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl From<Coded> for Column {
    fn from(coded: Coded) -> Self {
        Self::Text(coded.texts)
    }
}
