//! CSV files, read record by record in bounded memory.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use csv_core::ReadRecordResult;
use memchr::memchr;

use crate::builder::{Builder, Cells};
use crate::field::Field;

/// Most bytes of a record, without its quotes.
pub const RECORD_MAX: usize = 1 << 16;

/// Most cells of a record.
pub const CELLS_MAX: usize = 4096;

/// Bytes read at once.
const CHUNK: usize = 1 << 17;

/// The byte order mark that some programs put before UTF-8.
pub(crate) const MARK: &[u8] = b"\xef\xbb\xbf";

/// Why a file cannot be read as CSV at all.
#[derive(Debug)]
pub enum Failure {
    /// What the system says.
    Io(io::Error),
    /// What the file would have to be, and what it is.
    Shape(String, String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// What a record with odd quotes would have to do, in the words of the reader of agents.
const CLOSED: &str = "must close the quotes that begin in this row";
const WHOLE: &str = "must have quotes around a whole cell, and double those within it";

/// One step through the records.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Record,
    TooLong,
    /// The text ends within quotes.
    Open,
    /// More than blanks stands between closing quotes and the end of their cell.
    Torn,
    End,
}

/// Where in a record the text is, as far as quotes go: the parser reads odd ones without complaint,
/// and with them all the rows up to the next quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quotes {
    /// Before a cell.
    Before,
    /// Outside of quotes.
    Outside,
    Inside,
    /// After a quote within quotes, which may be the first of two.
    Quote,
    /// After closing quotes and a blank.
    Closed,
}

/// A file between two of its records.
pub struct Records<R> {
    source: R,
    chunk: Vec<u8>,
    start: usize,
    end: usize,
    parser: csv_core::Reader,
    delimiter: u8,
    text: Vec<u8>,
    ends: Vec<usize>,
    cells: usize,
    quotes: Quotes,
    /// Whether there are quotes in the chunk.
    has_quotes: bool,
    is_torn: bool,
}

impl<R: Read> Records<R> {
    fn new(source: R, delimiter: u8) -> Self {
        Self {
            source,
            chunk: vec![0; CHUNK],
            start: 0,
            end: 0,
            parser: csv_core::ReaderBuilder::new().delimiter(delimiter).build(),
            delimiter,
            text: vec![0; RECORD_MAX],
            ends: vec![0; CELLS_MAX],
            cells: 0,
            quotes: Quotes::Before,
            has_quotes: false,
            is_torn: false,
        }
    }

    fn step(&mut self) -> io::Result<Step> {
        let (mut text, mut cells) = (0, 0);
        self.is_torn = false;
        loop {
            if self.start == self.end {
                self.start = 0;
                self.end = self.source.read(&mut self.chunk)?;
                self.has_quotes = memchr(b'"', &self.chunk[..self.end]).is_some();
                if self.end == 0 && self.quotes == Quotes::Inside {
                    return Ok(Step::Open);
                }
            }
            let input = &self.chunk[self.start..self.end];
            let (result, read, written, ended) =
                self.parser
                    .read_record(input, &mut self.text[text..], &mut self.ends[cells..]);
            self.follow(self.start, self.start + read);
            self.start += read;
            text += written;
            cells += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    return Ok(Step::TooLong);
                }
                ReadRecordResult::Record => {
                    self.cells = cells;
                    let step = if self.is_torn {
                        Step::Torn
                    } else {
                        Step::Record
                    };
                    return Ok(step);
                }
                ReadRecordResult::End => return Ok(Step::End),
            }
        }
    }

    /// Follows the quotes in a part of the chunk.
    #[inline]
    fn follow(&mut self, from: usize, to: usize) {
        let part = &self.chunk[from..to];
        let delimiter = self.delimiter;
        let after = |byte: u8| {
            if byte == delimiter || is_break(byte) {
                Quotes::Before
            } else {
                Quotes::Outside
            }
        };
        if !self.has_quotes && matches!(self.quotes, Quotes::Before | Quotes::Outside) {
            self.quotes = part.last().map_or(self.quotes, |&byte| after(byte));
            return;
        }
        for &byte in part {
            self.quotes = match self.quotes {
                Quotes::Before | Quotes::Quote if byte == b'"' => Quotes::Inside,
                Quotes::Inside if byte == b'"' => Quotes::Quote,
                Quotes::Inside => Quotes::Inside,
                Quotes::Quote | Quotes::Closed if byte == b' ' => Quotes::Closed,
                Quotes::Quote | Quotes::Closed => {
                    let next = after(byte);
                    self.is_torn |= next == Quotes::Outside;
                    next
                }
                Quotes::Before | Quotes::Outside => after(byte),
            };
        }
    }

    /// What may be wrong with a record that is refused.
    fn suspicion(&self) -> &'static str {
        let end = self.cells.checked_sub(1).map_or(0, |last| self.ends[last]);
        if self.text[..end].iter().any(|&byte| is_break(byte)) {
            "many lines: is a quote left open?"
        } else {
            ""
        }
    }

    #[inline]
    fn get(&self, cell: usize) -> &[u8] {
        let start = if cell == 0 { 0 } else { self.ends[cell - 1] };
        &self.text[start..self.ends[cell]]
    }
}

