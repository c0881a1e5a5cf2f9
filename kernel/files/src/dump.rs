//! Given transactions as compact bytes, for what is saved with a run.

use paysim_kernel::transaction::GivenIds;
use serde::{Deserialize, Serialize};

use crate::given::Given;
use crate::names::Printable;

/// What the bytes begin with: a name and the version of the form.
const HEAD: &[u8] = b"paysim given 1\n";

#[derive(Serialize, Deserialize)]
struct Columns<'a> {
    #[serde(borrow)]
    names: Vec<&'a str>,
    senders: Vec<u32>,
    receivers: Vec<u32>,
    amounts: Vec<i64>,
    arrival_ticks: Vec<u32>,
    deadline_ticks: Option<Vec<u32>>,
    priorities: Option<Vec<u8>>,
    divisible: Option<Vec<bool>>,
    #[serde(borrow)]
    ids: Vec<&'a str>,
}

/// The transactions as bytes that [`load`] reads.
///
/// # Errors
/// A text, if they cannot be written.
pub fn dump(given: &Given) -> Result<Vec<u8>, String> {
    let columns = Columns {
        names: given.names.iter().map(String::as_str).collect(),
        senders: given.senders.clone(),
        receivers: given.receivers.clone(),
        amounts: given.amounts.clone(),
        arrival_ticks: given.arrival_ticks.clone(),
        deadline_ticks: given.deadline_ticks.clone(),
        priorities: given.priorities.clone(),
        divisible: given.divisible.clone(),
        ids: (0..given.ids.len())
            .filter_map(|row| given.ids.get(row))
            .collect(),
    };
    postcard::to_extend(&columns, HEAD.to_vec()).map_err(|error| error.to_string())
}

/// The transactions in bytes of any origin.
///
/// # Errors
/// What is wrong with the bytes, or with the transactions in them.
pub fn load(bytes: &[u8], printable: Printable<'_>) -> Result<Given, String> {
    let damaged = || "given transactions are damaged, or of another version".to_owned();
    let body = bytes.strip_prefix(HEAD).ok_or_else(damaged)?;
    let (columns, rest) = postcard::take_from_bytes::<Columns<'_>>(body).map_err(|_| damaged())?;
    if !rest.is_empty() {
        return Err(damaged());
    }
    let mut ids = GivenIds::default();
    for id in columns.ids {
        ids.push(id);
    }
    let given = Given {
        names: columns.names.into_iter().map(str::to_owned).collect(),
        senders: columns.senders,
        receivers: columns.receivers,
        amounts: columns.amounts,
        arrival_ticks: columns.arrival_ticks,
        deadline_ticks: columns.deadline_ticks,
        priorities: columns.priorities,
        divisible: columns.divisible,
        ids,
    };
    given
        .check(printable)
        .map_err(|error| format!("given transactions are damaged: {error}"))?;
    Ok(given.canonical())
}
