//! Tables as Arrow record batches.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int64Array, LargeStringArray,
    RecordBatch,
};
use arrow_schema::{ArrowError, Field, Schema};
use paysim_kernel::rate::COST_PLACES;
use paysim_kernel::results::table::{Column, Table};

/// Digits of a cost column.
pub const COST_DIGITS: u8 = 38;

/// The whole table as one batch.
///
/// # Errors
/// Columns that do not make a table.
pub fn batch(table: &Table, metadata: &[(String, String)]) -> Result<RecordBatch, ArrowError> {
    let mut fields = Vec::with_capacity(table.columns.len());
    let mut arrays = Vec::with_capacity(table.columns.len());
    for (name, column) in &table.columns {
        let array = array(column)?;
        fields.push(Field::new(name.as_ref(), array.data_type().clone(), true));
        arrays.push(array);
    }
    let metadata: HashMap<_, _> = metadata.iter().cloned().collect();
    RecordBatch::try_new(
        Arc::new(Schema::new_with_metadata(fields, metadata)),
        arrays,
    )
}

fn array(column: &Column) -> Result<ArrayRef, ArrowError> {
    Ok(match column {
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
    })
}
