//! Cycles: payments around a ring of agents settle together.
//!
//! For each ring A -> B -> ... -> A of 3 to `max_cycle_length` agents, either orientation, the
//! largest ordered set of the transactions along its edges; booked if every edge is in it. Rings go
//! by length; a ring is written from its first agent in scenario order, and within a length rings
//! go by that list compared left to right. Edges are read afresh for each ring; each ring is looked
//! at once a pass. Only rings whose every edge has a queued transaction count towards the bound on
//! rings in a tick. Source: the multilateral case of Bech and Soramäki (2001) restricted to a ring,
//! as in the "circle" processing of gross settlement systems (CPSS 1997).

use std::collections::VecDeque;

use crate::error::Result;
use crate::event::{Cause, Kind};
use crate::ids::{AgentId, NONE};
use crate::rules::largest_ordered_set::Search;
use crate::state::State;

/// What is kept between passes.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// Rings looked at in this tick.
    looked_at: u64,
    bound_reached: bool,
    /// Latest change that a whole pass has seen.
    seen: u64,
}

impl Memory {
    pub(crate) fn open_tick(&mut self) {
        self.looked_at = 0;
        self.bound_reached = false;
    }

    pub(crate) fn bound_reached(&self) -> bool {
        self.bound_reached
    }
}

/// Who owes whom in the central queue: the graph in which rings are searched.
///
/// Vertices are the agents that both owe and are owed, in scenario order; edges carry what a quick
/// look at a ring needs. During a pass edges only lose transactions.
struct Graph {
    agents: Vec<AgentId>,
    available: Vec<i128>,
    /// Edges of vertex `v` are `starts[v]..starts[v + 1]`, by scenario order of their heads.
    starts: Vec<usize>,
    heads: Vec<usize>,
    values: Vec<i128>,
    firsts: Vec<i128>,
    /// Vertices with an edge to each vertex.
    tails: Vec<Vec<usize>>,
}

impl Graph {
    fn new(state: &State) -> Self {
        let mut owed = vec![false; state.ledger.len()];
        for sender in state.central.senders() {
            for receiver in state.central.of(sender).edges().keys() {
                owed[receiver.ix()] = true;
            }
        }
        let agents: Vec<AgentId> = state.central.senders().filter(|a| owed[a.ix()]).collect();
        let mut vertex = vec![usize::MAX; state.ledger.len()];
        for (v, agent) in agents.iter().enumerate() {
            vertex[agent.ix()] = v;
        }
        let mut graph = Self {
            available: vec![0; agents.len()],
            starts: vec![0],
            heads: Vec::new(),
            values: Vec::new(),
            firsts: Vec::new(),
            tails: vec![Vec::new(); agents.len()],
            agents,
        };
        for v in 0..graph.agents.len() {
            for receiver in state.central.of(graph.agents[v]).edges().keys() {
                let head = vertex[receiver.ix()];
                if head != usize::MAX {
                    graph.heads.push(head);
                    graph.tails[head].push(v);
                }
            }
            graph.starts.push(graph.heads.len());
        }
        graph.values = vec![0; graph.heads.len()];
        graph.firsts = vec![0; graph.heads.len()];
        for v in 0..graph.agents.len() {
            graph.refresh(v, state);
        }
        graph
    }

    /// Reads a vertex's liquidity and edges afresh.
    fn refresh(&mut self, v: usize, state: &State) {
        self.available[v] = i128::from(state.ledger[self.agents[v]].available());
        let edges = state.central.of(self.agents[v]).edges();
        for e in self.starts[v]..self.starts[v + 1] {
            let edge = edges.get(&self.agents[self.heads[e]]);
            self.values[e] = edge.map_or(0, |edge| edge.value());
            let first = edge.and_then(|edge| edge.first());
            self.firsts[e] = first.map_or(0, |(_, id)| i128::from(state.transactions[id].amount));
        }
    }

    /// Fewest edges from each vertex after `start` to `start`, through vertices after it.
    fn distances(&self, start: usize, most: usize, distances: &mut Vec<usize>) {
        distances.clear();
        distances.resize(self.agents.len(), usize::MAX);
        distances[start] = 0;
        let mut front = VecDeque::from([start]);
        while let Some(v) = front.pop_front() {
            if distances[v] == most {
                break;
            }
            for &tail in &self.tails[v] {
                if tail > start && distances[tail] == usize::MAX {
                    distances[tail] = distances[v] + 1;
                    front.push_back(tail);
                }
            }
        }
    }
}

