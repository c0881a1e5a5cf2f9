//! Which agents are out: asked for no decisions, and refused those they make.

use crate::ids::{AgentId, NONE, Tick};

/// Since when each agent is out.
#[derive(Debug, Clone)]
pub struct Outages {
    since: Vec<Tick>,
}

impl Outages {
    pub(crate) fn new(agents: usize) -> Self {
        Self {
            since: vec![NONE; agents],
        }
    }

    /// The tick since which an agent is out, if it is.
    #[inline]
    pub fn since(&self, agent: AgentId) -> Option<Tick> {
        let since = self.since[agent.ix()];
        (since != NONE).then_some(since)
    }

    /// One that is out already has been since it was first.
    pub(crate) fn begin(&mut self, agent: AgentId, tick: Tick) {
        let since = &mut self.since[agent.ix()];
        *since = tick.min(*since);
    }

    pub(crate) fn end(&mut self, agent: AgentId) {
        self.since[agent.ix()] = NONE;
    }
}
