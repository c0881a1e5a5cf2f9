//! How long what settled had to wait: by day of arrival, sender and delay.

use crate::error::Result;
use crate::event::Kind;
use crate::ids::{Tick, TransactionId};
use crate::results::closed::{Figures, closed_events, day};
use crate::results::event_columns::push_name;
use crate::results::rebuild::Flow;
use crate::results::table::{Coded, Table};
use crate::system::System;

/// Day of arrival, sender, ticks from arrival to settlement.
type Key = (Tick, u32, Tick);

/// One row per day of arrival, sender and delay that occurs.
///
/// A part arrived when what was split did.
///
/// # Errors
/// [`crate::Error::Overflow`] if a sum does not fit.
pub fn delays(system: &System) -> Result<Table> {
    let mut settled: Vec<(Key, i64)> = closed_events(system)
        .filter(|event| event.kind == Kind::Settled)
        .map(|event| {
            let row = &system.state().transactions[TransactionId(event.transaction)];
            let arrival = row.arrival_tick;
            let key = (day(system, arrival), row.sender.0, event.tick - arrival);
            (key, row.amount)
        })
        .collect();
    settled.sort_unstable_by_key(|(key, _)| *key);
    let (mut head, mut names) = (Figures::new(&["day"]), Coded::default());
    let mut body = Figures::new(&["delay", "volume", "value"]);
    for equal in settled.chunk_by(|(one, _), (other, _)| one == other) {
        let mut flow = Flow::default();
        for (_, amount) in equal {
            flow.count(*amount);
        }
        let (day, sender, delay) = equal[0].0;
        head.push([Some(i128::from(day))])?;
        push_name(&mut names, system, Some(sender));
        body.push([i128::from(delay), flow.volume.into(), flow.value].map(Some))?;
    }
    let mut columns: Vec<_> = head.into_columns().collect();
    columns.push(("agent_id", names.into()));
    columns.extend(body.into_columns());
    Ok(Table::new(columns))
}