/// One pass over all rings; whether anything settled.
pub(crate) fn pass(state: &mut State, memory: &mut Memory, set: &mut Search) -> Result<bool> {
    if memory.bound_reached {
        return Ok(false);
    }
    let start = state.changes.latest();
    let mut walk = Walk {
        graph: Graph::new(state),
        memory,
        set,
        vertices: Vec::new(),
        edges: Vec::new(),
        settled: false,
    };
    let vertices = walk.graph.agents.len();
    let mut distances = Vec::new();
    for length in 3..=(state.rules.max_cycle_length as usize).min(vertices) {
        for first in 0..vertices {
            walk.graph.distances(first, length - 1, &mut distances);
            walk.vertices.push(first);
            let goes_on = walk.extend(state, length, &distances)?;
            walk.vertices.pop();
            if !goes_on {
                return Ok(walk.settled);
            }
        }
    }
    let settled = walk.settled;
    memory.seen = start;
    Ok(settled)
}

/// A depth-first walk over paths that can still close to a ring of the length at hand.
struct Walk<'a> {
    graph: Graph,
    memory: &'a mut Memory,
    set: &'a mut Search,
    vertices: Vec<usize>,
    edges: Vec<usize>,
    settled: bool,
}

impl Walk<'_> {
    /// Extends the path in every way; `false` once the bound on rings is reached.
    fn extend(&mut self, state: &mut State, length: usize, distances: &[usize]) -> Result<bool> {
        let (first, last) = (self.vertices[0], self.vertices[self.vertices.len() - 1]);
        let left = length - self.vertices.len();
        for e in self.graph.starts[last]..self.graph.starts[last + 1] {
            let head = self.graph.heads[e];
            let closes = left == 0 && head == first;
            let leads_on = left > 0
                && head > first
                && distances[head] <= left
                && !self.vertices.contains(&head);
            if self.graph.values[e] == 0 || !(closes || leads_on) {
                continue;
            }
            self.edges.push(e);
            let goes_on = if closes {
                self.look(state)?
            } else {
                self.vertices.push(head);
                let goes_on = self.extend(state, length, distances)?;
                self.vertices.pop();
                goes_on
            };
            self.edges.pop();
            if !goes_on {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Looks at the ring at hand; `false` if the bound forbids it.
    fn look(&mut self, state: &mut State) -> Result<bool> {
        // An edge of the path may have been emptied by a ring that settled after it was walked.
        if self.edges.iter().any(|&e| self.graph.values[e] == 0) {
            return Ok(true);
        }
        if self.memory.looked_at == state.rules.max_rings_per_tick {
            self.memory.bound_reached = true;
            let rings = i64::try_from(self.memory.looked_at).unwrap_or(i64::MAX);
            state.record(
                Kind::RingLimitReached,
                Cause::None,
                AgentId(NONE),
                NONE,
                rings,
            );
            return Ok(false);
        }
        self.memory.looked_at += 1;
        let changed = self
            .vertices
            .iter()
            .any(|&v| state.changes.since(self.graph.agents[v], self.memory.seen));
        if changed && self.is_fundable() && self.settle(state)? {
            self.settled = true;
            for at in 0..self.vertices.len() {
                self.graph.refresh(self.vertices[at], state);
            }
        }
        Ok(true)
    }

    /// Whether each agent could pay the first transaction of its edge if it received all of the
    /// edge before it: necessary for the ring to settle, and cheap to see.
    fn is_fundable(&self) -> bool {
        let length = self.edges.len();
        (0..length).all(|at| {
            let incoming = self.edges[(at + length - 1) % length];
            let liquidity = self.graph.available[self.vertices[at]] + self.graph.values[incoming];
            self.graph.firsts[self.edges[at]] <= liquidity
        })
    }

    fn settle(&mut self, state: &mut State) -> Result<bool> {
        self.set.clear();
        let mut order: Vec<usize> = (0..self.vertices.len()).collect();
        order.sort_unstable_by_key(|&at| self.vertices[at]);
        for at in order {
            let sender = self.graph.agents[self.vertices[at]];
            let receiver = self.graph.agents[self.graph.heads[self.edges[at]]];
            if let Some(edge) = state.central.of(sender).edges().get(&receiver) {
                self.set.add(sender, edge.iter());
            }
        }
        self.set.solve(state);
        if (0..self.set.senders()).any(|nth| self.set.volume_of(nth) == 0) {
            return Ok(false);
        }
        state.settle(
            &self.set.posting(),
            Cause::Cycles,
            crate::rules::crediting(state),
        )
    }
}
