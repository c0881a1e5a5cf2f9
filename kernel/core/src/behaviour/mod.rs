//! What happens to an agent and what it wants: arrivals and compiled policies.
//!
//! This module draws and decides; it never moves money. Settlement sees only what it produces:
//! transactions and decisions.

pub mod arrivals;
pub mod policies;
pub mod sampling;
pub mod stream;
