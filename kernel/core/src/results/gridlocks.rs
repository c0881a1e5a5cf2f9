//! Which ticks ended in a gridlock: no queued transaction could settle alone, but a set of them
//! could together.
//!
//! The set is the largest ordered set of the whole central queue, which keeps each sender's order
//! (Bech and Soramäki 2001, Bank of Finland Discussion Paper 9/2001). If not even that holds a
//! transaction, the tick ended in a deadlock and no gridlock. All follows from the event log.

use std::collections::BTreeMap;

use crate::event::{Event, Kind};
use crate::ids::TransactionId;
use crate::queue::Place;
use crate::results::closed::closed_events;
use crate::results::rebuild::{AgentTick, book};
use crate::system::System;

/// For each closed tick whether it ended in a gridlock.
pub fn gridlocks(system: &System) -> Vec<bool> {
    let mut picture = Picture::new(system);
    let mut found = Vec::new();
    for event in closed_events(system) {
        let over = event.tick as usize;
        if over > found.len() {
            // Nothing happened in the ticks between the last event and this one.
            found.resize(over, picture.is_gridlock());
        }
        picture.follow(&event);
    }
    found.resize(system.tick() as usize, picture.is_gridlock());
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
    /// Receiver and amount of what each sender has queued, and how many of them are in the set.
    candidates: Vec<Vec<(usize, i128)>>,
    included: Vec<usize>,
    /// Liquidity of each agent if the set settles.
    positions: Vec<i128>,
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
            candidates: vec![Vec::new(); agents],
            included: vec![0; agents],
            positions: vec![0; agents],
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

    fn is_gridlock(&mut self) -> bool {
        // What one sender alone could settle needs no other's payments.
        if self.queues.iter().filter(|q| !q.is_empty()).count() < 2 {
            return false;
        }
        for (position, agent) in self.positions.iter_mut().zip(&self.agents) {
            *position = agent.balance + i128::from(agent.credit_limit);
        }
        for (sender, queue) in self.queues.iter().enumerate() {
            let candidates = &mut self.candidates[sender];
            candidates.clear();
            for id in queue.values() {
                let row = &self.system.state().transactions[*id];
                let amount = i128::from(row.amount);
                if amount <= self.positions[sender] {
                    return false;
                }
                candidates.push((row.receiver.ix(), amount));
            }
            self.included[sender] = candidates.len();
        }
        self.reduce();
        self.included.iter().any(|&count| count > 0)
    }

    /// Starts with all candidates and drops the last ones of whoever is short, until nobody is.
    fn reduce(&mut self) {
        for (sender, candidates) in self.candidates.iter().enumerate() {
            for &(receiver, amount) in candidates {
                self.positions[sender] -= amount;
                self.positions[receiver] += amount;
            }
        }
        let mut short: Vec<usize> = (0..self.positions.len()).collect();
        while let Some(sender) = short.pop() {
            while self.positions[sender] < 0 && self.included[sender] > 0 {
                self.included[sender] -= 1;
                let (receiver, amount) = self.candidates[sender][self.included[sender]];
                self.positions[sender] += amount;
                self.positions[receiver] -= amount;
                if self.positions[receiver] < 0 {
                    short.push(receiver);
                }
            }
        }
    }
}
