//! What a case expects, in the words in which the runner states what it found.

use paysim_kernel::costs::Component;
use paysim_kernel::event::Cause;
use paysim_kernel::ids::AgentId;
use paysim_kernel::rate::{COST_PLACES, cost_text, parse_decimal};

use super::given::Given;
use super::words::{Parsed, Words, unknown};

/// What an expectation is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    Balances,
    Queued,
    Held,
    Overdue,
    Loans,
    Pools,
    Waits,
    /// Of one agent, or of the system.
    Cost(Option<AgentId>),
    Status(Vec<String>),
    Amounts(Vec<String>),
    /// Figures by their place in [`FIGURES`].
    Outcome(Vec<usize>),
}

/// Figures of a tick's outcome.
pub const FIGURES: [&str; 4] = ["arrivals", "settlements", "lsm_releases", "total_cost"];

/// One line's expectation, or a part of it.
pub struct Expectation {
    pub line: usize,
    pub keyword: String,
    /// At the end of which tick; the last one otherwise.
    pub tick: Option<u32>,
    pub subject: Subject,
    pub text: String,
}

/// Facts of the whole run, each in a line's words.
#[derive(Default)]
pub struct Sequence {
    pub line: Option<usize>,
    pub facts: Vec<String>,
}

/// Everything a case expects.
#[derive(Default)]
pub struct Expected {
    pub settled: Sequence,
    pub ring_limits: Sequence,
    pub others: Vec<Expectation>,
    last_tick: u32,
}

impl Expected {
    /// The last tick that is named.
    pub fn last_tick(&self) -> u32 {
        self.last_tick
    }

    /// Takes a line; `false` if its keyword expects nothing.
    pub fn take(
        &mut self,
        keyword: &str,
        line: usize,
        words: &mut Words,
        given: &Given,
    ) -> Parsed<bool> {
        let tick = words.tick()?;
        self.last_tick = self.last_tick.max(tick.unwrap_or_default());
        let mut found = Vec::new();
        match keyword {
            "settled" => self.settled(line, tick, words, given)?,
            "ring_limit" => {
                let tick = tick.ok_or("a ring limit needs a tick")?;
                words.need("rings")?;
                let rings: u64 = words.number("rings")?;
                self.ring_limits.line.get_or_insert(line);
                self.ring_limits.facts.push(ring_limit(tick, rings));
            }
            "balances" => {
                let amounts = amounts_by_agent(words, given)?;
                if amounts.len() < given.spec.agents.len() {
                    return Err("all agents must be named".into());
                }
                found.push((Subject::Balances, by_agent(&amounts, given)));
            }
            "loans" => {
                let amounts = amounts_by_agent(words, given)?;
                found.push((Subject::Loans, by_agent(&amounts, given)));
            }
            "pools" => {
                let amounts = amounts_by_agent(words, given)?;
                found.push((Subject::Pools, by_agent(&amounts, given)));
            }
            "queued" => found.push((Subject::Queued, list(words, given)?)),
            "held" => found.push((Subject::Held, list(words, given)?)),
            "overdue" => found.push((Subject::Overdue, list(words, given)?)),
            "waits" => {
                tick.ok_or("what joins the queue needs a tick")?;
                found.push((Subject::Waits, waits(words, given)?));
            }
            "cost" => words.items(|words| {
                found.push(cost(words, given)?);
                Ok(())
            })?,
            "status" => {
                let pairs = pairs(words, given)?;
                let names = pairs.iter().map(|(name, _)| name.clone()).collect();
                found.push((Subject::Status(names), by_name(&pairs)));
            }
            "amounts" => {
                let pairs = pairs(words, given)?;
                let names = pairs.iter().map(|(name, _)| name.clone()).collect();
                found.push((Subject::Amounts(names), by_name(&pairs)));
            }
            "outcome" => {
                tick.ok_or("an outcome needs a tick")?;
                found.push(outcome(words)?);
            }
            _ => return Ok(false),
        }
        let expectations = found.into_iter().map(|(subject, text)| Expectation {
            line,
            keyword: keyword.to_owned(),
            tick,
            subject,
            text,
        });
        self.others.extend(expectations);
        Ok(true)
    }

    fn settled(
        &mut self,
        line: usize,
        tick: Option<u32>,
        words: &mut Words,
        given: &Given,
    ) -> Parsed<()> {
        self.settled.line.get_or_insert(line);
        if tick.is_none() && words.have("nothing") {
            return Ok(());
        }
        let tick = tick.ok_or("settlements need a tick")?;
        let cause = words.take("a cause")?;
        if !Cause::SETTLEMENTS.iter().any(|c| c.word() == Some(cause)) {
            return Err(unknown(cause));
        }
        words.items(|words| {
            let mut names = vec![given.transaction(words.take("a transaction")?)?];
            while words.peek(0).is_some_and(|word| word != ",") {
                names.push(given.transaction(words.take("a transaction")?)?);
            }
            self.settled.facts.push(posting(tick, cause, &names));
            Ok(())
        })
    }
}

