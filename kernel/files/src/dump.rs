//! Given transactions as compact bytes, for what is saved with a run.

use paysim_kernel::transaction::GivenIds;
use serde::{Deserialize, Serialize};

use crate::given::Given;
use crate::names::Printable;
use crate::{ROWS_MAX, TICKS_MAX};

/// What the bytes begin with: a name and the version of the form.
const HEAD: &[u8] = b"paysim given 1\n";

#[derive(Serialize)]
struct Columns<'a> {
    names: Vec<&'a str>,
    senders: Vec<u32>,
    receivers: Vec<u32>,
    amounts: Vec<i64>,
    arrival_ticks: Vec<u32>,
    deadline_ticks: Option<Vec<u32>>,
    priorities: Option<Vec<u8>>,
    divisible: Option<Vec<bool>>,
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
/// Nothing is made room for that the bytes do not hold, and reading ends at the first row that
/// cannot be one.
///
/// # Errors
/// What is wrong with the bytes, or with the transactions in them.
pub fn load(bytes: &[u8], printable: Printable<'_>) -> Result<Given, String> {
    let body = bytes.strip_prefix(HEAD);
    let given = body
        .and_then(read)
        .ok_or_else(|| "given transactions are damaged, or of another version".to_owned())?;
    given
        .check(printable)
        .map_err(|error| format!("given transactions are damaged: {error}"))?;
    Ok(given.canonical())
}

fn read(body: &[u8]) -> Option<Given> {
    let mut rest = Rest(body);
    // The names wait until the rows are counted: each must occur in one.
    let count = rest.next::<usize>()?;
    let mut names = Rest(rest.0);
    for _ in 0..count {
        if rest.next::<&str>()?.is_empty() {
            return None;
        }
    }
    let rows = Rest(rest.0).next::<usize>()?;
    // Four columns must hold a byte of each row.
    if rows > ROWS_MAX || rows > rest.0.len() / 4 || count > 2 * rows {
        return None;
    }
    let senders = rest.column(rows, |_, &sender: &u32| (sender as usize) < count)?;
    let receivers = rest.column(rows, |row, &receiver: &u32| {
        (receiver as usize) < count && receiver != senders[row]
    })?;
    let amounts = rest.column(rows, |_, &amount: &i64| amount > 0)?;
    let arrival_ticks = rest.column(rows, |_, &tick: &u32| tick < TICKS_MAX)?;
    let deadline_ticks = rest.optional(rows)?;
    let priorities = rest.optional(rows)?;
    let divisible = rest.optional(rows)?;
    let mut ids = GivenIds::default();
    let with_id = rest.next::<usize>()?;
    if with_id != 0 && with_id != rows {
        return None;
    }
    for _ in 0..with_id {
        let id = rest.next::<&str>()?;
        if id.is_empty() {
            return None;
        }
        ids.push(id);
    }
    let names = (0..count).map(|_| names.next::<&str>().map(str::to_owned));
    rest.0.is_empty().then_some(Given {
        names: names.collect::<Option<_>>()?,
        senders,
        receivers,
        amounts,
        arrival_ticks,
        deadline_ticks,
        priorities,
        divisible,
        ids,
    })
}

/// Bytes that are still to be read, value by value.
struct Rest<'b>(&'b [u8]);

impl<'b> Rest<'b> {
    #[inline]
    fn next<T: Deserialize<'b>>(&mut self) -> Option<T> {
        let (value, rest) = postcard::take_from_bytes(self.0).ok()?;
        self.0 = rest;
        Some(value)
    }

    /// A column of so many rows, all of them as they must be.
    fn column<T: Deserialize<'b>>(
        &mut self,
        rows: usize,
        is_good: impl Fn(usize, &T) -> bool,
    ) -> Option<Vec<T>> {
        if self.next::<usize>()? != rows || rows > self.0.len() {
            return None;
        }
        let mut column = Vec::new();
        column.try_reserve_exact(rows).ok()?;
        for row in 0..rows {
            let value = self.next()?;
            if !is_good(row, &value) {
                return None;
            }
            column.push(value);
        }
        Some(column)
    }

    /// A column that may be absent.
    fn optional<T: Deserialize<'b>>(&mut self, rows: usize) -> Option<Option<Vec<T>>> {
        if self.next::<bool>()? {
            self.column(rows, |_, _| true).map(Some)
        } else {
            Some(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: u32 = 3_000_000;

    fn dumped(change: impl Fn(&mut Columns<'_>)) -> Vec<u8> {
        let mut columns = Columns {
            names: vec!["A", "B"],
            senders: vec![0],
            receivers: vec![1],
            amounts: vec![5],
            arrival_ticks: vec![3],
            deadline_ticks: None,
            priorities: None,
            divisible: None,
            ids: Vec::new(),
        };
        change(&mut columns);
        postcard::to_extend(&columns, HEAD.to_vec()).unwrap_or_default()
    }

    fn is_good(bytes: &[u8]) -> bool {
        load(bytes, &|_| true).is_ok()
    }

    /// Lengths and names that no transactions have are refused, and nothing is lost of good ones.
    #[test]
    fn forged_columns() {
        assert!(is_good(&dumped(|_| ())));
        assert!(is_good(&dumped(|columns| columns.ids = vec!["x"])));
        assert!(is_good(&dumped(
            |columns| columns.divisible = Some(vec![false])
        )));
        let changes: [fn(&mut Columns<'_>); 12] = [
            |columns| columns.names = vec![""; ROWS as usize],
            |columns| columns.names = vec!["A", "B", "C"],
            |columns| columns.senders = vec![0; ROWS as usize],
            |columns| columns.senders = vec![2],
            |columns| columns.receivers = vec![0],
            |columns| columns.amounts = vec![0],
            |columns| columns.amounts = vec![5; 2],
            |columns| columns.arrival_ticks = vec![TICKS_MAX],
            |columns| columns.priorities = Some(Vec::new()),
            |columns| columns.deadline_ticks = Some(vec![1; 2]),
            |columns| columns.ids = vec!["x", "y"],
            |columns| columns.ids = vec![""],
        ];
        for change in changes {
            let bytes = dumped(change);
            assert!(!is_good(&bytes));
            assert!(bytes.strip_prefix(HEAD).and_then(read).is_none());
        }
    }

    /// A length beyond the bytes that are there is refused before room is made for it.
    #[test]
    fn forged_lengths() {
        let whole = dumped(|_| ());
        for at in HEAD.len()..whole.len() {
            let mut bytes = whole[..at].to_vec();
            bytes.extend([0xff, 0xff, 0xff, 0xff, 0x7f]);
            bytes.extend(&whole[at + 1..]);
            let _ = load(&bytes, &|_| true);
        }
    }
}
