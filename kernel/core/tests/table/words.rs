//! A line's words, taken one after the other.

use std::str::FromStr;

use paysim_kernel::rate::Rate;

/// What a line says, or what is wrong with it.
pub type Parsed<T> = Result<T, String>;

/// The words of a line; a comma is a word of its own.
pub struct Words<'a> {
    words: Vec<&'a str>,
    at: usize,
}

impl<'a> Words<'a> {
    /// The words of a line without its comment.
    pub fn new(line: &'a str) -> Self {
        let text = line.split('#').next().unwrap_or_default();
        let split = |word: &'a str| match word.strip_suffix(',') {
            Some(word) => vec![word, ","],
            None => vec![word],
        };
        Self {
            words: text.split_whitespace().flat_map(split).collect(),
            at: 0,
        }
    }

    /// Whether a word is left.
    pub fn more(&self) -> bool {
        self.at < self.words.len()
    }

    /// The word after the next `ahead` ones.
    pub fn peek(&self, ahead: usize) -> Option<&'a str> {
        self.words.get(self.at + ahead).copied()
    }

    /// Takes the next word, which is a `what`.
    pub fn take(&mut self, what: &str) -> Parsed<&'a str> {
        let word = self.peek(0).ok_or_else(|| format!("{what} is missing"))?;
        self.at += 1;
        Ok(word)
    }

    /// Takes the next word if it is this one.
    pub fn have(&mut self, word: &str) -> bool {
        let is_next = self.peek(0) == Some(word);
        self.at += usize::from(is_next);
        is_next
    }

    /// Takes the next word, which must be this one.
    pub fn need(&mut self, word: &str) -> Parsed<()> {
        match self.take(word)? {
            found if found == word => Ok(()),
            found => Err(format!("{word:?} is due (found {found:?})")),
        }
    }

    /// Takes a number.
    pub fn number<T: FromStr>(&mut self, what: &str) -> Parsed<T> {
        let word = self.take(what)?;
        let wrong = |_| format!("{what} must be a whole number (found {word:?})");
        word.parse().map_err(wrong)
    }

    /// Takes an exact decimal.
    pub fn rate(&mut self, what: &str) -> Parsed<Rate> {
        let word = self.take(what)?;
        Rate::parse(word).map_err(|error| format!("{what}: {error}"))
    }

    /// Takes `tick N` if it is next.
    pub fn tick(&mut self) -> Parsed<Option<u32>> {
        if self.have("tick") {
            self.number("the tick").map(Some)
        } else {
            Ok(None)
        }
    }

    /// Takes everything up to the end, items with commas between them.
    pub fn items(&mut self, mut item: impl FnMut(&mut Self) -> Parsed<()>) -> Parsed<()> {
        loop {
            item(self)?;
            if !self.more() {
                return Ok(());
            }
            self.need(",")?;
        }
    }

    /// That nothing is left.
    pub fn end(&self) -> Parsed<()> {
        self.peek(0).map_or(Ok(()), |word| Err(unknown(word)))
    }
}

/// The complaint about a word that means nothing here.
pub fn unknown(word: &str) -> String {
    format!("unknown word {word:?}")
}
