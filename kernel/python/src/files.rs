//! Files of payments: settings in, columns and all problems out.

use std::collections::HashSet;
use std::path::PathBuf;

use paysim_files::amount::AmountForm;
use paysim_files::clock::{Hours, Outside};
use paysim_files::csv::{CsvFile, Failure};
use paysim_files::date_time::DateOrder;
use paysim_files::locate::locate;
use paysim_files::problem::{Found, Problem};
use paysim_files::{Builder, Field, Reading, Settings};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrow_cells::read_batches;
use crate::errors::refused;
use crate::given::{GivenTransactions, is_printable};
use crate::parquet_file::{Batches, column_names};

/// The columns of the fields that have one.
type Columns = Vec<(Field, usize)>;

/// The line (or row), the column, the field, what was expected, what was found, whether that is a
/// cell, and a hint.
type Told<'p> = (
    u64,
    Option<u64>,
    Option<&'static str>,
    String,
    String,
    bool,
    &'p str,
);

/// A name of a column, its line and its column in the text.
type HeaderCell = (String, u64, u64);

/// The delimiter and the names of the columns of a CSV file, each with its place.
///
/// An OSError says that the file cannot be read; a ValueError holds what it would have to be, and
/// what it is.
#[pyfunction]
#[pyo3(signature = (path, delimiter=None))]
pub fn csv_header(path: PathBuf, delimiter: Option<char>) -> PyResult<(char, Vec<HeaderCell>)> {
    let mut file = CsvFile::open(&path).map_err(failure)?;
    let delimiter = delimiter.map(byte).transpose()?;
    let header = file.header(delimiter).map_err(failure)?;
    let wanted: Vec<_> = (0..header.names.len()).map(|at| (0, Some(at))).collect();
    let places = locate(file.rewind()?, header.delimiter, &wanted)?;
    let cells = header.names.into_iter().zip(places);
    let cells = cells.map(|(name, (line, column))| (name, line, column));
    Ok((char::from(header.delimiter), cells.collect()))
}

/// Reads the rows of a CSV file, whose columns of each field are given by their positions.
#[pyfunction]
pub fn read_csv<'py>(
    py: Python<'py>,
    path: PathBuf,
    delimiter: char,
    columns: &Bound<'py, PyDict>,
    settings: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyDict>> {
    let (columns, settings) = (positions(columns)?, settings_of(settings)?);
    let delimiter = byte(delimiter)?;
    let (reading, header, mut file) = py
        .detach(|| {
            let mut file = CsvFile::open(&path)?;
            let header = file.header(Some(delimiter))?;
            let fields: Vec<Field> = columns.iter().map(|(field, _)| *field).collect();
            let mut builder = Builder::new(&settings, &fields, &is_printable);
            file.read(&header, &columns, &mut builder)?;
            Ok((builder.finish(), header, file))
        })
        .map_err(failure)?;
    told(py, reading, &columns, "line", &mut |cells| {
        // The header is record 0 of the text.
        let wanted: Vec<_> = cells
            .iter()
            .map(|&(row, cell)| (u64::from(row) + 1, cell))
            .collect();
        let found = locate(file.rewind()?, header.delimiter, &wanted)?;
        Ok(found
            .into_iter()
            .map(|(line, column)| (line, Some(column)))
            .collect())
    })
}

/// The names of the columns of a Parquet file.
#[pyfunction]
pub fn parquet_header(py: Python<'_>, path: PathBuf) -> PyResult<Vec<String>> {
    py.detach(|| column_names(&path)).map_err(failure)
}

/// Reads the rows of a Parquet file, whose columns of each field are given by their positions.
#[pyfunction]
pub fn read_parquet<'py>(
    py: Python<'py>,
    path: PathBuf,
    columns: &Bound<'py, PyDict>,
    settings: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyDict>> {
    let (columns, settings) = (positions(columns)?, settings_of(settings)?);
    let reading = py
        .detach(|| {
            let fields: Vec<Field> = columns.iter().map(|(field, _)| *field).collect();
            let mut builder = Builder::new(&settings, &fields, &is_printable);
            let (batches, places) = Batches::open(&path, &columns)?;
            read_batches(batches, &places, &mut builder)?;
            Ok(builder.finish())
        })
        .map_err(failure)?;
    told(py, reading, &columns, "row", &mut |cells| {
        Ok(cells
            .iter()
            .map(|&(row, _)| (u64::from(row) + 1, None))
            .collect())
    })
}

/// Where rows and their cells stand, for those that are asked for in order of rows.
type Places<'f> = dyn FnMut(&[(u32, Option<usize>)]) -> PyResult<Vec<(u64, Option<u64>)>> + 'f;

