//! Values side by side, and a bit for each row that has one.
//!
//! They lie in memory as Arrow has them, so that a column is handed over as it is.

use std::ops::Range;
use std::sync::Arc;

/// Values, possibly null, of the rows of a column.
#[derive(Debug, Clone)]
pub struct Values<T> {
    buffer: Buffer<T>,
    /// A bit for each row, the lowest first; empty as long as no row is null.
    valid: Vec<u8>,
}

/// Where values lie: in memory of their own, or in that of several columns.
#[derive(Debug, Clone)]
pub(super) enum Buffer<T> {
    Own(Vec<T>),
    Shared(Arc<Vec<T>>),
}

impl<T> Default for Buffer<T> {
    fn default() -> Self {
        Self::Own(Vec::new())
    }
}

impl<T: Clone> Buffer<T> {
    #[inline]
    pub fn get(&self) -> &Vec<T> {
        match self {
            Self::Own(values) => values,
            Self::Shared(values) => values,
        }
    }

    #[inline]
    pub fn get_mut(&mut self) -> &mut Vec<T> {
        match self {
            Self::Own(values) => values,
            Self::Shared(values) => Arc::make_mut(values),
        }
    }

    pub fn into_shared(self) -> Arc<Vec<T>> {
        match self {
            Self::Own(values) => Arc::new(values),
            Self::Shared(values) => values,
        }
    }
}

/// Which of some columns has the value of a row, where one of them has.
///
/// Columns of which at most one has a value in a row lie in one buffer: each reads the values of
/// its own rows, and has null in those of the others.
#[derive(Debug, Clone)]
pub struct Owners<const N: usize> {
    /// A bit for each row of each column, the lowest first.
    valid: [Vec<u8>; N],
}

impl<const N: usize> Owners<N> {
    /// No row of so many has a value.
    pub fn none(rows: usize) -> Self {
        Self {
            valid: std::array::from_fn(|_| vec![0; rows.div_ceil(8)]),
        }
    }

    /// The value of a row, which had none, is that of a column.
    #[inline]
    pub fn set(&mut self, row: usize, column: usize) {
        self.valid[column][row / 8] |= 1 << (row % 8);
    }
}

impl<T: Copy + Default> Values<T> {
    /// This many nulls; they take no memory before they are set.
    pub fn nulls(rows: usize) -> Self {
        Self {
            buffer: Buffer::Own(vec![T::default(); rows]),
            valid: vec![0; rows.div_ceil(8)],
        }
    }

    /// Gives a row that is there a value.
    #[inline]
    pub fn set(&mut self, row: usize, value: T) {
        self.buffer.get_mut()[row] = value;
        if !self.valid.is_empty() {
            self.valid[row / 8] |= 1 << (row % 8);
        }
    }

    /// Appends a value.
    #[inline]
    pub fn push(&mut self, value: T) {
        let values = self.buffer.get_mut();
        let row = values.len();
        values.push(value);
        if !self.valid.is_empty() {
            self.valid.resize(row / 8 + 1, 0);
            self.valid[row / 8] |= 1 << (row % 8);
        }
    }

    /// Appends a null.
    pub fn push_null(&mut self) {
        let values = self.buffer.get_mut();
        let row = values.len();
        values.push(T::default());
        if self.valid.is_empty() {
            self.valid = vec![u8::MAX; row / 8];
            self.valid.push((1 << (row % 8)) - 1);
        }
        self.valid.resize(row / 8 + 1, 0);
    }

    /// The value of a row.
    #[inline]
    pub fn get(&self, row: usize) -> Option<T> {
        let is_valid = self.valid.is_empty() || self.valid[row / 8] >> (row % 8) & 1 == 1;
        is_valid.then(|| self.values()[row])
    }

    /// The same without bits for the rows if each has a value.
    pub fn trimmed(mut self) -> Self {
        let set: usize = self
            .valid
            .iter()
            .map(|bits| bits.count_ones() as usize)
            .sum();
        if set == self.len() {
            self.valid = Vec::new();
        }
        self
    }

