//! Given transactions: rows of text cells in, checked columns out.
//!
//! A file of payments is read row by row, whatever it is: CSV here, Parquet through whoever hands
//! over its cells. Every row is looked at, and whatever is wrong is told with its row and field,
//! so that nothing runs on half a file. Money and time never pass through a float.
//!
//! The crate knows files and texts. It holds no rule of settlement and knows nothing of Python.

#![forbid(unsafe_code)]

pub mod amount;
pub mod builder;
pub mod clock;
pub mod csv;
pub mod date_time;
pub mod dump;
pub mod field;
pub mod given;
pub mod locate;
pub mod lookup;
pub mod names;
pub mod problem;

pub use builder::{Builder, Cells, Reading, Settings};
pub use field::Field;
pub use given::Given;
pub use problem::{Problem, Problems};

/// Most rows of a file or a list of given transactions.
pub const ROWS_MAX: usize = 100_000_000;

/// Most bytes of a cell that is read.
pub const CELL_MAX: usize = 1024;

/// Most ticks of a run.
pub const TICKS_MAX: u32 = 1 << 31;

/// The last tick that a deadline may be.
pub const DEADLINE_MAX: u32 = u32::MAX - 1;