fn told<'py>(
    py: Python<'py>,
    reading: Reading,
    columns: &Columns,
    line_word: &str,
    places: &mut Places<'_>,
) -> PyResult<Bound<'py, PyDict>> {
    let (problems, omitted) = reading.problems.told(|field| column(columns, field) + 1);
    let mut others: Vec<u32> = problems
        .iter()
        .filter_map(|problem| problem.other)
        .collect();
    others.sort_unstable();
    let (mut lines, mut firsts) = (Vec::new(), Vec::new());
    if !problems.is_empty() {
        let cell = |p: &Problem| (p.row, p.field.map(|field| column(columns, field)));
        lines = places(&problems.iter().map(cell).collect::<Vec<_>>())?;
        firsts = places(&others.iter().map(|&row| (row, None)).collect::<Vec<_>>())?;
    }
    let first = |row: u32| others.binary_search(&row).map_or(0, |at| firsts[at].0);
    let tell = |(problem, (line, column)): (&Problem, (u64, Option<u64>))| -> Told<'_> {
        let (found, is_cell) = match &problem.found {
            Found::Nothing => (String::new(), false),
            Found::Cell(text) => (text.clone(), true),
            Found::Words(text) => (text.clone(), false),
        };
        let field = problem.field.map(Field::word);
        let expected = match problem.other {
            Some(row) => format!("{} {line_word} {}", problem.expected, first(row)),
            None => problem.expected.clone(),
        };
        (line, column, field, expected, found, is_cell, problem.hint)
    };
    let told: Vec<Told<'_>> = problems.iter().zip(lines).map(tell).collect();
    let dict = PyDict::new(py);
    let given = reading.given.map(GivenTransactions::new);
    dict.set_item("transactions", given)?;
    dict.set_item("problems", told)?;
    dict.set_item("omitted", omitted)?;
    dict.set_item("days", reading.days)?;
    dict.set_item("dropped", reading.dropped)?;
    dict.set_item("moved", reading.moved)?;
    Ok(dict)
}

fn column(columns: &Columns, field: Field) -> usize {
    let found = columns.iter().find(|(own, _)| *own == field);
    found.map_or(0, |(_, column)| *column)
}

fn failure(failure: Failure) -> PyErr {
    match failure {
        Failure::Io(error) => match error.raw_os_error() {
            Some(code) => {
                let text = error.to_string();
                let words = text.split(" (os error").next().unwrap_or_default();
                PyOSError::new_err((code, words.to_owned()))
            }
            None => error.into(),
        },
        Failure::Shape(expected, found) => PyValueError::new_err((expected, found)),
    }
}

fn byte(delimiter: char) -> PyResult<u8> {
    u8::try_from(delimiter)
        .ok()
        .filter(u8::is_ascii)
        .ok_or_else(|| refused(format!("delimiter must be ASCII (got {delimiter:?})")))
}

fn positions(columns: &Bound<'_, PyDict>) -> PyResult<Columns> {
    columns
        .iter()
        .map(|(name, position)| {
            let name = name.extract::<String>()?;
            let field = Field::ALL.into_iter().find(|field| field.word() == name);
            let field = field.ok_or_else(|| refused(format!("no field has the name {name}")))?;
            Ok((field, position.extract()?))
        })
        .collect()
}

fn settings_of(settings: &Bound<'_, PyDict>) -> PyResult<Settings> {
    fn item<'py, T>(settings: &Bound<'py, PyDict>, name: &str) -> PyResult<T>
    where
        T: for<'a> FromPyObject<'a, 'py, Error: Into<PyErr>>,
    {
        settings
            .as_any()
            .get_item(name)?
            .extract()
            .map_err(Into::into)
    }
    let hours: Option<(i64, i64, i64)> = item(settings, "hours")?;
    Ok(Settings {
        amounts: AmountForm {
            decimals: item(settings, "decimals")?,
            comma: item(settings, "decimal_comma")?,
        },
        dates: match item::<String>(settings, "dates")?.as_str() {
            "dmy" => DateOrder::Dmy,
            "mdy" => DateOrder::Mdy,
            _ => DateOrder::Ymd,
        },
        hours: hours.map(|(open, length, tick)| Hours { open, length, tick }),
        outside: match item::<String>(settings, "outside_hours")?.as_str() {
            "next-open" => Outside::NextOpen,
            "drop" => Outside::Drop,
            _ => Outside::Refuse,
        },
        agents: item::<Option<HashSet<String>>>(settings, "agents")?,
        end_tick: item(settings, "end_tick")?,
        num_days: item(settings, "num_days")?,
    })
}
