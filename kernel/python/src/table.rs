//! Tables as Arrow arrays and streams (the PyCapsule interface), dicts, lists, CSV and Parquet.

use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{RecordBatchIterator, StructArray};
use arrow_schema::ArrowError;
use paysim_kernel::rate::cost_text;
use paysim_kernel::results::table::{self as core, Column};
use paysim_kernel::results::write_file;
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict, PyList};

use crate::arrow_stream;
use crate::arrow_table::{TextForm, batch, schema};
use crate::errors::{Whole, plain, refused, shown};
use crate::given_table::columns_of;
use crate::parquet_table;

/// A table of results.
#[pyclass(frozen, module = "paysim._kernel")]
pub struct Table {
    columns: Arc<core::Table>,
    /// What the columns come from, key by key.
    metadata: Vec<(String, String)>,
}

impl Table {
    /// A table without metadata.
    pub fn new(columns: core::Table) -> Self {
        Self {
            columns: Arc::new(columns),
            metadata: Vec::new(),
        }
    }
}

#[pymethods]
impl Table {
    /// The table of columns, each with its name, its kind and its values; None is null.
    #[staticmethod]
    fn from_columns(columns: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self::new(columns_of(columns)?))
    }

    /// The same table with this metadata, which goes with it to Arrow and Parquet.
    fn with_metadata(&self, metadata: &Bound<'_, PyDict>) -> PyResult<Self> {
        let text = |object: Bound<'_, PyAny>| match object.extract::<String>() {
            Ok(text) => Ok(text),
            Err(_) => Err(refused(format!("must be text (got {})", shown(&object)?))),
        };
        Ok(Self {
            columns: Arc::clone(&self.columns),
            metadata: metadata
                .iter()
                .map(|(key, value)| Ok((text(key)?, text(value)?)))
                .collect::<PyResult<_>>()?,
        })
    }

    /// What the columns come from, key by key.
    #[getter]
    fn metadata<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for (key, value) in &self.metadata {
            dict.set_item(key, value)?;
        }
        Ok(dict)
    }

    /// Names of the columns, in order.
    #[getter]
    fn column_names(&self) -> Vec<&str> {
        let columns = self.columns.columns.iter();
        columns.map(|(name, _)| name.as_ref()).collect()
    }

    fn __len__(&self) -> usize {
        self.columns.len()
    }

    /// What a prompt or a notebook shows of it: how large it is, and what its columns are called.
    fn __repr__(&self) -> String {
        let names = self.column_names().join(", ");
        format!("<Table of {} rows: {names}>", self.columns.len())
    }

    /// The table as an Arrow C stream of one batch; costs are decimal128(38, 19), all else int64,
    /// float64, bool or large_string. Only texts are copied, when the batch is taken.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // The interface lets a producer answer in its own types whatever is requested.
        let _ = requested_schema;
        let schema = schema(&self.columns, &self.metadata, TextForm::Plain);
        let (table, own) = (Arc::clone(&self.columns), Arc::clone(&schema));
        let batches = std::iter::once_with(move || batch(&table, own, TextForm::Plain));
        let reader = RecordBatchIterator::new(batches, schema);
        let stream = FFI_ArrowArrayStream::new(Box::new(reader));
        PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
    }

    /// The table as an Arrow C array: as the stream, with texts as string views and fixed words as
    /// dictionaries. Nothing is copied.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
        // As above.
        let _ = requested_schema;
        let wrong = |error: ArrowError| refused(error.to_string());
        let schema = schema(&self.columns, &self.metadata, TextForm::Views);
        let types = FFI_ArrowSchema::try_from(schema.as_ref()).map_err(wrong)?;
        let batch = batch(&self.columns, schema, TextForm::Views).map_err(wrong)?;
        let array = FFI_ArrowArray::new(&StructArray::from(batch).into());
        Ok((
            PyCapsule::new_with_value(py, types, c"arrow_schema")?,
            PyCapsule::new_with_value(py, array, c"arrow_array")?,
        ))
    }

    /// One dict per row; costs are exact decimals as text.
    fn to_dicts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let rows = PyList::empty(py);
        for row in 0..self.columns.len() {
            let dict = PyDict::new(py);
            for (name, column) in &self.columns.columns {
                dict.set_item(name, value(py, column, row)?)?;
            }
            rows.append(dict)?;
        }
        Ok(rows)
    }

    /// The values of one column; costs are exact decimals as text.
    fn column<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let found = self.columns.columns.iter().find(|(own, _)| own == name);
        let (_, column) = found.ok_or_else(|| PyKeyError::new_err(name.to_owned()))?;
        (0..column.len())
            .map(|row| value(py, column, row))
            .collect()
    }

    /// Writes the table as CSV, whole or not at all; the number of rows.
    fn write_csv(&self, py: Python<'_>, path: PathBuf) -> PyResult<usize> {
        py.detach(|| write_file(&path, |out| self.columns.write_csv(out)))
            .map_err(plain)?;
        Ok(self.columns.len())
    }

    /// At most `length` rows after the first `offset`, with the same metadata.
    fn slice(&self, offset: Whole, length: Whole) -> PyResult<Self> {
        let offset = offset.narrow("offset", "at least 0")?;
        let length = length.narrow("length", "at least 0")?;
        Ok(Self {
            columns: Arc::new(self.columns.slice(offset, length)),
            metadata: self.metadata.clone(),
        })
    }

    /// Writes the table as an Arrow IPC stream, whole or not at all; the number of rows.
    fn write_arrow(&self, py: Python<'_>, path: PathBuf) -> PyResult<usize> {
        let write = |out: &mut (dyn std::io::Write + Send)| {
            arrow_stream::write(&self.columns, &self.metadata, out)
        };
        py.detach(|| write_file(&path, write)).map_err(plain)?;
        Ok(self.columns.len())
    }

    /// Writes the table as Parquet, whole or not at all; the number of rows.
    fn write_parquet(&self, py: Python<'_>, path: PathBuf) -> PyResult<usize> {
        let write = |out: &mut (dyn std::io::Write + Send)| {
            parquet_table::write(&self.columns, &self.metadata, out)
        };
        py.detach(|| write_file(&path, write)).map_err(plain)?;
        Ok(self.columns.len())
    }
}

fn value<'py>(py: Python<'py>, column: &Column, row: usize) -> PyResult<Bound<'py, PyAny>> {
    Ok(match column {
        Column::Integer(values) => values.get(row).into_pyobject(py)?.into_any(),
        Column::Real(values) => values.get(row).into_pyobject(py)?.into_any(),
        Column::Boolean(values) => values.get(row).into_pyobject(py)?.into_any(),
        Column::Text(texts) => texts.get(row).into_pyobject(py)?.into_any(),
        Column::Words(words) => words.get(row).into_pyobject(py)?.into_any(),
        Column::Cost(values) => values.get(row).map(cost_text).into_pyobject(py)?.into_any(),
    })
}
