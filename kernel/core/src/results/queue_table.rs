//! Stays in the queues: from when to when, why, and how each ended.

use crate::error::Result;
use crate::event::{Event, Kind};
use crate::ids::{NONE, Tick, TransactionId};
use crate::results::closed::{Figures, closed_events};
use crate::results::event_columns::push_name;
use crate::results::table::{Coded, Column, Table, Texts, Words};
use crate::system::System;
use crate::transaction::known;

/// One stay of a transaction in a queue.
struct Stay {
    transaction: TransactionId,
    is_central: bool,
    priority: u8,
    joined: Tick,
    /// Or [`NONE`].
    left: Tick,
    cause: &'static str,
    /// How it ended; nothing while it lasts.
    outcome: Option<&'static str>,
}

/// One row per stay, in order of joining.
///
/// Every stay in the central queue has one; a stay in an internal queue if it lasted to the end of a
/// tick, as all others pass through theirs on the way.
///
/// # Errors
/// [`crate::Error::Overflow`] if a figure does not fit.
pub fn queues(system: &System) -> Result<Table> {
    let transactions = &system.state().transactions;
    let (mut queues, mut ids) = (Words::default(), Texts::default());
    let (mut senders, mut receivers) = (Coded::default(), Coded::default());
    let (mut causes, mut outcomes) = (Words::default(), Words::default());
    let mut figures = Figures::new(&["amount", "priority", "joined_tick", "left_tick"]);
    for stay in stays(system) {
        if !stay.is_central && stay.joined == stay.left {
            continue;
        }
        let row = &transactions[stay.transaction];
        queues.push_word(Some(match stay.is_central {
            true => "central",
            false => "internal",
        }));
        ids.push_with(|out| transactions.write_id(stay.transaction, system.names(), out));
        push_name(&mut senders, system, Some(row.sender.0));
        push_name(&mut receivers, system, Some(row.receiver.0));
        figures.push([
            Some(i128::from(row.amount)),
            Some(i128::from(stay.priority)),
            Some(i128::from(stay.joined)),
            known(stay.left).map(i128::from),
        ])?;
        causes.push_word(Some(stay.cause));
        outcomes.push_word(stay.outcome);
    }
    let mut columns = vec![
        ("queue", Column::Words(queues)),
        ("transaction_id", Column::Text(ids)),
        ("agent_id", senders.into()),
        ("receiver_id", receivers.into()),
    ];
    columns.extend(figures.into_columns());
    columns.push(("cause", Column::Words(causes)));
    columns.push(("outcome", Column::Words(outcomes)));
    Ok(Table::new(columns))
}

/// Every stay, in order of joining.
fn stays(system: &System) -> Vec<Stay> {
    let transactions = &system.state().transactions;
    let mut stays: Vec<Stay> = Vec::new();
    let mut priorities = vec![0; transactions.len() as usize];
    // Number of each transaction's stay at hand.
    let mut current = vec![NONE; transactions.len() as usize];
    for event in closed_events(system) {
        let id = TransactionId(event.transaction);
        match event.kind {
            Kind::Arrived | Kind::PartCreated => {
                priorities[id.ix()] = transactions[id].priority_at_arrival;
            }
            Kind::Reprioritised => {
                priorities[id.ix()] = u8::try_from(event.value).unwrap_or(u8::MAX);
            }
            _ => {}
        }
        let outcome = leaving(&event);
        if outcome.is_some()
            && let Some(stay) = stays.get_mut(current[id.ix()] as usize)
        {
            (stay.left, stay.outcome) = (event.tick, outcome);
            current[id.ix()] = NONE;
        }
        if let Some((is_central, cause)) = joining(&event) {
            // There are fewer stays than events, of which memory has no room for so many.
            current[id.ix()] = stays.len() as u32;
            stays.push(Stay {
                transaction: id,
                is_central,
                priority: priorities[id.ix()],
                joined: event.tick,
                left: NONE,
                cause,
                outcome: None,
            });
        }
    }
    stays
}

/// Whether the queue that an event puts its transaction into is the central one, and why.
fn joining(event: &Event) -> Option<(bool, &'static str)> {
    match event.kind {
        Kind::Arrived => Some((false, "arrival")),
        Kind::Withdrawn => Some((false, "withdrawn")),
        Kind::Queued => Some((true, event.cause.word().unwrap_or_default())),
        _ => None,
    }
}

/// How an event takes its transaction out of the queue it is in.
fn leaving(event: &Event) -> Option<&'static str> {
    match event.kind {
        Kind::Released => Some("released"),
        Kind::Split => Some("split"),
        Kind::Withdrawn => Some("withdrawn"),
        Kind::Cancelled => Some("cancelled"),
        Kind::Settled => event.cause.word(),
        _ => None,
    }
}
