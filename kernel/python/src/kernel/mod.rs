//! The system as a Python class: built, decided for, advanced, saved; `answers` tells of it.

mod answers;

use std::ops::ControlFlow;
use std::time::Instant;

use paysim_kernel::ids::{AgentId, TransactionId};
use paysim_kernel::spec::Spec;
use paysim_kernel::{Decision, Error, Outcome, System};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyTuple};

use crate::convert::{Numbers, scenario_event, specification};
use crate::errors::{Whole, plain, refused, told};

/// Ticks between looks for Ctrl-C.
const SIGNAL_EVERY: u32 = 256;
/// What a number of ticks or days has to be.
const TICK: &str = "at least 0 and below 2**32";

/// A payment system that advances tick by tick; agents and transactions are numbers here.
#[pyclass(module = "paysim._kernel")]
pub struct Kernel {
    system: System,
    scenario: Py<PyAny>,
    cost_rates: Py<PyAny>,
    rules: Py<PyAny>,
    /// Agents by id, made when an event is added first.
    numbers: Option<Numbers>,
}

#[pymethods]
impl Kernel {
    #[new]
    #[pyo3(signature = (scenario, seed, scripted=Vec::new()))]
    fn new(scenario: &Bound<'_, PyAny>, seed: u64, scripted: Vec<u32>) -> PyResult<Self> {
        check_scenario(scenario)?;
        Self::build(scenario, specification(scenario, seed, &scripted)?)
    }

    /// The kernel that `save` gave these bytes, of the same scenario and seed; `scripted` agents
    /// have no compiled policy, whatever they had.
    #[staticmethod]
    #[pyo3(signature = (scenario, seed, scripted, saved, events_max=None))]
    fn restore(
        py: Python<'_>,
        scenario: &Bound<'_, PyAny>,
        seed: u64,
        scripted: Vec<u32>,
        saved: &[u8],
        events_max: Option<Whole>,
    ) -> PyResult<Self> {
        check_scenario(scenario)?;
        let mut spec = specification(scenario, seed, &scripted)?;
        spec.events_max = events_max.map(events).transpose()?;
        let system = py.detach(|| System::restore(spec, saved)).map_err(plain)?;
        Self::around(scenario, system)
    }

