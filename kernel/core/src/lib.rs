//! The settlement kernel of paysim.
//!
//! It settles transactions gross in real time, works off queues, runs liquidity-saving mechanisms
//! and accrues costs, tick by tick. It draws arrivals and applies the compiled release policies.
//!
//! It is a function of its specification and the decisions it is given: no clock, no files but
//! those it is told to write, no environment, no logging, no hash order. Floating point samples
//! arrivals and reports liquidity pressure; no money, no order and no cost passes through it. It
//! knows nothing of Python.

#![forbid(unsafe_code)]

pub mod amount;
pub mod behaviour;
pub mod checkpoint;
pub mod costs;
mod decision;
pub mod error;
pub mod event;
pub mod ids;
pub mod journal;
pub mod ledger;
mod look;
pub mod ordered;
pub mod outages;
pub mod penalties;
pub mod queue;
pub mod rate;
pub mod results;
pub mod rules;
pub mod scenario_events;
pub mod spec;
pub mod state;
pub mod system;
pub mod transaction;

pub use decision::{Decision, NO_BUDGET};
pub use error::{Error, Result};
pub use system::{Outcome, System};
