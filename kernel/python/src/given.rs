//! Given transactions as a Python class: columns that never change, shared by all who hold them.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use paysim_files::given::Given;
use paysim_files::lookup::Lookup;
use paysim_files::names::Dictionary;
use paysim_files::{dump, problem};
use paysim_kernel::ids::NONE;
use paysim_kernel::results::write_file;
use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::convert::get;
use crate::errors::{plain, refused};
use crate::table::Table;

/// Given transactions in columns.
#[pyclass(frozen, eq, module = "paysim._kernel")]
pub struct GivenTransactions(pub Arc<Given>, OnceLock<Lookup>);

impl PartialEq for GivenTransactions {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl GivenTransactions {
    /// The columns as they are.
    pub fn new(given: Given) -> Self {
        Self(Arc::new(given), OnceLock::new())
    }

    /// The rows by id, an index that is made when it is needed first.
    fn lookup(&self) -> &Lookup {
        self.1.get_or_init(|| Lookup::new(&self.0.ids))
    }
}

/// A row from 0, the field, what was expected, and the name or number that was found.
type Wrong = (usize, &'static str, String, String);

#[pymethods]
impl GivenTransactions {
    /// The transactions in a sequence of objects.
    #[staticmethod]
    fn from_rows(transactions: &Bound<'_, PyAny>) -> PyResult<Self> {
        checked(rows(transactions)?)
    }

    /// Transactions by columns: names of the parties, their numbers among these (unsigned 32-bit),
    /// amounts (signed 64-bit), arrival ticks (unsigned 32-bit).
    #[staticmethod]
    fn from_columns(
        py: Python<'_>,
        names: Vec<String>,
        sender: PyBuffer<u32>,
        receiver: PyBuffer<u32>,
        amount: PyBuffer<i64>,
        arrival_tick: PyBuffer<u32>,
    ) -> PyResult<Self> {
        checked(Given {
            names,
            senders: sender.to_vec(py)?,
            receivers: receiver.to_vec(py)?,
            amounts: amount.to_vec(py)?,
            arrival_ticks: arrival_tick.to_vec(py)?,
            ..Given::default()
        })
    }

    /// The transactions in the bytes of `dump`; any bytes are safe to load.
    #[staticmethod]
    fn load(bytes: &[u8]) -> PyResult<Self> {
        let given = dump::load(bytes, &is_printable).map_err(refused)?;
        Ok(Self::new(given))
    }

    /// The transactions as compact bytes.
    fn dump<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = py.detach(|| dump::dump(&self.0)).map_err(refused)?;
        Ok(PyBytes::new(py, &bytes))
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __hash__(&self) -> u64 {
        // Equal transactions have equal sums and numbers; more would cost a look at every row.
        self.0.total_amount() as u64 ^ (self.0.len() as u64) << 32
    }

    fn __repr__(&self) -> String {
        let parties = self.0.names.len();
        format!("<GivenTransactions: {} of {parties} parties>", self.0.len())
    }

    /// The parties, in the order in which they first occur.
    fn names(&self) -> Vec<&str> {
        self.0.names.iter().map(String::as_str).collect()
    }

    /// The sum of all amounts, in minor units.
    #[getter]
    fn total_amount(&self) -> i128 {
        self.0.total_amount()
    }

    /// The last tick of arrival, or `None` without transactions.
    #[getter]
    fn last_tick(&self) -> Option<u32> {
        self.0.last_tick()
    }

    /// The row, from 0, that has an id.
    fn row_of(&self, id: &str) -> Option<usize> {
        self.0
            .row_named(id)
            .or_else(|| self.lookup().row_of(&self.0.ids, id))
    }

    /// The ticks and rows, from 0, of the ids that read `ID@TICK`, for one `ID`.
    fn repetitions(&self, id: &str) -> Vec<(u32, u32)> {
        self.lookup().repetitions(id).to_vec()
    }

    /// What does not fit a scenario: parties that are no agents, arrivals from `end_tick` on.
    fn check(&self, py: Python<'_>, agents: Option<HashSet<String>>, end_tick: u64) -> Vec<Wrong> {
        py.detach(|| check(&self.0, agents.as_ref(), end_tick))
    }

    /// The transactions as a table.
    fn table(&self, py: Python<'_>) -> Table {
        Table::new(py.detach(|| self.0.table()))
    }

    /// The transactions as CSV: equal ones give equal bytes.
    fn csv<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let mut bytes = Vec::new();
        py.detach(|| self.0.write_csv(&mut bytes))?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Writes the transactions as CSV, whole or not at all; the number of rows.
    fn write_csv(&self, py: Python<'_>, path: PathBuf) -> PyResult<usize> {
        py.detach(|| write_file(&path, |out| self.0.write_csv(out)))
            .map_err(plain)?;
        Ok(self.0.len())
    }
}

/// Whether Python takes all characters of a text for printable.
pub fn is_printable(text: &str) -> bool {
    Python::attach(|py| {
        PyString::new(py, text)
            .call_method0("isprintable")
            .and_then(|answer| answer.extract())
            .unwrap_or(false)
    })
}

/// The columns of a sequence of objects.
pub fn rows(transactions: &Bound<'_, PyAny>) -> PyResult<Given> {
    let (mut given, mut names) = (Given::default(), Dictionary::default());
    let (mut deadlines, mut priorities, mut divisible) = (Vec::new(), Vec::new(), Vec::new());
    for (number, row) in transactions.try_iter()?.enumerate() {
        let row = row?;
        match get::<Option<String>>(&row, "id")? {
            Some(id) => given.ids.push(&id),
            None => given.ids.push(&paysim_files::given::row_id(number)),
        }
        let mut party = |name| Ok::<u32, PyErr>(names.enter(&get::<String>(&row, name)?));
        given.senders.push(party("sender_id")?);
        given.receivers.push(party("receiver_id")?);
        given.amounts.push(get(&row, "amount")?);
        given.arrival_ticks.push(get(&row, "arrival_tick")?);
        deadlines.push(get::<Option<u32>>(&row, "deadline_tick")?.unwrap_or(NONE));
        priorities.push(get(&row, "priority")?);
        divisible.push(get(&row, "divisible")?);
    }
    given.names = names.into_names();
    given.deadline_ticks = Some(deadlines);
    given.priorities = Some(priorities);
    given.divisible = Some(divisible);
    Ok(given.canonical())
}

fn checked(given: Given) -> PyResult<GivenTransactions> {
    given
        .check(&is_printable)
        .map_err(|error| plain(paysim_kernel::Error::Spec(error)))?;
    Ok(GivenTransactions::new(given.canonical()))
}

fn check(given: &Given, agents: Option<&HashSet<String>>, end_tick: u64) -> Vec<Wrong> {
    let is_agent = |name: &String| agents.is_none_or(|agents| agents.contains(name));
    let is_agent: Vec<bool> = given.names.iter().map(is_agent).collect();
    let all_known = is_agent.iter().all(|&known| known);
    if all_known
        && given
            .last_tick()
            .is_none_or(|tick| u64::from(tick) < end_tick)
    {
        return Vec::new();
    }
    let mut wrong = Vec::new();
    for row in 0..given.len() {
        for (field, column) in [
            ("sender_id", &given.senders),
            ("receiver_id", &given.receivers),
        ] {
            let party = column[row] as usize;
            if !is_agent[party] {
                let expected = "must be the id of an agent".to_owned();
                wrong.push((row, field, expected, given.names[party].clone()));
            }
        }
        let tick = given.arrival_ticks[row];
        if u64::from(tick) >= end_tick {
            let expected = format!("must be before the end of the run, tick {end_tick}");
            wrong.push((row, "arrival_tick", expected, tick.to_string()));
        }
        if wrong.len() >= problem::COUNTED_MAX {
            break;
        }
    }
    wrong
}