    /// Everything that decides the future beyond scenario and seed, between two ticks.
    fn save<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let saved = py.detach(|| self.system.save());
        Ok(PyBytes::new(py, &self.told(saved)?))
    }

    /// What has happened in the ticks from one on, between two ticks: `save` without what the pieces
    /// before hold.
    fn piece<'py>(&self, py: Python<'py>, from_tick: Whole) -> PyResult<Bound<'py, PyBytes>> {
        let from = from_tick.narrow("from_tick", TICK)?;
        let piece = py.detach(|| self.system.piece(from));
        Ok(PyBytes::new(py, &self.told(piece)?))
    }

    /// The kernel that these pieces were taken of, one after the other from the beginning; the
    /// scenario has every event that was added meanwhile.
    #[staticmethod]
    fn rejoin(
        py: Python<'_>,
        scenario: &Bound<'_, PyAny>,
        seed: u64,
        scripted: Vec<u32>,
        pieces: Vec<PyBackedBytes>,
    ) -> PyResult<Self> {
        check_scenario(scenario)?;
        let spec = specification(scenario, seed, &scripted)?;
        let system = py.detach(|| System::rejoin(spec, &pieces));
        Self::around(scenario, system.map_err(plain)?)
    }

    /// A copy that goes its own way, between two ticks; `scripted` agents have no compiled policy
    /// in it, those that had none keep none.
    #[pyo3(signature = (scripted=Vec::new()))]
    fn branch(&self, py: Python<'_>, scripted: Vec<u32>) -> PyResult<Self> {
        let copied = py.detach(|| self.system.branch());
        let mut system = self.told(copied)?;
        for number in scripted {
            system.take_policy(self.agent(Whole(i64::from(number)))?);
        }
        Self::around(self.scenario.bind(py), system)
    }

    /// The tick that is open, else the next to open.
    #[getter]
    fn tick(&self) -> u32 {
        self.system.tick()
    }

    /// Whether a tick is open.
    #[getter]
    fn is_open(&self) -> bool {
        self.system.is_open()
    }

    /// Steps 1 to 3 of a tick: the day opens, transactions arrive.
    fn open_tick(&mut self) -> PyResult<()> {
        let done = self.system.open_tick();
        self.told(done)
    }

    /// Step 4 for one agent: its compiled policy decides now.
    fn ask(&mut self, agent: Whole) -> PyResult<()> {
        let agent = self.agent(agent)?;
        let done = self.system.ask(agent);
        self.told(done)
    }

    /// Step 4 for every agent that was not asked in this tick.
    fn ask_all(&mut self) -> PyResult<()> {
        let done = self.system.ask_all();
        self.told(done)
    }

    /// Applies what was decided, then steps 5 to 12; tick, arrivals, settlements, settlements by
    /// liquidity-saving mechanisms, and the tick's cost in minor units.
    fn close_tick<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let done = self.system.close_tick();
        outcome(py, self.told(done)?)
    }

    /// That many whole ticks without the GIL, or the first of them if more time than `seconds`
    /// passes; the outcome of the last.
    #[pyo3(signature = (ticks, seconds=None))]
    fn advance<'py>(
        &mut self,
        py: Python<'py>,
        ticks: Whole,
        seconds: Option<f64>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let ticks = ticks.narrow("ticks", TICK)?;
        let begun = Instant::now();
        let is_over = || seconds.is_some_and(|seconds| begun.elapsed().as_secs_f64() >= seconds);
        let mut left: u32 = ticks;
        while left > 0 {
            let stretch = left.min(SIGNAL_EVERY);
            let system = &mut self.system;
            let done = py.detach(|| {
                (0..stretch).try_for_each(|_| {
                    let done = system.advance(1).map(|_| ());
                    match done {
                        Ok(()) if is_over() => ControlFlow::Break(Ok(())),
                        Ok(()) => ControlFlow::Continue(()),
                        Err(error) => ControlFlow::Break(Err(error)),
                    }
                })
            });
            py.check_signals()?;
            match done {
                ControlFlow::Continue(()) => left -= stretch,
                ControlFlow::Break(done) => {
                    self.told(done)?;
                    break;
                }
            }
        }
        outcome(py, self.system.outcome())
    }

    /// Lets the event log have so many events; a tick with which it would have more fails.
    fn limit_events(&mut self, most: Whole) -> PyResult<()> {
        self.system.limit_events(events(most)?);
        Ok(())
    }

    /// Decides to submit a held transaction, with a new priority if one is given.
    #[pyo3(signature = (agent, transaction, priority=None))]
    fn release(
        &mut self,
        agent: Whole,
        transaction: Whole,
        priority: Option<Whole>,
    ) -> PyResult<()> {
        let transaction = self.transaction(transaction)?;
        let agent = self.agent(agent)?;
        let done = match priority {
            None => self.system.decide(agent, Decision::Release(transaction)),
            Some(value) => self
                .system
                .release_as(agent, transaction, priority_of(value)?),
        };
        self.told(done)
    }

    /// Decides to submit a held transaction in parts.
    fn split(&mut self, agent: Whole, transaction: Whole, parts: Whole) -> PyResult<()> {
        let transaction = self.transaction(transaction)?;
        let parts = parts.narrow("parts", "at least 2 and below 2**32")?;
        self.decide(agent, Decision::Split(transaction, parts))
    }

    /// Decides to change a transaction's priority.
    fn reprioritise(&mut self, agent: Whole, transaction: Whole, priority: Whole) -> PyResult<()> {
        let transaction = self.transaction(transaction)?;
        self.decide(
            agent,
            Decision::Reprioritise(transaction, priority_of(priority)?),
        )
    }

    /// Decides to take a transaction back from the central queue.
    fn withdraw(&mut self, agent: Whole, transaction: Whole) -> PyResult<()> {
        let transaction = self.transaction(transaction)?;
        self.decide(agent, Decision::Withdraw(transaction))
    }

    /// Decides to release at most this much (minor units) per tick; None ends the bound.
    #[pyo3(signature = (agent, value))]
    fn set_release_budget(&mut self, agent: Whole, value: Option<Whole>) -> PyResult<()> {
        self.decide(
            agent,
            Decision::SetReleaseBudget(value.map(|value| value.0)),
        )
    }

    /// Adds a scenario event after those that there are, as it stands in a checked scenario.
    fn add_event(&mut self, event: &Bound<'_, PyAny>) -> PyResult<()> {
        let system = &self.system;
        let numbers = self.numbers.get_or_insert_with(|| {
            let names = system.names().iter().cloned();
            names.zip((0..).map(AgentId)).collect()
        });
        let done = self.system.add_event(scenario_event(event, numbers)?);
        self.told(done)
    }

    /// Whether an agent is out.
    fn is_out(&self, agent: Whole) -> PyResult<bool> {
        Ok(self.system.out_since(self.agent(agent)?).is_some())
    }

    /// The number of a transaction in an agent's own queues.
    fn find(&self, agent: Whole, transaction_id: &str) -> PyResult<u32> {
        let agent = self.agent(agent)?;
        let (state, names) = (self.system.state(), self.system.names());
        let mut own = state
            .internal
            .iter(agent, &state.transactions)
            .chain(state.central.of(agent).all().iter());
        let mut text = String::new();
        match own.find(|id| {
            text.clear();
            state.transactions.write_id(*id, names, &mut text);
            text == transaction_id
        }) {
            Some(id) => Ok(id.0),
            None => Err(refused(format!(
                "transaction {transaction_id} is in no queue of agent {}",
                names[agent.ix()]
            ))),
        }
    }
}