/// A posting in a line's words.
pub fn posting(tick: u32, cause: &str, names: &[String]) -> String {
    format!("tick {tick}  {cause}  {}", names.join(" "))
}

/// A reached bound in a line's words.
pub fn ring_limit(tick: u32, rings: impl std::fmt::Display) -> String {
    format!("tick {tick}  rings {rings}")
}

/// Amounts of agents in a line's words; without any, `nothing`.
pub fn by_agent(amounts: &[(AgentId, i64)], given: &Given) -> String {
    let texts = amounts
        .iter()
        .map(|(agent, amount)| format!("{} {amount}", given.spec.agents[agent.ix()].id));
    or_nothing(texts.collect::<Vec<_>>().join("  "))
}

/// Facts of transactions in a line's words.
pub fn by_name(pairs: &[(String, String)]) -> String {
    let texts = pairs.iter().map(|(name, fact)| format!("{name} {fact}"));
    texts.collect::<Vec<_>>().join("  ")
}

/// Names in a line's words; without any, `nothing`.
pub fn by_order(names: &[String]) -> String {
    or_nothing(names.join(" "))
}

/// An agent's costs in a line's words; without any, `nothing`.
pub fn by_component(agent: &str, costs: impl Fn(Component) -> i128) -> String {
    let charged = Component::ALL.into_iter().filter(|c| costs(*c) != 0);
    let texts = charged.map(|c| format!("{} {}", c.word(), cost_text(costs(c))));
    let texts = or_nothing(texts.collect::<Vec<_>>().join("  "));
    format!("{agent}  {texts}")
}

fn or_nothing(text: String) -> String {
    if text.is_empty() {
        "nothing".to_owned()
    } else {
        text
    }
}

fn amounts_by_agent(words: &mut Words, given: &Given) -> Parsed<Vec<(AgentId, i64)>> {
    let mut amounts = Vec::new();
    if words.have("nothing") {
        return Ok(amounts);
    }
    while words.more() {
        let agent = given.agent(words.take("an agent")?)?;
        if amounts.iter().any(|(other, _)| *other == agent) {
            return Err("an agent is named twice".into());
        }
        amounts.push((agent, words.number("the amount")?));
    }
    amounts.sort_unstable();
    Ok(amounts)
}

fn list(words: &mut Words, given: &Given) -> Parsed<String> {
    let mut names = Vec::new();
    if words.have("nothing") {
        return Ok(by_order(&names));
    }
    names.push(given.transaction(words.take("a transaction")?)?);
    while words.more() {
        names.push(given.transaction(words.take("a transaction")?)?);
    }
    Ok(by_order(&names))
}

/// What joined a queue for what reason, in a line's words.
pub fn wait(name: &str, cause: &str) -> String {
    format!("{name} for {cause}")
}

fn waits(words: &mut Words, given: &Given) -> Parsed<String> {
    let mut texts = Vec::new();
    if words.have("nothing") {
        return Ok(by_order(&texts));
    }
    words.items(|words| {
        let name = given.transaction(words.take("a transaction")?)?;
        words.need("for")?;
        match words.take("a reason")? {
            reason @ ("liquidity" | "order") => texts.push(wait(&name, reason)),
            other => return Err(unknown(other)),
        }
        Ok(())
    })?;
    Ok(texts.join(", "))
}

fn cost(words: &mut Words, given: &Given) -> Parsed<(Subject, String)> {
    let name = words.take("an agent")?;
    let agent = if name == "system" {
        None
    } else {
        Some(given.agent(name)?)
    };
    let mut costs = [0; Component::ALL.len()];
    if !words.have("nothing") {
        while words.peek(0).is_some_and(|word| word != ",") {
            let word = words.take("a cost")?;
            let component = Component::ALL.into_iter().find(|c| c.word() == word);
            let component = component.ok_or_else(|| unknown(word))?;
            let amount = words.take("the cost")?;
            let exact = parse_decimal(amount, COST_PLACES).map_err(|error| error.to_string())?;
            costs[component as usize] = exact;
        }
    }
    let text = by_component(name, |component| costs[component as usize]);
    Ok((Subject::Cost(agent), text))
}

fn pairs(words: &mut Words, given: &Given) -> Parsed<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    while words.more() {
        let name = given.transaction(words.take("a transaction")?)?;
        pairs.push((name, words.take("what is expected of it")?.to_owned()));
    }
    Ok(pairs)
}

fn outcome(words: &mut Words) -> Parsed<(Subject, String)> {
    let (mut places, mut pairs) = (Vec::new(), Vec::new());
    words.items(|words| {
        let word = words.take("a figure")?;
        let place = FIGURES.iter().position(|figure| *figure == word);
        places.push(place.ok_or_else(|| unknown(word))?);
        let value: i128 = words.number(word)?;
        pairs.push((word.to_owned(), value.to_string()));
        Ok(())
    })?;
    Ok((Subject::Outcome(places), by_name(&pairs)))
}
