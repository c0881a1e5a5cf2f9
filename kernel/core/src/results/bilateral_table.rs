//! What passes between each two agents in a day.
//!
//! Memory follows the pairs that have transactions, not the square of the number of agents.

use crate::error::Result;
use crate::event::{Event, Kind};
use crate::ids::TransactionId;
use crate::results::closed::{Figures, closed_events, day, days};
use crate::results::event_table::push_name;
use crate::results::rebuild::Flow;
use crate::results::table::{Column, Table, Texts};
use crate::system::System;

/// One ordered pair in the day at hand.
#[derive(Debug, Clone, Default)]
struct Pair {
    arrived: Flow,
    settled: Flow,
    by_mechanism: Flow,
    /// Held or queued now.
    unsettled: Flow,
    /// Whether it is noted among those of the day.
    noted: bool,
}

impl Pair {
    fn follow(&mut self, event: &Event, amount: i64) {
        match event.kind {
            Kind::Arrived => {
                self.arrived.count(amount);
                self.unsettled.count(amount);
            }
            Kind::PartCreated => self.unsettled.count(amount),
            Kind::Split | Kind::Cancelled => self.unsettled.remove(amount),
            Kind::Settled => {
                self.settled.count(amount);
                self.unsettled.remove(amount);
                if event.cause.is_mechanism() {
                    self.by_mechanism.count(amount);
                }
            }
            _ => {}
        }
    }

    /// The row of the day, unless there is nothing to count.
    fn row(&self) -> Option<[Option<i128>; 8]> {
        let flows = [
            self.arrived,
            self.settled,
            self.by_mechanism,
            self.unsettled,
        ];
        if flows.iter().all(|flow| flow.volume == 0) {
            return None;
        }
        let [a, s, m, u] = flows;
        let volumes = [a, s, m, u].map(|flow| Some(i128::from(flow.volume)));
        Some([
            volumes[0],
            Some(a.value),
            volumes[1],
            Some(s.value),
            volumes[2],
            Some(m.value),
            volumes[3],
            Some(u.value),
        ])
    }
}

/// One row per day and ordered pair of agents with anything to count.
///
/// # Errors
/// [`crate::Error::Overflow`] if a sum does not fit.
pub fn bilateral(system: &System) -> Result<Table> {
    let (parties, pair_of) = pairs(system);
    let mut all = vec![Pair::default(); parties.len()];
    let mut of_day: Vec<u32> = Vec::new();
    let mut head = Figures::new(&["day"]);
    let (mut senders, mut receivers) = (Texts::default(), Texts::default());
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
                let number = pair_of[id.ix()];
                let pair = &mut all[number as usize];
                pair.follow(&event, system.state().transactions[id].amount);
                if !pair.noted {
                    pair.noted = true;
                    of_day.push(number);
                }
            }
        }
        of_day.sort_unstable();
        for &number in &of_day {
            if let Some(row) = all[number as usize].row() {
                let (sender, receiver) = parties[number as usize];
                head.push([Some(i128::from(today))])?;
                push_name(&mut senders, system, Some(sender));
                push_name(&mut receivers, system, Some(receiver));
                body.push(row)?;
            }
        }
        // What is unsettled is there tomorrow; all else begins anew.
        of_day.retain(|&number| {
            let pair = &mut all[number as usize];
            let unsettled = pair.unsettled;
            let noted = unsettled.volume > 0;
            *pair = Pair {
                unsettled,
                noted,
                ..Pair::default()
            };
            noted
        });
    }
    let mut columns: Vec<_> = head.into_columns().collect();
    columns.push(("sender_id", Column::Text(senders)));
    columns.push(("receiver_id", Column::Text(receivers)));
    columns.extend(body.into_columns());
    Ok(Table::new(columns))
}

/// The pairs that occur, in scenario order, and the number of each transaction's pair.
fn pairs(system: &System) -> (Vec<(u32, u32)>, Vec<u32>) {
    let transactions = &system.state().transactions;
    let mut sorted: Vec<((u32, u32), u32)> = transactions
        .iter()
        .map(|(id, row)| ((row.sender.0, row.receiver.0), id.0))
        .collect();
    sorted.sort_unstable();
    let mut parties = Vec::new();
    let mut pair_of = vec![0; sorted.len()];
    for (pair, id) in sorted {
        if parties.last() != Some(&pair) {
            parties.push(pair);
        }
        // There are no more pairs than transactions, whose numbers have 32 bits.
        pair_of[id as usize] = parties.len() as u32 - 1;
    }
    (parties, pair_of)
}