impl Kernel {
    fn build(scenario: &Bound<'_, PyAny>, spec: Spec) -> PyResult<Self> {
        Self::around(scenario, System::new(spec).map_err(plain)?)
    }

    fn around(scenario: &Bound<'_, PyAny>, system: System) -> PyResult<Self> {
        Ok(Self {
            system,
            scenario: scenario.clone().unbind(),
            cost_rates: scenario.getattr("cost_rates")?.unbind(),
            rules: scenario.getattr("rules")?.unbind(),
            numbers: None,
        })
    }

    fn told<T>(&self, result: Result<T, Error>) -> PyResult<T> {
        told(&self.system, result)
    }

    fn agent(&self, number: Whole) -> PyResult<AgentId> {
        let agents = self.system.names().len();
        match u32::try_from(number.0) {
            Ok(ix) if (ix as usize) < agents => Ok(AgentId(ix)),
            _ => Err(refused(format!(
                "agent number must be 0 to {} (got {})",
                agents - 1,
                number.0
            ))),
        }
    }

    fn transaction(&self, number: Whole) -> PyResult<TransactionId> {
        let transactions = self.system.state().transactions.len();
        match u32::try_from(number.0) {
            Ok(ix) if ix < transactions => Ok(TransactionId(ix)),
            _ => Err(refused(format!("no transaction has number {}", number.0))),
        }
    }

    fn decide(&mut self, agent: Whole, decision: Decision) -> PyResult<()> {
        let agent = self.agent(agent)?;
        let done = self.system.decide(agent, decision);
        self.told(done)
    }
}

/// Only a scenario that was checked as one is safe to convert.
fn check_scenario(scenario: &Bound<'_, PyAny>) -> PyResult<()> {
    let class = scenario
        .py()
        .import("paysim.scenario")?
        .getattr("Scenario")?;
    if scenario.is_instance(&class)? {
        return Ok(());
    }
    Err(plain(Error::Spec(format!(
        "scenario must be a Scenario (got {})",
        scenario.get_type()
    ))))
}

/// A number of events.
fn events(value: Whole) -> PyResult<usize> {
    value.narrow("events", "at least 0")
}

fn priority_of(value: Whole) -> PyResult<u8> {
    value.narrow("priority", "0 to 10")
}

fn outcome(py: Python<'_>, outcome: Outcome) -> PyResult<Bound<'_, PyTuple>> {
    let Outcome {
        tick,
        counts,
        total_cost,
    } = outcome;
    match i64::try_from(total_cost) {
        Ok(cost) => (
            tick,
            counts.arrivals,
            counts.settlements,
            counts.lsm_releases,
            cost,
        )
            .into_pyobject(py),
        Err(_) => (
            tick,
            counts.arrivals,
            counts.settlements,
            counts.lsm_releases,
            total_cost,
        )
            .into_pyobject(py),
    }
}
