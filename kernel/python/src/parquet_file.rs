//! Parquet files: the names of their columns, and their rows batch by batch.
//!
//! The decoder panics at some damaged files. That is caught here, without a word on standard error,
//! and told as any other damage.

use std::cell::Cell;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::path::Path;
use std::sync::Once;

use arrow_array::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use paysim_files::Field;
use paysim_files::csv::Failure;

/// Rows that are decoded at once.
const BATCH_ROWS: usize = 1 << 14;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// The names of the columns, in order.
///
/// # Errors
/// The file cannot be read, or is damaged.
pub fn column_names(path: &Path) -> Result<Vec<String>, Failure> {
    let builder = open(path)?;
    let fields = builder.schema().fields().iter();
    Ok(fields.map(|field| field.name().clone()).collect())
}

/// The wanted columns of a file, batch by batch.
pub struct Batches {
    reader: ParquetRecordBatchReader,
    is_over: bool,
}

impl Batches {
    /// Opens a file; also where each wanted column stands in a batch.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged.
    pub fn open(
        path: &Path,
        columns: &[(Field, usize)],
    ) -> Result<(Self, Vec<(Field, usize)>), Failure> {
        let builder = open(path)?;
        let mut roots: Vec<usize> = columns.iter().map(|&(_, column)| column).collect();
        roots.sort_unstable();
        roots.dedup();
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots.iter().copied());
        let builder = builder.with_projection(mask).with_batch_size(BATCH_ROWS);
        let reader = guarded(|| builder.build().map_err(|error| error.to_string()))?;
        let place = |column: usize| roots.partition_point(|&root| root < column);
        let places = columns
            .iter()
            .map(|&(field, column)| (field, place(column)));
        let batches = Self {
            reader,
            is_over: false,
        };
        Ok((batches, places.collect()))
    }
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let next = guarded(|| self.reader.next().transpose().map_err(|e| e.to_string()));
        // After damage there is no telling what the reader would give.
        self.is_over = !matches!(next, Ok(Some(_)));
        next.transpose()
    }
}

fn open(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>, Failure> {
    let file = File::open(path).map_err(Failure::Io)?;
    guarded(|| ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| error.to_string()))
}

/// Runs a part of the decoder; a panic in it is an error like those that it returns.
fn guarded<T>(part: impl FnOnce() -> Result<T, String>) -> Result<T, Failure> {
    quieten();
    QUIET.set(true);
    let done = catch_unwind(AssertUnwindSafe(part));
    QUIET.set(false);
    let found = match done {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(text)) => text,
        Err(_) => "parts that contradict each other".to_owned(),
    };
    let found: Vec<&str> = found.split_whitespace().collect();
    let mut found = found.join(" ");
    if let Some((end, _)) = found.char_indices().nth(200) {
        found.truncate(end);
    }
    let expected = "must be a Parquet file that can be read";
    Err(Failure::Shape(expected.into(), found))
}

/// Lets panics of guarded parts leave nothing on standard error; all others are told as ever.
fn quieten() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let told = take_hook();
        set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                told(panic);
            }
        }));
    });
}
