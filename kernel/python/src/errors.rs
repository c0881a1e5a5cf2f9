//! The kernel's errors in Python's words: the one place where they change language.

use paysim_kernel::{Error, System};
use pyo3::import_exception;
use pyo3::prelude::*;
use pyo3::types::PyInt;

import_exception!(paysim.errors, PaysimError);
import_exception!(paysim.errors, ScenarioError);
import_exception!(paysim.errors, TooManyEvents);

/// The exception for an error, with its text as it should read.
fn exception(error: &Error, text: String) -> PyErr {
    match error {
        Error::Spec(_) => ScenarioError::new_err(text),
        Error::Full { .. } => TooManyEvents::new_err(text),
        Error::Overflow { .. }
        | Error::Balance { .. }
        | Error::Decision { .. }
        | Error::OutOfOrder(_)
        | Error::Saved(_)
        | Error::Write { .. } => PaysimError::new_err(text),
    }
}

/// What a system answered; an error names agents and transactions by their ids.
pub fn told<T>(system: &System, result: Result<T, Error>) -> PyResult<T> {
    result.map_err(|error| exception(&error, system.describe(&error)))
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

/// A value as errors show it: one short line, whatever it is.
pub fn shown(value: &Bound<'_, PyAny>) -> PyResult<String> {
    let errors = value.py().import("paysim.errors")?;
    errors.call_method1("shown", (value,))?.extract()
}

/// An int argument.
#[derive(Debug, Clone, Copy)]
pub struct Whole(pub i64);

impl FromPyObject<'_, '_> for Whole {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if !object.is_exact_instance_of::<PyInt>() {
            return Err(refused(format!("must be int (got {})", object.repr()?)));
        }
        object
            .extract::<i64>()
            .map(Self)
            .map_err(|_| refused("must be an int of 64 bits (got a larger one)".to_owned()))
    }
}

impl Whole {
    /// The number in a narrower type; `what` names it in the refusal.
    pub fn narrow<T: TryFrom<i64>>(self, what: &str, expected: &str) -> PyResult<T> {
        T::try_from(self.0)
            .map_err(|_| refused(format!("{what} must be {expected} (got {})", self.0)))
    }
}
