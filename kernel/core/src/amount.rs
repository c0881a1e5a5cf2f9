//! Money in integer minor units, and the bounds that keep sums of it exact.

use crate::error::{Error, Result};
use crate::ids::AgentId;

/// Largest amount of one transaction, balance, credit limit or pool at the door, in minor units.
///
/// The sum of opening balances, credit limits and pools has the same bound, so that without loans
/// no balance can leave it.
pub const AMOUNT_MAX: i64 = 4_000_000_000_000_000_000;

/// Largest magnitude of a balance during a run, in minor units.
///
/// `BALANCE_MAX + AMOUNT_MAX` fits in an `i64`, so a balance plus an amount, or a balance less a
/// floor, never wraps before it is checked.
pub const BALANCE_MAX: i64 = 1 << 62;

/// Narrows a sum to a balance of `agent`.
///
/// # Errors
/// [`Error::Balance`] if its magnitude is above [`BALANCE_MAX`].
#[inline]
pub fn bounded(sum: i128, agent: AgentId) -> Result<i64> {
    match i64::try_from(sum) {
        Ok(value) if (-BALANCE_MAX..=BALANCE_MAX).contains(&value) => Ok(value),
        _ => Err(Error::Balance { agent }),
    }
}
