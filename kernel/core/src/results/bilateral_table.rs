//! What passes between each two agents in a day.
//!
//! Memory follows the pairs that have transactions, not the square of the number of agents.

use crate::error::{Error, Result};
use crate::event::{Event, Kind};
use crate::ids::{AgentId, TransactionId};
use crate::results::closed::{Figures, closed_events, day, days};
use crate::results::event_columns::push_name;
use crate::results::table::{Coded, Table};
use crate::system::System;

/// A count of transactions and their value, which the table has to hold anyway.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    volume: u32,
    value: i64,
}

impl Count {
    fn add(&mut self, amount: i64) -> Result<()> {
        let sum = self.value.checked_add(amount);
        self.value = sum.ok_or_else(|| Error::overflow("the value between two agents in a day"))?;
        self.volume += 1;
        Ok(())
    }

    fn remove(&mut self, amount: i64) {
        self.volume -= 1;
        self.value -= amount;
    }
}

/// One ordered pair in the day at hand.
#[derive(Debug, Clone, Copy, Default)]
struct Pair {
    arrived: Count,
    settled: Count,
    by_mechanism: Count,
    /// Held or queued now.
    unsettled: Count,
}

impl Pair {
    fn follow(&mut self, event: &Event, amount: i64) -> Result<()> {
        match event.kind {
            Kind::Arrived => {
                self.arrived.add(amount)?;
                self.unsettled.add(amount)
            }
            Kind::PartCreated => self.unsettled.add(amount),
            Kind::Settled => {
                self.unsettled.remove(amount);
                if event.cause.is_mechanism() {
                    self.by_mechanism.add(amount)?;
                }
                self.settled.add(amount)
            }
            _ => {
                self.unsettled.remove(amount);
                Ok(())
            }
        }
    }
}

/// One row per day and ordered pair of agents with anything to count.
///
/// # Errors
/// [`Error::Overflow`] if a sum does not fit.
pub fn bilateral(system: &System) -> Result<Table> {
    let (parties, pair_of) = pairs(system);
    let mut all = vec![Pair::default(); parties.len()];
    let mut is_noted = vec![false; parties.len()];
    let mut of_day: Vec<u32> = Vec::new();
    let mut head = Figures::new(&["day"]);
    let (mut senders, mut receivers) = (Coded::default(), Coded::default());
    let mut body = Figures::new(&[
        "arrived_volume",
        "arrived_value",
        "settled_volume",
        "settled_value",
        "lsm_volume",
        "lsm_value",
        "unsettled_volume",
        "unsettled_value",
    ]);
    let mut events = closed_events(system).peekable();
    for today in 0..days(system) {
        while let Some(event) = events.next_if(|event| day(system, event.tick) == today) {
            let is_flow = matches!(
                event.kind,
                Kind::Arrived | Kind::PartCreated | Kind::Split | Kind::Cancelled | Kind::Settled
            );
            if is_flow {
                let id = TransactionId(event.transaction);
                let pair = pair_of[id.ix()];
                all[pair as usize].follow(&event, system.state().transactions[id].amount)?;
                if !is_noted[pair as usize] {
                    is_noted[pair as usize] = true;
                    of_day.push(pair);
                }
            }
        }
        of_day.sort_unstable();
        for &pair in &of_day {
            let Pair {
                arrived,
                settled,
                by_mechanism,
                unsettled,
            } = all[pair as usize];
            let counts = [arrived, settled, by_mechanism, unsettled];
            if counts.iter().any(|count| count.volume > 0) {
                let (sender, receiver) = parties[pair as usize];
                head.push([Some(i128::from(today))])?;
                push_name(&mut senders, system, Some(sender.0));
                push_name(&mut receivers, system, Some(receiver.0));
                let figures = counts.map(|c| [i128::from(c.volume), i128::from(c.value)]);
                body.push(figures.into_iter().flatten().map(Some))?;
            }
        }
        // What is unsettled is there tomorrow; all else begins anew.
        of_day.retain(|&pair| {
            let unsettled = all[pair as usize].unsettled;
            all[pair as usize] = Pair {
                unsettled,
                ..Pair::default()
            };
            is_noted[pair as usize] = unsettled.volume > 0;
            unsettled.volume > 0
        });
    }
    let mut columns: Vec<_> = head.into_columns().collect();
    columns.push(("sender_id", senders.into()));
    columns.push(("receiver_id", receivers.into()));
    columns.extend(body.into_columns());
    Ok(Table::new(columns))
}

/// The pairs that occur, in scenario order, and the number of each transaction's pair.
fn pairs(system: &System) -> (Vec<(AgentId, AgentId)>, Vec<u32>) {
    let transactions = &system.state().transactions;
    let agents = system.names().len();
    let all = transactions.iter();
    let parties = all.map(|(id, row)| ((row.sender, row.receiver), id));
    let by_receiver = sorted(parties.collect(), agents, |(_, receiver)| receiver);
    let by_pair = sorted(by_receiver, agents, |(sender, _)| sender);
    let mut pairs = Vec::new();
    let mut pair_of = vec![0; by_pair.len()];
    for (pair, id) in by_pair {
        if pairs.last() != Some(&pair) {
            pairs.push(pair);
        }
        // There are no more pairs than transactions, whose numbers have 32 bits.
        pair_of[id.ix()] = pairs.len() as u32 - 1;
    }
    (pairs, pair_of)
}

/// Two agents and a transaction between them.
type Between = ((AgentId, AgentId), TransactionId);

/// The same by one of the two agents, otherwise in the order they had.
fn sorted(
    all: Vec<Between>,
    agents: usize,
    key: impl Fn((AgentId, AgentId)) -> AgentId,
) -> Vec<Between> {
    let mut next = vec![0_usize; agents + 1];
    for (parties, _) in &all {
        next[key(*parties).ix() + 1] += 1;
    }
    for at in 0..agents {
        next[at + 1] += next[at];
    }
    let mut sorted = all.clone();
    for between in all {
        let place = &mut next[key(between.0).ix()];
        sorted[*place] = between;
        *place += 1;
    }
    sorted
}
