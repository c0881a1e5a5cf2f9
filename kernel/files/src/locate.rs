//! The places of cells in a CSV file: looked for only when something is wrong with them.

use std::io::{BufReader, Read};

use crate::csv::CELLS_MAX;

/// A line and a column in characters, from 1.
pub type Place = (u64, u64);

/// The places of some cells of a file.
///
/// Each is wanted as the number of a record, from 0 for the header, and of its cell, or `None` for
/// the record's beginning, which also stands for a cell that is not there. They are wanted in order
/// of records.
///
/// # Errors
/// The file cannot be read.
pub fn locate(
    source: impl Read,
    delimiter: u8,
    wanted: &[(u64, Option<usize>)],
) -> std::io::Result<Vec<Place>> {
    let mut scan = Scan::new(delimiter, wanted);
    for byte in BufReader::with_capacity(1 << 17, source).bytes() {
        if scan.found.len() == wanted.len() {
            break;
        }
        scan.byte(byte?);
    }
    if scan.state == State::Cell {
        // The text ends with a delimiter, and so with an empty cell.
        scan.start_cell((scan.at.0, scan.at.1 + 1));
    }
    scan.end_record();
    let last = scan.at;
    scan.found.resize(wanted.len(), last);
    Ok(scan.found)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before a record, where line breaks are skipped.
    Record,
    Cell,
    Plain,
    Quoted,
    /// After a quote within quotes.
    Quote,
}

struct Scan<'w> {
    delimiter: u8,
    state: State,
    at: Place,
    after_return: bool,
    record: u64,
    /// Where the cells of this record begin: of as many as a record that is read may have.
    starts: Vec<Place>,
    wanted: &'w [(u64, Option<usize>)],
    found: Vec<Place>,
}

impl<'w> Scan<'w> {
    fn new(delimiter: u8, wanted: &'w [(u64, Option<usize>)]) -> Self {
        Self {
            delimiter,
            state: State::Record,
            at: (1, 0),
            after_return: false,
            record: 0,
            starts: Vec::new(),
            wanted,
            found: Vec::with_capacity(wanted.len()),
        }
    }

    fn byte(&mut self, byte: u8) {
        if self.after_return && byte != b'\n' {
            self.at = (self.at.0 + 1, 0);
        }
        self.after_return = byte == b'\r';
        // A byte that continues a character has its column.
        if byte & 0xc0 != 0x80 {
            self.at.1 += 1;
        }
        let is_break = byte == b'\n' || byte == b'\r';
        if self.state == State::Record && !is_break {
            self.state = State::Cell;
        }
        if self.state == State::Cell {
            self.start_cell(self.at);
        }
        self.state = match self.state {
            State::Quoted if byte == b'"' => State::Quote,
            State::Quoted => State::Quoted,
            State::Quote if byte == b'"' => State::Quoted,
            State::Cell if byte == b'"' => State::Quoted,
            State::Record => State::Record,
            _ if is_break => {
                self.end_record();
                State::Record
            }
            _ if byte == self.delimiter => State::Cell,
            _ => State::Plain,
        };
        if byte == b'\n' {
            self.at = (self.at.0 + 1, 0);
        }
    }

    fn start_cell(&mut self, at: Place) {
        if self.starts.len() < CELLS_MAX {
            self.starts.push(at);
        }
    }

    fn end_record(&mut self) {
        if self.starts.is_empty() {
            return;
        }
        while let Some(&(record, cell)) = self.wanted.get(self.found.len())
            && record == self.record
        {
            let start = cell.and_then(|cell| self.starts.get(cell));
            self.found.push(*start.unwrap_or(&self.starts[0]));
        }
        self.starts.clear();
        self.record += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However many cells a record has, no more places are kept than a record may have cells.
    #[test]
    fn many_cells() {
        let mut scan = Scan::new(b',', &[(0, None), (0, Some(CELLS_MAX - 1))]);
        for _ in 0..3 * CELLS_MAX {
            scan.byte(b',');
        }
        assert_eq!(scan.starts.len(), CELLS_MAX);
        scan.end_record();
        assert_eq!(scan.found, [(1, 1), (1, CELLS_MAX as u64)]);
    }
}
