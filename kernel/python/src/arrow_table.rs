//! Tables as Arrow record batches, whose arrays are the table's own columns, not copies.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Decimal128Array, DictionaryArray, Float64Array, Int64Array,
    LargeStringArray, RecordBatch, StringViewArray, UInt8Array,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use bytemuck::cast_slice;
use bytes::Bytes;
use paysim_kernel::rate::COST_PLACES;
use paysim_kernel::results::parallel::each;
use paysim_kernel::results::table::{Column, Table};

/// Digits of a cost column.
pub const COST_DIGITS: u8 = 38;

/// How texts are handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextForm {
    /// As they lie in memory, as string views and dictionaries, which not every reader takes.
    Views,
    /// Copied, each after the one before, which every reader takes.
    Plain,
}

/// Types and names of the columns.
pub fn schema(table: &Table, metadata: &[(String, String)], form: TextForm) -> SchemaRef {
    let fields = table.columns.iter().map(|(name, column)| {
        let kind = match (column, form) {
            (Column::Integer(_), _) => DataType::Int64,
            (Column::Real(_), _) => DataType::Float64,
            (Column::Boolean(_), _) => DataType::Boolean,
            (Column::Text(_), TextForm::Views) => DataType::Utf8View,
            (Column::Words(_), TextForm::Views) => words_type(),
            (Column::Text(_) | Column::Words(_), TextForm::Plain) => DataType::LargeUtf8,
            (Column::Cost(_), _) => DataType::Decimal128(COST_DIGITS, COST_PLACES as i8),
        };
        Field::new(name.as_ref(), kind, true)
    });
    let metadata: HashMap<_, _> = metadata.iter().cloned().collect();
    Arc::new(Schema::new_with_metadata(
        fields.collect::<Vec<_>>(),
        metadata,
    ))
}

/// Type of words: numbers into a list of them.
fn words_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::UInt8), Box::new(DataType::LargeUtf8))
}

/// The whole table as one batch, which keeps the table alive.
///
/// # Errors
/// Columns that do not make a table.
pub fn batch(
    table: &Arc<Table>,
    schema: SchemaRef,
    form: TextForm,
) -> Result<RecordBatch, ArrowError> {
    let columns = (0..table.columns.len()).collect();
    let arrays: Result<_, _> = each(columns, |at| array(table, at, form))
        .into_iter()
        .collect();
    RecordBatch::try_new(schema, arrays?)
}

fn array(table: &Arc<Table>, at: usize, form: TextForm) -> Result<ArrayRef, ArrowError> {
    let column = &table.columns[at].1;
    let own_values = || shared(table, move |table| values(&table.columns[at].1));
    let nulls = valid(column).map(|_| {
        let bits = shared(table, move |table| {
            valid(&table.columns[at].1).unwrap_or_default()
        });
        NullBuffer::new(BooleanBuffer::new(bits, 0, column.len()))
    });
    Ok(match column {
        Column::Integer(_) => Arc::new(Int64Array::try_new(own_values().into(), nulls)?),
        Column::Real(_) => Arc::new(Float64Array::try_new(own_values().into(), nulls)?),
        Column::Boolean(values) => {
            let bits = BooleanBuffer::from(values.values());
            Arc::new(BooleanArray::new(bits, nulls))
        }
        Column::Text(texts) if form == TextForm::Plain => {
            let rows = (0..column.len()).map(|row| texts.get(row));
            Arc::new(LargeStringArray::from_iter(rows))
        }
        Column::Text(texts) => {
            let buffer = |number: usize| {
                shared(table, move |table| match &table.columns[at].1 {
                    Column::Text(texts) => texts.buffers()[number].as_bytes(),
                    _ => &[],
                })
            };
            let buffers: Arc<[Buffer]> = (0..texts.buffers().len()).map(buffer).collect();
            // SAFETY: `Texts` makes its views of whole `str`s in its own buffers; where a
            // row is null, there is 0, which is the view of an empty text, or another such view. Checking a million of them takes 10 ms.
            Arc::new(unsafe { StringViewArray::new_unchecked(own_values().into(), buffers, nulls) })
        }
        Column::Words(words) if form == TextForm::Plain => {
            let rows = (0..column.len()).map(|row| words.get(row));
            Arc::new(LargeStringArray::from_iter(rows))
        }
        Column::Words(words) => {
            let keys = UInt8Array::try_new(own_values().into(), nulls)?;
            let words = LargeStringArray::from_iter_values(words.words());
            Arc::new(DictionaryArray::try_new(keys, Arc::new(words))?)
        }
        Column::Cost(_) => Arc::new(
            Decimal128Array::try_new(own_values().into(), nulls)?
                .with_precision_and_scale(COST_DIGITS, COST_PLACES as i8)?,
        ),
    })
}

fn values(column: &Column) -> &[u8] {
    match column {
        Column::Integer(values) => cast_slice(values.values()),
        Column::Real(values) => cast_slice(values.values()),
        Column::Boolean(_) => &[],
        Column::Text(texts) => cast_slice(texts.views().values()),
        Column::Words(words) => words.keys().values(),
        Column::Cost(values) => cast_slice(values.values()),
    }
}

fn valid(column: &Column) -> Option<&[u8]> {
    match column {
        Column::Integer(values) => values.valid(),
        Column::Real(values) => values.valid(),
        Column::Boolean(values) => values.valid(),
        Column::Text(texts) => texts.views().valid(),
        Column::Words(words) => words.keys().valid(),
        Column::Cost(values) => values.valid(),
    }
}

/// A part of a table, which keeps the whole alive.
struct Part<F> {
    table: Arc<Table>,
    bytes: F,
}

impl<F: Fn(&Table) -> &[u8]> AsRef<[u8]> for Part<F> {
    fn as_ref(&self) -> &[u8] {
        (self.bytes)(&self.table)
    }
}

fn shared(table: &Arc<Table>, bytes: impl Fn(&Table) -> &[u8] + Send + 'static) -> Buffer {
    let table = Arc::clone(table);
    Bytes::from_owner(Part { table, bytes }).into()
}
