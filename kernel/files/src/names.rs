//! Names: what an id may be, and a dictionary of those that occur.

use hashbrown::HashMap;

use crate::problem::Refusal;

/// Tells whether a text that is not ASCII has printable characters only.
pub type Printable<'a> = &'a (dyn Fn(&str) -> bool + Sync);

/// Why a text cannot be an id.
///
/// # Errors
/// The refusal, in the words that a scenario's ids are refused with.
pub fn check_name(text: &str, printable: Printable<'_>) -> Result<(), Refusal> {
    let bytes = text.as_bytes();
    let is_ascii = bytes.is_ascii();
    let characters = if is_ascii {
        bytes.len()
    } else {
        text.chars().count()
    };
    if !(1..=128).contains(&characters) {
        return Err(Refusal::new("must be 1 to 128 characters"));
    }
    let is_printable = if is_ascii {
        bytes.iter().all(|byte| (b' '..=b'~').contains(byte))
    } else {
        printable(text)
    };
    if !is_printable {
        return Err(Refusal::new("must consist of printable characters"));
    }
    if bytes.first() == Some(&b' ') || bytes.last() == Some(&b' ') {
        return Err(Refusal::new("must not begin or end with a blank"));
    }
    if bytes.last().is_some_and(u8::is_ascii_digit) {
        let digits = |text: &[u8]| text.iter().rev().take_while(|b| b.is_ascii_digit()).count();
        let head = &bytes[..bytes.len() - digits(bytes)];
        match head.last() {
            Some(b'/') => {
                return Err(Refusal::new("must not look like the id of a part, X/1"));
            }
            Some(b'.') => {
                let head = &head[..head.len() - 1];
                let tick = digits(head);
                if tick > 0 && head[..head.len() - tick].last() == Some(&b'@') {
                    return Err(Refusal::new("must not look like a generated id, X@1.1"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Distinct names in the order in which they first occurred.
#[derive(Debug, Clone, Default)]
pub struct Dictionary {
    names: Vec<String>,
    numbers: HashMap<Box<[u8]>, u32>,
}

impl Dictionary {
    /// The number of a cell that has occurred.
    #[inline]
    pub fn find(&self, cell: &[u8]) -> Option<u32> {
        self.numbers.get(cell).copied()
    }

    /// The number of a name, which is new if it was not found.
    pub fn enter(&mut self, name: &str) -> u32 {
        if let Some(number) = self.find(name.as_bytes()) {
            return number;
        }
        let number = self.names.len() as u32;
        self.names.push(name.to_owned());
        self.numbers.insert(name.as_bytes().into(), number);
        number
    }

    /// The names by number.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The names by number.
    pub fn into_names(self) -> Vec<String> {
        self.names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_name(text: &str) -> bool {
        check_name(text, &|text| !text.contains('\u{a0}')).is_ok()
    }

    /// A name is refused where it looks like one that the system gives, and only there.
    #[test]
    fn reserved_names() {
        for name in [
            "A", "row-1", "A/", "A/x1", "/a", "A@1", "A.1", "@.1", "1", "Å", "a b",
        ] {
            assert!(is_name(name), "{name}");
        }
        for name in [
            "", "A/1", "/12", "A@1.1", "@7.12", "a\tb", "a\u{a0}b", " a", "a ", " ",
        ] {
            assert!(!is_name(name), "{name}");
        }
        assert!(is_name(&"å".repeat(128)) && !is_name(&"å".repeat(129)));
    }
}
