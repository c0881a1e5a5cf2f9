//! Runs a case and tells where it differs from what is expected.

use paysim_kernel::event::{Event, Kind};
use paysim_kernel::ids::{AgentId, TransactionId};
use paysim_kernel::transaction::Transaction;
use paysim_kernel::{Decision, Outcome, System};

use super::Case;
use super::expected::{self, Expectation, FIGURES, Sequence, Subject};
use super::given::{Choice, Move};

/// A text for each difference between what a case expects and what is found.
pub fn differences(case: &Case) -> Vec<String> {
    match System::new(case.given.spec.clone()) {
        Ok(system) => {
            let mut run = Run {
                case,
                system,
                found: Vec::new(),
            };
            if let Err(failure) = run.play() {
                run.found.push(failure);
            }
            run.found
        }
        Err(error) => vec![format!("  the scenario is refused: {error}")],
    }
}

struct Run<'a> {
    case: &'a Case,
    system: System,
    found: Vec<String>,
}

impl Run<'_> {
    fn play(&mut self) -> Result<(), String> {
        let (case, ticks) = (self.case, self.case.ticks());
        let money = self.money();
        for tick in 0..ticks {
            let outcome = self.tick(tick)?;
            if self.money() != money {
                self.found.push(format!("  tick {tick} made or lost money"));
            }
            let is_due = |at: Option<u32>| at.unwrap_or(ticks - 1) == tick;
            for expectation in case.expected.others.iter().filter(|e| is_due(e.tick)) {
                self.compare(expectation, outcome);
            }
        }
        self.compare_all("settled", &case.expected.settled, self.postings());
        self.compare_all("ring_limit", &case.expected.ring_limits, self.ring_limits());
        let others = &case.expected.others;
        let says = |e: &Expectation| e.subject == Subject::Balances && e.tick.is_none();
        for (is_said, what) in [
            (case.expected.settled.line.is_some(), "what settled"),
            (others.iter().any(says), "the balances at its end"),
        ] {
            if !is_said {
                let text = format!("  the case does not say {what}");
                self.found.push(text);
            }
        }
        Ok(())
    }

    fn tick(&mut self, tick: u32) -> Result<Outcome, String> {
        let case = self.case;
        self.system.open_tick().map_err(|error| error.to_string())?;
        for made in case.given.moves.iter().filter(|made| made.tick == tick) {
            let refusal = self.decide(made).err();
            match (made.possible, refusal) {
                (true, Some(text)) => self.found.push(format!("  line {}: {text}", made.line)),
                (false, None) => {
                    let text = format!("  line {}: the decision is not refused", made.line);
                    self.found.push(text);
                }
                _ => {}
            }
        }
        self.system
            .ask_all()
            .and_then(|()| self.system.close_tick())
            .map_err(|error| error.to_string())
    }

    fn decide(&mut self, made: &Move) -> Result<(), String> {
        let system = &mut self.system;
        let find = |system: &System, name: &str| {
            find(system, name).ok_or_else(|| format!("{name} does not exist yet"))
        };
        let result = match &made.choice {
            Choice::Release(name, None) => {
                system.decide(made.agent, Decision::Release(find(system, name)?))
            }
            Choice::Release(name, Some(priority)) => {
                system.release_as(made.agent, find(system, name)?, *priority)
            }
            Choice::Split(name, parts) => {
                system.decide(made.agent, Decision::Split(find(system, name)?, *parts))
            }
            Choice::Withdraw(name) => {
                system.decide(made.agent, Decision::Withdraw(find(system, name)?))
            }
            Choice::Reprioritise(name, priority) => {
                let decision = Decision::Reprioritise(find(system, name)?, *priority);
                system.decide(made.agent, decision)
            }
            Choice::Budget(value) => system.decide(made.agent, Decision::SetReleaseBudget(*value)),
        };
        result.map_err(|error| error.to_string())
    }

    fn compare(&mut self, expectation: &Expectation, outcome: Outcome) {
        let Expectation {
            line,
            keyword,
            text,
            ..
        } = expectation;
        let found = self.state_of(&expectation.subject, outcome);
        if found != *text {
            let head = format!("  line {line}  {keyword}");
            self.found.push(format!(
                "{head}\n    expected  {text}\n    found     {found}"
            ));
        }
    }

    fn compare_all(&mut self, keyword: &str, expected: &Sequence, found: Vec<String>) {
        if expected.facts == found {
            return;
        }
        let line = expected.line.unwrap_or(self.case.line);
        let mut text = format!("  line {line}  {keyword}");
        for (head, facts) in [("expected", &expected.facts), ("found", &found)] {
            let none = ["nothing".to_owned()];
            let facts = if facts.is_empty() { &none[..] } else { facts };
            for (at, fact) in facts.iter().enumerate() {
                let head = if at == 0 { head } else { "" };
                text.push_str(&format!("\n    {head:<8}  {fact}"));
            }
        }
        self.found.push(text);
    }

    /// What is found of a subject, in a line's words.
    fn state_of(&self, subject: &Subject, outcome: Outcome) -> String {
        let given = &self.case.given;
        let state = self.system.state();
        let ledger = &state.ledger;
        let nonzero = |amount: &dyn Fn(AgentId) -> i64| {
            let amounts = ledger.agents().map(|agent| (agent, amount(agent)));
            expected::by_agent(&amounts.filter(|(_, a)| *a != 0).collect::<Vec<_>>(), given)
        };
        let about = |names: &[String], fact: &dyn Fn(&Transaction) -> String| {
            let fact_of = |name: &String| match find(&self.system, name) {
                Some(id) => fact(&state.transactions[id]),
                None => "unborn".to_owned(),
            };
            let pairs = names.iter().map(|name| (name.clone(), fact_of(name)));
            expected::by_name(&pairs.collect::<Vec<_>>())
        };
        match subject {
            Subject::Balances => {
                let balances = ledger.agents().map(|agent| (agent, ledger[agent].balance));
                expected::by_agent(&balances.collect::<Vec<_>>(), given)
            }
            Subject::Loans => nonzero(&|agent| ledger[agent].loan),
            Subject::Pools => nonzero(&|agent| ledger[agent].pool),
            Subject::Queued => {
                let queue = |agent| state.central.of(agent).all().iter();
                self.names(ledger.agents().flat_map(queue))
            }
            Subject::Held => {
                let queue = |agent| state.internal.iter(agent, &state.transactions);
                self.names(ledger.agents().flat_map(queue))
            }
            Subject::Overdue => {
                let overdue = state.transactions.iter().filter(|(_, row)| row.overdue);
                self.names(overdue.map(|(id, _)| id))
            }
            Subject::Waits => {
                let waits = self.events(Kind::Queued).filter(|e| e.tick == outcome.tick);
                let text = |event: Event| {
                    let name = self.name(TransactionId(event.transaction));
                    expected::wait(&name, event.cause.word().unwrap_or_default())
                };
                match waits.map(text).collect::<Vec<_>>() {
                    texts if texts.is_empty() => "nothing".to_owned(),
                    texts => texts.join(", "),
                }
            }
            Subject::Cost(agent) => {
                let (name, costs) = match agent {
                    Some(agent) => (
                        self.system.names()[agent.ix()].as_str(),
                        state.costs.of(*agent, self.system.accrued_until()),
                    ),
                    None => ("system", state.costs.of_system(self.system.accrued_until())),
                };
                match costs {
                    Ok(costs) => expected::by_component(name, |c| costs[c as usize]),
                    Err(error) => error.to_string(),
                }
            }
            Subject::Status(names) => about(names, &|row| row.status.word().to_owned()),
            Subject::Amounts(names) => about(names, &|row| row.amount.to_string()),
            Subject::Outcome(places) => {
                let counts = outcome.counts;
                let figures = [
                    i128::from(counts.arrivals),
                    i128::from(counts.settlements),
                    i128::from(counts.lsm_releases),
                    outcome.total_cost,
                ];
                let pair = |&at: &usize| (FIGURES[at].to_owned(), figures[at].to_string());
                expected::by_name(&places.iter().map(pair).collect::<Vec<_>>())
            }
        }
    }

    /// All money there is: the central bank's account included, which goes down as it lends.
    fn money(&self) -> i128 {
        let ledger = &self.system.state().ledger;
        let of = |agent: AgentId| {
            let account = &ledger[agent];
            [account.balance, account.pool, account.deferred].map(i128::from)
        };
        let agents: i128 = ledger.agents().flat_map(of).sum();
        agents + i128::from(ledger.central_bank())
    }

    fn postings(&self) -> Vec<String> {
        let mut postings: Vec<(Event, Vec<String>)> = Vec::new();
        for event in self.events(Kind::Settled) {
            let name = self.name(TransactionId(event.transaction));
            match postings.last_mut() {
                Some((first, names)) if first.link == event.link => names.push(name),
                _ => postings.push((event, vec![name])),
            }
        }
        let text = |(event, names): &(Event, Vec<String>)| {
            expected::posting(event.tick, event.cause.word().unwrap_or_default(), names)
        };
        postings.iter().map(text).collect()
    }

    fn ring_limits(&self) -> Vec<String> {
        self.events(Kind::RingLimitReached)
            .map(|event| expected::ring_limit(event.tick, event.value))
            .collect()
    }

    fn events(&self, kind: Kind) -> impl Iterator<Item = Event> + '_ {
        let journal = &self.system.state().journal;
        journal.iter().filter(move |event| event.kind == kind)
    }

    fn name(&self, id: TransactionId) -> String {
        self.system.state().transactions.id(id, self.system.names())
    }

    fn names(&self, ids: impl Iterator<Item = TransactionId>) -> String {
        expected::by_order(&ids.map(|id| self.name(id)).collect::<Vec<_>>())
    }
}

fn find(system: &System, name: &str) -> Option<TransactionId> {
    let transactions = &system.state().transactions;
    let mut all = transactions.iter().map(|(id, _)| id);
    all.find(|id| transactions.id(*id, system.names()) == name)
}
