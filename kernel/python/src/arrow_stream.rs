//! Tables as Arrow IPC streams.

use std::io::{self, Write};
use std::sync::Arc;

use arrow_ipc::writer::StreamWriter;
use arrow_schema::ArrowError;
use paysim_kernel::results::table::Table;

use crate::arrow_table::{TextForm, batch, schema};

/// Rows of a batch.
const BATCH_ROWS: usize = 1 << 16;

/// Writes the table, with the schema and the metadata that it has as an Arrow C stream.
///
/// # Errors
/// What `out` raises.
pub fn write(
    table: &Arc<Table>,
    metadata: &[(String, String)],
    out: &mut (dyn Write + Send),
) -> io::Result<()> {
    write_batches(table, metadata, out).map_err(|error| match error {
        ArrowError::IoError(_, error) => error,
        error => io::Error::other(error),
    })
}

fn write_batches(
    table: &Arc<Table>,
    metadata: &[(String, String)],
    out: &mut (dyn Write + Send),
) -> Result<(), ArrowError> {
    let schema = schema(table, metadata, TextForm::Plain);
    let mut stream = StreamWriter::try_new(out, &schema)?;
    let batch = batch(table, schema, TextForm::Plain)?;
    for start in (0..batch.num_rows()).step_by(BATCH_ROWS) {
        stream.write(&batch.slice(start, BATCH_ROWS.min(batch.num_rows() - start)))?;
    }
    stream.finish()
}
