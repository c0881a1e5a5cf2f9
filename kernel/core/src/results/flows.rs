//! What has settled since a tick, for somebody who watches: by means, and between whom.

use std::collections::BTreeMap;

use crate::event::{Cause, Kind};
use crate::ids::{AgentId, Tick, TransactionId};
use crate::results::rebuild::Flow;
use crate::system::System;

/// Settlements; parts count, what they are parts of does not.
#[derive(Debug, Clone, Default)]
pub struct Flows {
    /// By the causes of [`Cause::SETTLEMENTS`].
    pub settled_by: [Flow; 6],
    /// By sender and receiver, where there are any.
    pub pairs: BTreeMap<(AgentId, AgentId), Flow>,
}

/// The settlements of a tick and later ones; those before cost nothing.
pub fn flows(system: &System, since: Tick) -> Flows {
    let state = system.state();
    let mut flows = Flows::default();
    for event in state.journal.since(since) {
        if event.kind != Kind::Settled {
            continue;
        }
        let row = &state.transactions[TransactionId(event.transaction)];
        let pair = flows.pairs.entry((row.sender, row.receiver)).or_default();
        pair.count(row.amount);
        let at = Cause::SETTLEMENTS.iter().position(|&c| c == event.cause);
        if let Some(at) = at {
            flows.settled_by[at].count(row.amount);
        }
    }
    flows
}
