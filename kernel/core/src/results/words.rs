//! Fixed words as numbers into a short list of them.

use std::ops::Range;

use crate::results::values::Values;

/// Stands for a word that has not occurred.
const UNKNOWN: u8 = u8::MAX;

/// Words of a fixed set of at most 255, possibly null.
///
/// A row holds the place of its word in the list of those that occur.
#[derive(Debug, Clone, Default)]
pub struct Words {
    keys: Values<u8>,
    words: Vec<&'static str>,
    /// The key of each number.
    known: Vec<u8>,
}

impl Words {
    /// This many nulls; they take no memory before they are set.
    pub fn nulls(rows: usize) -> Self {
        Self {
            keys: Values::nulls(rows),
            ..Self::default()
        }
    }

    /// Gives a row that is there a word, which a number below 255 stands for.
    #[inline]
    pub fn set(&mut self, row: usize, code: usize, word: &'static str) {
        let key = self.key(code, word);
        self.keys.set(row, key);
    }

    /// Appends a word, which a number below 255 stands for, or a null.
    #[inline]
    pub fn push(&mut self, word: Option<(usize, &'static str)>) {
        match word {
            Some((code, word)) => {
                let key = self.key(code, word);
                self.keys.push(key);
            }
            None => self.keys.push_null(),
        }
    }

    /// Appends a word without a number, or a null.
    pub fn push_word(&mut self, word: Option<&'static str>) {
        let place = |word| self.words.iter().position(|own| *own == word);
        // Each word's place among those that occur is its number.
        let coded = word.map(|word| (place(word).unwrap_or(self.words.len()), word));
        self.push(coded);
    }

    /// The same without bits for the rows if each has a word.
    pub fn trimmed(self) -> Self {
        let keys = self.keys.trimmed();
        Self { keys, ..self }
    }

    /// A copy of some rows.
    ///
    /// # Panics
    /// If there are fewer rows.
    pub fn slice(&self, rows: Range<usize>) -> Self {
        Self {
            keys: self.keys.slice(rows),
            words: self.words.clone(),
            known: self.known.clone(),
        }
    }

    /// The word of a row.
    #[inline]
    pub fn get(&self, row: usize) -> Option<&'static str> {
        self.keys.get(row).map(|key| self.words[usize::from(key)])
    }

    /// The place of each row's word among [`Self::words`], 0 where a row is null.
    pub fn keys(&self) -> &Values<u8> {
        &self.keys
    }

    /// The words that occur, in the order in which they first do.
    pub fn words(&self) -> &[&'static str] {
        &self.words
    }

    #[inline]
    fn key(&mut self, code: usize, word: &'static str) -> u8 {
        match self.known.get(code) {
            Some(&key) if key != UNKNOWN => key,
            _ => self.learn(code, word),
        }
    }

    #[cold]
    fn learn(&mut self, code: usize, word: &'static str) -> u8 {
        let length = self.known.len().max(code + 1);
        self.known.resize(length, UNKNOWN);
        // There are fewer words than numbers below 255.
        self.known[code] = self.words.len() as u8;
        self.words.push(word);
        self.known[code]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back_and_listed_once() {
        let mut words = Words::nulls(3);
        words.set(2, 7, "seven");
        words.set(0, 1, "one");
        words.push(Some((7, "seven")));
        words.push(None);
        let read: Vec<_> = (0..5).map(|row| words.get(row)).collect();
        let seven = Some("seven");
        assert_eq!(read, [Some("one"), None, seven, seven, None]);
        assert_eq!(words.words(), ["seven", "one"]);
        assert_eq!(words.keys().values(), [1, 0, 0, 0, 0]);
    }

    #[test]
    fn words_need_no_numbers() {
        let mut words = Words::default();
        let all = [Some("b"), None, Some("a"), Some("b"), Some("a")];
        all.iter().for_each(|word| words.push_word(*word));
        let read: Vec<_> = (0..5).map(|row| words.get(row)).collect();
        assert_eq!(read, all);
        assert_eq!(words.words(), ["b", "a"]);
    }
}
