//! Tables made in Python: columns of Python values, checked value by value.

use std::collections::BTreeSet;

use paysim_kernel::rate::{COST_PLACES, parse_decimal};
use paysim_kernel::results::table::{Column, Table, Texts};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt, PyString};

use crate::arrow_table::COST_DIGITS;
use crate::errors::{refused, shown};

/// Longest text, in bytes.
const TEXT_BYTES: usize = 1 << 30;

const KINDS: &str = "integer, real, boolean, text or cost";

/// The table of columns, each a name, a kind and a sequence of values.
///
/// # Errors
/// What is wrong with the first column or value that is.
pub fn columns_of(columns: &Bound<'_, PyAny>) -> PyResult<Table> {
    let (mut made, mut names) = (Vec::new(), BTreeSet::new());
    let Ok(entries) = columns.try_iter() else {
        return Err(refused(format!(
            "columns must be a list of columns (got {})",
            shown(columns)?
        )));
    };
    for entry in entries {
        let entry = entry?;
        let Ok((name, kind, values)) = entry.extract::<(String, String, Bound<'_, PyAny>)>() else {
            return Err(refused(format!(
                "a column must be its name, its kind ({KINDS}) and its values (got {})",
                shown(&entry)?
            )));
        };
        if name.is_empty() || name.contains(char::is_control) {
            return Err(refused(format!(
                "the name of a column must be printable (got {name:?})"
            )));
        }
        if !names.insert(name.clone()) {
            return Err(refused(format!("two columns have the name {name}")));
        }
        made.push((name.clone(), column(&name, &kind, &values)?));
    }
    let table = Table::new(made);
    if table.columns.is_empty() {
        return Err(refused("a table must have at least one column".to_owned()));
    }
    let rows = table.len();
    for (name, column) in &table.columns {
        if column.len() != rows {
            return Err(refused(format!(
                "column {name} must have {rows} values, as the first one has (got {})",
                column.len()
            )));
        }
    }
    Ok(table)
}

fn column(name: &str, kind: &str, values: &Bound<'_, PyAny>) -> PyResult<Column> {
    Ok(match kind {
        "integer" => Column::Integer(cells(name, values, "an int of 64 bits", integer)?.into()),
        "real" => Column::Real(cells(name, values, "float or int", real)?.into()),
        "boolean" => Column::Boolean(cells(name, values, "bool", boolean)?.into()),
        "text" => {
            let mut texts = Texts::default();
            for text in cells(name, values, "text of at most 2^30 bytes", text)? {
                match text {
                    Some(text) => texts.push(&text),
                    None => texts.push_null(),
                }
            }
            Column::Text(texts)
        }
        "cost" => {
            let expected = "decimal text of at most 19 places, below 10^19";
            Column::Cost(cells(name, values, expected, cost)?.into())
        }
        _ => {
            return Err(refused(format!(
                "the kind of column {name} must be {KINDS} (got {kind:?})"
            )));
        }
    })
}

fn cells<T>(
    name: &str,
    values: &Bound<'_, PyAny>,
    expected: &str,
    read: fn(&Bound<'_, PyAny>) -> Option<T>,
) -> PyResult<Vec<Option<T>>> {
    let cell = |(row, value): (usize, PyResult<Bound<'_, PyAny>>)| {
        let value = value?;
        if value.is_none() {
            return Ok(None);
        }
        let Some(read) = read(&value) else {
            return Err(refused(format!(
                "column {name}, row {}: must be {expected} (got {})",
                row + 1,
                shown(&value)?
            )));
        };
        Ok(Some(read))
    };
    let Ok(values) = values.try_iter() else {
        return Err(refused(format!(
            "column {name}: its values must be a list (got {})",
            shown(values)?
        )));
    };
    values.enumerate().map(cell).collect()
}

fn integer(value: &Bound<'_, PyAny>) -> Option<i64> {
    let is_int = value.is_exact_instance_of::<PyInt>();
    is_int.then(|| value.extract().ok()).flatten()
}

fn real(value: &Bound<'_, PyAny>) -> Option<f64> {
    let is_number = value.is_instance_of::<PyFloat>() || value.is_exact_instance_of::<PyInt>();
    is_number.then(|| value.extract().ok()).flatten()
}

fn boolean(value: &Bound<'_, PyAny>) -> Option<bool> {
    let value = value.cast::<PyBool>().ok()?;
    Some(value.is_true())
}

fn text(value: &Bound<'_, PyAny>) -> Option<String> {
    let text: String = value.cast::<PyString>().ok()?.extract().ok()?;
    (text.len() <= TEXT_BYTES).then_some(text)
}

fn cost(value: &Bound<'_, PyAny>) -> Option<i128> {
    let units = parse_decimal(&text(value)?, COST_PLACES).ok()?;
    let is_known = units.unsigned_abs() < 10_u128.pow(u32::from(COST_DIGITS));
    is_known.then_some(units)
}
