//! Tables as Parquet files: the columns of a row group are encoded side by side.

use std::io::{self, Write};
use std::sync::Arc;

use arrow_array::RecordBatch;
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use paysim_kernel::results::parallel::each;
use paysim_kernel::results::table::Table;

use crate::arrow_table::{TextForm, batch, schema};

/// Rows that are encoded at once.
const GROUP_ROWS: usize = 1 << 20;

/// Writes the table; the metadata stands in the file's key by key. The same table gives the same
/// bytes.
///
/// # Errors
/// What `out` raises.
pub fn write(
    table: &Arc<Table>,
    metadata: &[(String, String)],
    out: &mut (dyn Write + Send),
) -> io::Result<()> {
    let schema = schema(table, &[], TextForm::Views);
    let batch = batch(table, schema, TextForm::Views).map_err(io::Error::other)?;
    write_batch(&batch, metadata, out).map_err(|error| match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(inner) => io::Error::other(inner),
        },
        error => io::Error::other(error),
    })
}

fn write_batch(
    batch: &RecordBatch,
    metadata: &[(String, String)],
    out: &mut (dyn Write + Send),
) -> Result<(), ParquetError> {
    let schema = batch.schema();
    let keys = metadata
        .iter()
        .map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_key_value_metadata(Some(keys.collect()))
        .build();
    let converted = ArrowSchemaConverter::new().convert(&schema)?;
    let mut file =
        SerializedFileWriter::new(out, converted.root_schema_ptr(), Arc::new(properties))?;
    let groups = ArrowRowGroupWriterFactory::new(&file, Arc::clone(&schema));
    for (number, start) in (0..batch.num_rows()).step_by(GROUP_ROWS).enumerate() {
        let rows = batch.slice(start, GROUP_ROWS.min(batch.num_rows() - start));
        let writers = groups.create_column_writers(number)?;
        let columns = each(writers.into_iter().enumerate().collect(), |(at, writer)| {
            column(&rows, at, writer)
        });
        let mut group = file.next_row_group()?;
        for column in columns {
            column?.append_to_row_group(&mut group)?;
        }
        group.close()?;
    }
    file.close()?;
    Ok(())
}

fn column(
    rows: &RecordBatch,
    at: usize,
    mut writer: ArrowColumnWriter,
) -> Result<ArrowColumnChunk, ParquetError> {
    let schema = rows.schema_ref();
    for leaf in compute_leaves(schema.field(at), rows.column(at))? {
        writer.write(&leaf)?;
    }
    writer.close()
}