/// The header of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// What stands between two cells.
    pub delimiter: u8,
    /// The names of the columns.
    pub names: Vec<String>,
}

/// A CSV file that has been opened.
pub struct CsvFile {
    file: File,
    /// Bytes before the header.
    start: u64,
}

impl CsvFile {
    /// Opens a file.
    ///
    /// # Errors
    /// It cannot be read, or is no text.
    pub fn open(path: &std::path::Path) -> Result<Self, Failure> {
        let metadata = std::fs::metadata(path)?;
        if !metadata.is_file() {
            let found = if metadata.is_dir() {
                "a directory"
            } else {
                "a device or pipe"
            };
            return Err(Failure::Shape("must be a file".into(), found.into()));
        }
        let mut file = File::open(path)?;
        let mut first = [0; 4];
        let mut length = 0;
        while length < first.len() {
            match file.read(&mut first[length..])? {
                0 => break,
                read => length += read,
            }
        }
        let first = &first[..length];
        let what = if first.is_empty() {
            "an empty file"
        } else if first == b"PAR1" {
            "a Parquet file, whose name must end in .parquet"
        } else if first.starts_with(&[0x1f, 0x8b]) {
            "a gzip file"
        } else if first.starts_with(b"PK\x03\x04") {
            "a zip file or a spreadsheet"
        } else if first.starts_with(&[0xff, 0xfe]) || first.starts_with(&[0xfe, 0xff]) {
            "UTF-16"
        } else {
            let start = if first.starts_with(MARK) {
                MARK.len() as u64
            } else {
                0
            };
            return Ok(Self { file, start });
        };
        Err(Failure::Shape(
            "must be CSV in UTF-8 with a header".into(),
            what.into(),
        ))
    }

