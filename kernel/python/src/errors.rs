//! The kernel's errors in Python's words: the one place where they change language.

use paysim_kernel::Error;
use pyo3::import_exception;
use pyo3::prelude::*;

import_exception!(paysim.errors, PaysimError);
import_exception!(paysim.errors, ScenarioError);

/// The exception for an error, with its text as it should read.
pub fn exception(error: &Error, text: String) -> PyErr {
    match error {
        Error::Spec(_) => ScenarioError::new_err(text),
        Error::Overflow { .. }
        | Error::Balance { .. }
        | Error::Decision { .. }
        | Error::OutOfOrder(_)
        | Error::Write { .. } => PaysimError::new_err(text),
    }
}

/// The exception for an error that names no agent.
pub fn plain(error: Error) -> PyErr {
    let text = error.to_string();
    exception(&error, text)
}

/// A refusal of an argument.
pub fn refused(text: String) -> PyErr {
    PaysimError::new_err(text)
}
