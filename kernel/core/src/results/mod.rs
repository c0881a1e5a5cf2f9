//! What a run leaves behind: the event log as JSON lines, and tables derived on request.

pub mod bilateral_table;
pub mod bookings;
pub mod closed;
pub mod column;
pub mod day_figures;
pub mod delay_table;
pub mod event_columns;
pub mod event_lines;
pub mod event_table;
pub mod explain;
pub mod flows;
pub mod gridlocks;
pub mod moment;
pub mod parallel;
pub mod position_table;
pub mod queue_table;
pub mod rebuild;
pub mod summary;
pub mod table;
pub mod texts;
pub mod tick_tables;
pub mod trace;
pub mod transaction_table;
pub mod values;
pub mod words;

use std::fs::{self, File};
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};

/// Writes a file whole or not at all: under a temporary name beside it, then renamed.
///
/// # Errors
/// [`Error::Write`]; the temporary file is gone.
pub fn write_file(
    path: &Path,
    write: impl FnOnce(&mut (dyn Write + Send)) -> std::io::Result<()>,
) -> Result<()> {
    let name = path
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    // Two threads may write the same file, and a process of this id may have been killed here.
    let mut temporary = None;
    let attempt = || -> std::io::Result<()> {
        // A device or a pipe would be replaced by a file.
        if fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
            return Err(std::io::Error::other("it is not a file"));
        }
        let (file, beside) = new_file(path, &name)?;
        let beside = temporary.insert(beside);
        let mut file = BufWriter::with_capacity(1 << 18, file);
        write(&mut file)?;
        file.into_inner()
            .map_err(std::io::IntoInnerError::into_error)?
            .sync_all()?;
        fs::rename(beside, path)
    };
    attempt().map_err(|error| {
        if let Some(beside) = &temporary {
            // The write has failed already; a leftover is all that a failed removal adds.
            let _ = fs::remove_file(beside);
        }
        Error::Write {
            path: path.display().to_string(),
            reason: error.to_string(),
        }
    })
}

/// A new file beside a path, under a temporary name; a link that has the name is not followed.
fn new_file(path: &Path, name: &str) -> std::io::Result<(File, PathBuf)> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let mut tries = 100;
    loop {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        let beside = path.with_file_name(format!(".{name}.{process}-{number}.part"));
        match File::create_new(&beside) {
            Ok(file) => return Ok((file, beside)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && tries > 0 => tries -= 1,
            Err(error) => return Err(error),
        }
    }
}
