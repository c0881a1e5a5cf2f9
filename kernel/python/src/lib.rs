//! The kernel as a Python extension: convert, call, convert.

mod arrow_cells;
mod arrow_stream;
mod arrow_table;
mod convert;
mod errors;
mod figures;
mod files;
mod given;
mod given_table;
mod history;
mod kernel;
mod parquet_file;
mod parquet_table;
mod table;
mod view;

use pyo3::prelude::*;

/// Settlement kernel of paysim.
#[pymodule]
mod _kernel {
    use super::{Bound, PyModule, PyModuleMethods, PyResult};

    #[pymodule_export]
    use super::files::{csv_header, parquet_header, read_csv, read_parquet};
    #[pymodule_export]
    use super::given::GivenTransactions;
    #[pymodule_export]
    use super::kernel::Kernel;
    #[pymodule_export]
    use super::table::Table;
    #[pymodule_export]
    use super::view::{QueuedTransaction, View};

    /// Largest amount, in minor units.
    #[pymodule_export]
    const AMOUNT_MAX: i64 = paysim_kernel::amount::AMOUNT_MAX;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