    /// Reads the header; without a delimiter it is the one that occurs most in it.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub fn header(&mut self, delimiter: Option<u8>) -> Result<Header, Failure> {
        let line = self.first_line()?;
        if line.starts_with(b"sep=") && line.len() <= 5 {
            let expected = format!("must begin with its header; take out the line sep=, {SAYS}");
            return Err(Failure::Shape(expected, shown(&line)));
        }
        let delimiter = delimiter.unwrap_or_else(|| guessed(&line));
        self.rewind()?;
        let mut records = Records::new(&mut self.file, delimiter);
        match records.step()? {
            Step::Record => {}
            Step::TooLong => {
                let expected =
                    format!("a header must have at most {RECORD_MAX} bytes and {CELLS_MAX} cells");
                return Err(Failure::Shape(expected, "more".into()));
            }
            Step::Open => {
                let expected = "must close the quotes that begin in the header";
                return Err(Failure::Shape(expected.into(), String::new()));
            }
            Step::Torn => {
                return Err(Failure::Shape(
                    format!("{WHOLE} (in the header)"),
                    String::new(),
                ));
            }
            Step::End => {
                let expected = "must be CSV in UTF-8 with a header";
                return Err(Failure::Shape(expected.into(), "blank lines".into()));
            }
        }
        if (0..records.cells).any(|cell| records.get(cell).contains(&0)) {
            let found = "NUL bytes in the header, as UTF-16 has";
            return Err(Failure::Shape("must be CSV in UTF-8".into(), found.into()));
        }
        let names = (0..records.cells)
            .map(|cell| std::str::from_utf8(records.get(cell)).map(|name| name.trim().to_owned()));
        let names = names.collect::<Result<_, _>>().map_err(|_| {
            Failure::Shape(
                "must be CSV in UTF-8".into(),
                "another encoding in the header".into(),
            )
        })?;
        let names: Vec<String> = names;
        if names.len() == 1 {
            let expected = format!("must have a header of several columns; {SAYS}");
            return Err(Failure::Shape(expected, shown(names[0].as_bytes())));
        }
        Ok(Header { delimiter, names })
    }

    /// Hands over all rows after the header, whose columns of each field are given.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(
        &mut self,
        header: &Header,
        columns: &[(Field, usize)],
        builder: &mut Builder<'_>,
    ) -> io::Result<()> {
        self.rewind()?;
        let mut places = [0; Field::COUNT];
        for &(field, column) in columns {
            places[field.ix()] = column;
        }
        let width = header.names.len();
        let mut records = Records::new(&mut self.file, header.delimiter);
        records.step()?;
        while !builder.is_full() {
            match records.step()? {
                Step::Record if records.cells == width => builder.push(&Row {
                    records: &records,
                    places: &places,
                }),
                Step::Record => builder.refuse_row(
                    format!("must have {width} cells, as the header has"),
                    match records.suspicion() {
                        "" => records.cells.to_string(),
                        suspicion => format!("{} in {suspicion}", records.cells),
                    },
                ),
                Step::Torn => builder.refuse_row(WHOLE.into(), records.suspicion().into()),
                Step::Open => {
                    builder.refuse_row(CLOSED.into(), String::new());
                    break;
                }
                Step::TooLong => {
                    builder.refuse_row(
                        format!("must have at most {RECORD_MAX} bytes and {CELLS_MAX} cells"),
                        "more: is a quote left open?".into(),
                    );
                    break;
                }
                Step::End => break,
            }
        }
        Ok(())
    }

    /// The file from its header on.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn rewind(&mut self) -> io::Result<&mut File> {
        self.file.seek(SeekFrom::Start(self.start))?;
        Ok(&mut self.file)
    }

    /// The first line that is not empty.
    fn first_line(&mut self) -> io::Result<Vec<u8>> {
        let mut first = Vec::new();
        self.rewind()?
            .take(RECORD_MAX as u64)
            .read_to_end(&mut first)?;
        let start = first.iter().position(|&byte| !is_break(byte));
        first.drain(..start.unwrap_or(0));
        let end = first.iter().position(|&byte| is_break(byte));
        first.truncate(end.unwrap_or(first.len()));
        Ok(first)
    }
}

/// The delimiter that occurs most in a header, outside of quotes.
fn guessed(line: &[u8]) -> u8 {
    let mut counts = [0; 4];
    let mut is_quoted = false;
    for byte in line {
        is_quoted ^= *byte == b'"';
        if let Some(at) = DELIMITERS.iter().position(|own| own == byte)
            && !is_quoted
        {
            counts[at] += 1;
        }
    }
    let most = counts.iter().max().copied().unwrap_or(0);
    DELIMITERS[counts.iter().position(|&count| count == most).unwrap_or(0)]
}

/// A piece of a text that is refused, in quotes.
fn shown(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let short: String = text.chars().take(60).collect();
    let more = if short.len() < text.len() { "..." } else { "" };
    format!("'{}'{more}", short.escape_debug())
}

const SAYS: &str = "delimiter says what stands between cells (delimiter: \";\", --delimiter \";\")";

/// What may stand between two cells; of equally frequent ones the first.
pub const DELIMITERS: [u8; 4] = *b",;\t|";

fn is_break(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

struct Row<'r, R> {
    records: &'r Records<R>,
    places: &'r [usize; Field::COUNT],
}

impl<R: Read> Cells for Row<'_, R> {
    #[inline]
    fn cell(&self, field: Field) -> &[u8] {
        self.records.get(self.places[field.ix()])
    }
}
