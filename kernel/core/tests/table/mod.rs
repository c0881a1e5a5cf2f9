//! Tables of worked examples: read, run, compared.

mod expected;
mod given;
mod run;
mod words;

use expected::Expected;
use given::Given;
use words::{Parsed, Words, unknown};

const PREAMBLE: &str = "Every case in this table:";

/// One case.
#[derive(Default)]
pub struct Case {
    line: usize,
    sentence: String,
    given: Given,
    expected: Expected,
    complaints: Vec<(usize, String)>,
}

/// One file.
pub struct Table {
    place: String,
    /// Its cases, in order.
    pub cases: Vec<Case>,
    complaints: Vec<(usize, String)>,
}

impl Table {
    /// Reads a table; what is wrong with it is among its failures.
    pub fn read(place: &str, text: &str) -> Self {
        let mut table = Self {
            place: place.to_owned(),
            cases: Vec::new(),
            complaints: Vec::new(),
        };
        let mut preamble: Option<Vec<(usize, &str)>> = None;
        for (number, line) in (1..).zip(text.lines()) {
            if Words::new(line).peek(0).is_none() {
                continue;
            }
            if !line.starts_with(char::is_whitespace) {
                let sentence = line.trim_end();
                if sentence == PREAMBLE && table.cases.is_empty() && preamble.is_none() {
                    preamble = Some(Vec::new());
                    continue;
                }
                if !sentence.ends_with('.') {
                    let complaint = "a case opens with a sentence, which ends with a full stop";
                    table.complaints.push((number, complaint.to_owned()));
                }
                let mut case = Case {
                    line: number,
                    sentence: sentence.to_owned(),
                    ..Case::default()
                };
                for &(number, line) in preamble.iter().flatten() {
                    case.read(number, line);
                }
                table.cases.push(case);
            } else if let Some(case) = table.cases.last_mut() {
                case.read(number, line);
            } else if let Some(lines) = &mut preamble {
                lines.push((number, line));
            } else {
                let complaint = "a case opens with an unindented sentence";
                table.complaints.push((number, complaint.to_owned()));
            }
        }
        table
    }

    /// Runs every case; a text for each that fails, and for each line not understood.
    pub fn failures(&self) -> Vec<String> {
        let complaints = self.complaints.iter();
        let complaints = complaints.chain(self.cases.iter().flat_map(|case| &case.complaints));
        let mut failures: Vec<String> = complaints
            .map(|(line, text)| format!("{}:{line}: {text}", self.place))
            .collect();
        for case in self.cases.iter().filter(|case| case.complaints.is_empty()) {
            let differences = run::differences(case);
            if !differences.is_empty() {
                let (place, line, sentence) = (&self.place, case.line, &case.sentence);
                let differences = differences.join("\n");
                failures.push(format!("{place}:{line}: {sentence}\n{differences}"));
            }
        }
        failures
    }
}

impl Case {
    fn read(&mut self, number: usize, line: &str) {
        let mut words = Words::new(line);
        if let Err(complaint) = self.take(number, &mut words) {
            self.complaints.push((number, complaint));
        }
    }

    fn take(&mut self, number: usize, words: &mut Words) -> Parsed<()> {
        let keyword = words.take("a keyword")?;
        let known = self.given.take(keyword, number, words)?
            || self.expected.take(keyword, number, words, &self.given)?;
        if known {
            words.end()
        } else {
            Err(unknown(keyword))
        }
    }

    /// How many ticks the case runs: as it says, else through the last tick it names.
    fn ticks(&self) -> u32 {
        let last = self.given.last_tick.max(self.expected.last_tick());
        self.given.run.unwrap_or(last + 1)
    }
}