    /// The columns whose values these are.
    pub fn divided<const N: usize>(self, owners: Owners<N>) -> [Self; N] {
        let values = self.buffer.into_shared();
        owners.valid.map(|valid| Self {
            buffer: Buffer::Shared(Arc::clone(&values)),
            valid,
        })
    }

    /// A copy of some rows.
    ///
    /// # Panics
    /// If there are fewer rows.
    pub fn slice(&self, rows: Range<usize>) -> Self {
        if self.valid.is_empty() {
            return self.values()[rows].to_vec().into();
        }
        rows.map(|row| self.get(row)).collect()
    }

    /// What lies in memory: a value where there is one, anything where a row is null.
    #[inline]
    pub fn values(&self) -> &[T] {
        self.buffer.get()
    }

    /// A bit for each row, the lowest first, set where there is a value; nothing if no row is null.
    pub fn valid(&self) -> Option<&[u8]> {
        (!self.valid.is_empty()).then_some(&self.valid)
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.values().len()
    }

    /// True without rows.
    pub fn is_empty(&self) -> bool {
        self.values().is_empty()
    }
}

impl<T> Default for Values<T> {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl<T> From<Vec<T>> for Values<T> {
    fn from(values: Vec<T>) -> Self {
        Self {
            buffer: Buffer::Own(values),
            valid: Vec::new(),
        }
    }
}

impl<T: Copy + Default> From<Vec<Option<T>>> for Values<T> {
    fn from(values: Vec<Option<T>>) -> Self {
        values.into_iter().collect()
    }
}

impl<T: Copy + Default> Extend<Option<T>> for Values<T> {
    fn extend<I: IntoIterator<Item = Option<T>>>(&mut self, rows: I) {
        let rows = rows.into_iter();
        self.buffer.get_mut().reserve(rows.size_hint().0);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pushed_rows_are_read_back_with_their_nulls() {
        for first_null in [0, 1, 7, 8, 9, 16, 40] {
            let rows: Vec<Option<i64>> = (0..40)
                .map(|row| (row < first_null || row % 3 == 0).then_some(row))
                .collect();
            let values: Values<i64> = rows.clone().into();
            let read: Vec<_> = (0..40).map(|row| values.get(row)).collect();
            assert_eq!(read, rows);
            assert_eq!(values.valid().is_none(), rows.iter().all(Option::is_some));
            assert!(values.valid().is_none_or(|bits| bits.len() == 5));
        }
    }

    #[test]
    fn rows_are_null_until_they_are_set() {
        let mut values = Values::nulls(19);
        values.set(8, 3);
        values.set(18, 0);
        let set: Vec<_> = (0..19).filter(|&row| values.get(row).is_some()).collect();
        assert_eq!(set, [8, 18]);
        assert_eq!(values.valid(), Some([0, 1, 4].as_slice()));
        values.push(5);
        values.push_null();
        assert_eq!((values.get(19), values.get(20)), (Some(5), None));
    }

    #[test]
    fn columns_that_share_a_buffer_have_the_values_of_their_own_rows() {
        let mut values = Values::nulls(10);
        let mut owners = Owners::<2>::none(10);
        for (row, column) in [(0, 1), (3, 0), (9, 1)] {
            values.set(row, row as i64 + 1);
            owners.set(row, column);
        }
        let [mut first, second] = values.divided(owners);
        let read = |values: &Values<i64>| (0..10).map(|row| values.get(row)).collect::<Vec<_>>();
        let mut expected = [None; 10];
        expected[3] = Some(4);
        assert_eq!(read(&first), expected);
        expected = [None; 10];
        (expected[0], expected[9]) = (Some(1), Some(10));
        assert_eq!(read(&second), expected);
        assert_eq!(first.values().as_ptr(), second.values().as_ptr());
        first.set(9, 7);
        assert_eq!((first.get(9), second.get(9)), (Some(7), Some(10)));
    }

    #[test]
    fn bits_stay_only_where_a_row_is_null() {
        let mut values = Values::nulls(9);
        (0..8).for_each(|row| values.set(row, 1));
        assert!(values.clone().trimmed().valid().is_some());
        values.set(8, 1);
        assert!(values.trimmed().valid().is_none());
    }
}
