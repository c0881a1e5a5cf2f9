//! Which ticks ended in a gridlock: no queued transaction could settle alone, but a set of them
//! could together.
//!
//! The set is the largest ordered set of the whole central queue, which keeps each sender's order
//! (Bech and Soramäki 2001, Bank of Finland Discussion Paper 9/2001). If not even that holds a
//! transaction, the tick ended in a deadlock and no gridlock. All follows from the event log.

use std::collections::BTreeMap;

use crate::event::{Event, Kind};
use crate::ids::{AgentId, TransactionId};
use crate::queue::Place;
use crate::results::closed::closed_events;
use crate::results::rebuild::{AgentTick, book};
use crate::rules::largest_ordered_set::{Accounts, Search};
use crate::system::System;
use crate::transaction::Transactions;

/// For each closed tick whether it ended in a gridlock.
pub fn gridlocks(system: &System) -> Vec<bool> {
    let mut picture = Picture::new(system);
    let mut set = Search::new(system.names().len());
    let mut found = Vec::new();
    for event in closed_events(system) {
        let over = event.tick as usize;
        if over > found.len() {
            // Nothing happened in the ticks between the last event and this one.
            found.resize(over, picture.is_gridlock(&mut set));
        }
        picture.follow(&event);
    }
    found.resize(system.tick() as usize, picture.is_gridlock(&mut set));
    found
}

/// Accounts and the central queue, as the events so far have left them.
struct Picture<'a> {
    system: &'a System,
    agents: Vec<AgentTick>,
    /// By sender, in its order.
    queues: Vec<BTreeMap<Place, TransactionId>>,
    priorities: Vec<u8>,
    /// 0 before the first release.
    release_numbers: Vec<u64>,
    releases: u64,
}

impl<'a> Picture<'a> {
    fn new(system: &'a System) -> Self {
        let agents = system.names().len();
        let volume = system.state().transactions.len() as usize;
        Self {
            system,
            agents: vec![AgentTick::default(); agents],
            queues: vec![BTreeMap::new(); agents],
            priorities: vec![0; volume],
            release_numbers: vec![0; volume],
            releases: 0,
        }
    }

    fn follow(&mut self, event: &Event) {
        book(&mut self.agents, event, self.system);
        let id = TransactionId(event.transaction);
        match event.kind {
            Kind::Arrived | Kind::PartCreated => {
                let row = &self.system.state().transactions[id];
                self.priorities[id.ix()] = row.priority_at_arrival;
            }
            Kind::Released => {
                self.releases += 1;
                self.release_numbers[id.ix()] = self.releases;
            }
            Kind::Queued => {
                let place = self.place(id);
                self.queue(id).insert(place, id);
            }
            Kind::Settled | Kind::Withdrawn | Kind::Cancelled => {
                let place = self.place(id);
                self.queue(id).remove(&place);
            }
            Kind::Reprioritised => {
                let place = self.place(id);
                let was_queued = self.queue(id).remove(&place).is_some();
                self.priorities[id.ix()] = u8::try_from(event.value).unwrap_or(u8::MAX);
                if was_queued {
                    let place = self.place(id);
                    self.queue(id).insert(place, id);
                }
            }
            _ => {}
        }
    }

    fn place(&self, id: TransactionId) -> Place {
        let classes = self.system.state().rules.priority_classes;
        Place {
            class: classes.class(self.priorities[id.ix()]),
            release_number: self.release_numbers[id.ix()],
        }
    }

    fn queue(&mut self, id: TransactionId) -> &mut BTreeMap<Place, TransactionId> {
        let sender = self.system.state().transactions[id].sender;
        &mut self.queues[sender.ix()]
    }

    fn is_gridlock(&self, set: &mut Search) -> bool {
        // What one sender alone could settle needs no other's payments.
        if self.queues.iter().filter(|q| !q.is_empty()).count() < 2 {
            return false;
        }
        set.clear();
        for (sender, queue) in (0..).map(AgentId).zip(&self.queues) {
            let available = self.available(sender);
            let settles_alone = |&id| i128::from(self.transactions()[id].amount) <= available;
            if queue.values().any(settles_alone) {
                return false;
            }
            if !queue.is_empty() {
                set.add(sender, queue.values().copied());
            }
        }
        set.solve(self);
        (0..set.senders()).any(|nth| set.volume_of(nth) > 0)
    }
}

impl Accounts for Picture<'_> {
    fn available(&self, agent: AgentId) -> i128 {
        let own = &self.agents[agent.ix()];
        own.balance + i128::from(own.credit_limit)
    }

    fn transactions(&self) -> &Transactions {
        &self.system.state().transactions
    }

    fn defers_credits(&self) -> bool {
        self.system.state().rules.deferred_crediting
    }
}
