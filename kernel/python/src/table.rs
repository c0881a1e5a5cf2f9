//! Tables as Arrow streams (the PyCapsule interface), dicts, lists and CSV.

use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{
    ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int64Array, LargeStringArray,
    RecordBatch, RecordBatchIterator,
};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use paysim_kernel::rate::{COST_PLACES, cost_text};
use paysim_kernel::results::table::{self as core, Column};
use paysim_kernel::results::write_file;
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict, PyList};

use crate::errors::{plain, refused};

/// Digits of a cost column.
const COST_DIGITS: u8 = 38;

/// A table of results.
#[pyclass(frozen, module = "paysim._kernel")]
pub struct Table(pub core::Table);

#[pymethods]
impl Table {
    /// Names of the columns, in order.
    #[getter]
    fn column_names(&self) -> Vec<&'static str> {
        self.0.columns.iter().map(|(name, _)| *name).collect()
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    /// The table as an Arrow C stream; costs are decimal128(38, 19), all else int64, float64,
    /// bool or text.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // The interface lets a producer answer in its own types whatever is requested.
        let _ = requested_schema;
        let batch = batch(&self.0).map_err(|error| refused(error.to_string()))?;
        let schema = batch.schema();
        let reader = RecordBatchIterator::new([Ok(batch)], schema);
        let stream = FFI_ArrowArrayStream::new(Box::new(reader));
        PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
    }

    /// One dict per row; costs are exact decimals as text.
    fn to_dicts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let rows = PyList::empty(py);
        for row in 0..self.0.len() {
            let dict = PyDict::new(py);
            for (name, column) in &self.0.columns {
                dict.set_item(name, value(py, column, row)?)?;
            }
            rows.append(dict)?;
        }
        Ok(rows)
    }

    /// The values of one column; costs are exact decimals as text.
    fn column<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let found = self.0.columns.iter().find(|(own, _)| *own == name);
        let (_, column) = found.ok_or_else(|| PyKeyError::new_err(name.to_owned()))?;
        (0..column.len())
            .map(|row| value(py, column, row))
            .collect()
    }

    /// Writes the table as CSV, whole or not at all; the number of rows.
    fn write_csv(&self, py: Python<'_>, path: PathBuf) -> PyResult<usize> {
        py.detach(|| write_file(&path, |out| self.0.write_csv(out)))
            .map_err(plain)?;
        Ok(self.0.len())
    }
}

fn value<'py>(py: Python<'py>, column: &Column, row: usize) -> PyResult<Bound<'py, PyAny>> {
    Ok(match column {
        Column::Integer(values) => values[row].into_pyobject(py)?.into_any(),
        Column::Real(values) => values[row].into_pyobject(py)?.into_any(),
        Column::Boolean(values) => values[row].into_pyobject(py)?.into_any(),
        Column::Text(texts) => texts.get(row).into_pyobject(py)?.into_any(),
        Column::Cost(values) => values[row].map(cost_text).into_pyobject(py)?.into_any(),
    })
}

fn batch(table: &core::Table) -> Result<RecordBatch, ArrowError> {
    let mut fields = Vec::with_capacity(table.columns.len());
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(table.columns.len());
    for (name, column) in &table.columns {
        let array: ArrayRef = match column {
            Column::Integer(values) => Arc::new(Int64Array::from_iter(values.iter().copied())),
            Column::Real(values) => Arc::new(Float64Array::from_iter(values.iter().copied())),
            Column::Boolean(values) => Arc::new(BooleanArray::from_iter(values.iter().copied())),
            Column::Text(texts) => Arc::new(LargeStringArray::from_iter(
                (0..texts.ends.len()).map(|row| texts.get(row)),
            )),
            Column::Cost(values) => Arc::new(
                Decimal128Array::from_iter(values.iter().copied())
                    .with_precision_and_scale(COST_DIGITS, COST_PLACES as i8)?,
            ),
        };
        let kind: DataType = array.data_type().clone();
        fields.push(Field::new(*name, kind, true));
        arrays.push(array);
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
}
