//! Texts as Arrow's string views.

use std::ops::Range;
use std::sync::Arc;

use crate::results::column::Column;
use crate::results::values::{Buffer, Owners, Values};

/// Bytes of a text that stand in its view.
const INLINE: usize = 12;
/// A buffer of texts is closed once it is as long as this; no view can point beyond 2^31.
const BUFFER_BYTES: usize = 1 << 28;

/// Text values, possibly null.
///
/// A row holds a view: the length in 4 bytes, then either a text of at most 12 bytes itself, or its
/// first 4 bytes, its buffer and its place there. Several rows may have the same view.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    views: Values<u128>,
    /// The last one is being filled.
    buffers: Buffer<String>,
}

impl Texts {
    /// This many nulls; they take no memory before they are set.
    pub fn nulls(rows: usize) -> Self {
        Self {
            views: Values::nulls(rows),
            ..Self::default()
        }
    }

    /// Gives a row that is there a value that `write` appends to a text.
    pub fn set_with(&mut self, row: usize, write: impl FnOnce(&mut String)) {
        let view = self.written(write);
        self.views.set(row, view);
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
        self.buffers()[buffer].get(start..start + length)
    }

    /// The columns whose texts these are.
    pub fn divided<const N: usize>(self, owners: Owners<N>) -> [Self; N] {
        let buffers = self.buffers.into_shared();
        self.views.divided(owners).map(|views| Self {
            views,
            buffers: Buffer::Shared(Arc::clone(&buffers)),
        })
    }

    /// A copy of some rows.
    ///
    /// # Panics
    /// If there are fewer rows.
    pub fn slice(&self, rows: Range<usize>) -> Self {
        let mut slice = Self::default();
        for row in rows {
            match self.get(row) {
                Some(text) => slice.push(text),
                None => slice.push_null(),
            }
        }
        slice
    }

    /// The views of all rows; where a row is null, 0 or the view of another text here.
    pub fn views(&self) -> &Values<u128> {
        &self.views
    }

    /// The buffers that views point into.
    pub fn buffers(&self) -> &[String] {
        self.buffers.get()
    }

    /// The view of a text that `write` appends.
    fn written(&mut self, write: impl FnOnce(&mut String)) -> u128 {
        let buffers = self.buffers.get_mut();
        let at = match buffers.len().checked_sub(1) {
            Some(at) if buffers[at].len() < BUFFER_BYTES => at,
            _ => {
                buffers.push(String::new());
                buffers.len() - 1
            }
        };
        let buffer = &mut buffers[at];
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
    /// One more than the first row that has each number's text; 0 before there is one.
    known: Vec<u32>,
}

impl Coded {
    /// This many nulls, which will be set to texts of numbers below `codes`.
    pub fn nulls(rows: usize, codes: usize) -> Self {
        Self {
            texts: Texts::nulls(rows),
            known: vec![0; codes],
        }
    }

    /// Gives a row that is there, and had none, the text of a number, which `write` appends to a text.
    #[inline]
    pub fn set(&mut self, row: usize, code: usize, write: impl FnOnce(&mut String)) {
        let view = self.view(row, code, write);
        self.texts.views.set(row, view);
    }

    /// Appends the text of a number, which `write` appends to a text.
    #[inline]
    pub fn push(&mut self, code: usize, write: impl FnOnce(&mut String)) {
        let view = self.view(self.texts.views.len(), code, write);
        self.texts.views.push(view);
    }

    /// Appends a null.
    pub fn push_null(&mut self) {
        self.texts.push_null();
    }

    /// The texts.
    pub fn into_texts(self) -> Texts {
        self.texts
    }

    #[inline]
    fn view(&mut self, row: usize, code: usize, write: impl FnOnce(&mut String)) -> u128 {
        if code >= self.known.len() {
            self.known.resize(code + 1, 0);
        }
        match self.known[code].checked_sub(1) {
            Some(first) => self.texts.views.values()[first as usize],
            None => {
                // A text that first stands beyond 2^32 rows is written again.
                self.known[code] = u32::try_from(row + 1).unwrap_or_default();
                self.texts.written(write)
            }
        }
    }
}

impl From<Coded> for Column {
    fn from(coded: Coded) -> Self {
        Self::Text(coded.texts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_back_whatever_their_length() {
        let mut texts = Texts::default();
        let all: Vec<String> = (0..40).map(|length| "\u{e9}x".repeat(length)).collect();
        for text in &all {
            texts.push(text);
            texts.push_null();
        }
        for (row, text) in all.iter().enumerate() {
            assert_eq!(texts.get(2 * row), Some(text.as_str()));
            assert_eq!(texts.get(2 * row + 1), None);
        }
        // Short ones stand in their views alone.
        let short: usize = all
            .iter()
            .filter(|text| text.len() <= INLINE)
            .map(String::len)
            .sum();
        let stored: usize = texts.buffers().iter().map(String::len).sum();
        assert_eq!(stored, all.iter().map(String::len).sum::<usize>() - short);
    }

    #[test]
    fn a_text_of_a_number_is_written_once() {
        let mut coded = Coded::nulls(3, 1);
        let long = "a word of more than twelve bytes";
        for row in [0, 2] {
            coded.set(row, 5, |out| out.push_str(long));
        }
        coded.push(5, |_| unreachable!());
        let Column::Text(texts) = coded.into() else {
            panic!("no texts");
        };
        let read: Vec<_> = (0..4).map(|row| texts.get(row)).collect();
        assert_eq!(read, [Some(long), None, Some(long), Some(long)]);
        assert_eq!(texts.buffers(), [long]);
    }
}
