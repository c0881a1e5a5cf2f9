//! The event log as JSON lines, its canonical form.
//!
//! One line an event, keys in a fixed order, no spaces: two runs are equal if and only if their
//! lines are equal byte for byte.

use std::fmt::Write as _;
use std::io::Write;

use crate::behaviour::arrivals::DeadlineOffset;
use crate::decision::NO_BUDGET;
use crate::event::{Event, Kind};
use crate::ids::{AgentId, NONE, TransactionId};
use crate::rate::cost_text;
use crate::results::parallel::write_blocks;
use crate::scenario_events::Change;
use crate::system::System;
use crate::transaction::{Origin, known};

/// Writes all events.
///
/// # Errors
/// What `out` raises.
pub fn write(system: &System, out: &mut dyn Write) -> std::io::Result<()> {
    let journal = &system.state().journal;
    let names: Vec<String> = system.names().iter().map(|name| quoted(name)).collect();
    write_blocks(journal.blocks(), out, |block, text| {
        let mut lines = Lines {
            system,
            names: &names,
            text,
            id: String::new(),
            number: itoa::Buffer::new(),
        };
        for event in journal.block(block) {
            lines.event(&event);
        }
    })
}

/// The lines of the events after so many, up to `most` of them and until `bytes_max` bytes are
/// reached, and how many events stand before the one after. The cost is that of these lines.
pub fn lines(system: &System, first: usize, most: usize, bytes_max: usize) -> (String, usize) {
    let (mut text, mut next) = (String::new(), first);
    let mut lines = Lines {
        system,
        names: &[],
        text: &mut text,
        id: String::new(),
        number: itoa::Buffer::new(),
    };
    for event in system.state().journal.after(first).take(most) {
        lines.event(&event);
        next += 1;
        if lines.text.len() >= bytes_max {
            break;
        }
    }
    (text, next)
}

struct Lines<'a> {
    system: &'a System,
    /// Agents' ids as JSON strings, or none, to make them one by one.
    names: &'a [String],
    text: &'a mut String,
    id: String,
    number: itoa::Buffer,
}

impl Lines<'_> {
    fn event(&mut self, event: &Event) {
        self.text.push_str("{\"tick\":");
        self.text.push_str(self.number.format(event.tick));
        self.text.push_str(",\"event\":\"");
        self.text.push_str(event.kind.word());
        self.text.push('"');
        match event.kind {
            Kind::AccountOpened => {
                let opening = self.system.opening(AgentId(event.agent));
                self.agent("agent_id", event.agent);
                self.integer("balance", opening.balance);
                self.integer("credit_limit", opening.credit_limit);
                self.integer("liquidity_pool", opening.liquidity_pool);
            }
            Kind::LoanRepaid
            | Kind::LoanGranted
            | Kind::LiquidityAllocated
            | Kind::LiquidityReturned
            | Kind::AllocationKept
            | Kind::CreditDeferred
            | Kind::Credited => {
                self.agent("agent_id", event.agent);
                self.integer("amount", event.value);
            }
            Kind::Arrived => {
                self.transaction(event);
                self.terms(event);
            }
            Kind::Released | Kind::Withdrawn => {
                self.transaction(event);
                self.agent("agent_id", event.agent);
            }
            Kind::Reprioritised => {
                self.transaction(event);
                self.agent("agent_id", event.agent);
                self.integer("priority", event.value);
            }
            Kind::ReleaseBudgetSet => {
                self.agent("agent_id", event.agent);
                self.optional("amount", (event.value != NO_BUDGET).then_some(event.value));
            }
            Kind::Split => {
                self.transaction(event);
                self.agent("agent_id", event.agent);
                self.integer("parts", event.value);
                self.cost(event);
            }
            Kind::PartCreated => {
                self.transaction(event);
                let row = &self.system.state().transactions[TransactionId(event.transaction)];
                if let Origin::Part { parent, .. } = row.origin {
                    self.key("parent_id");
                    self.transaction_id(parent);
                }
                self.terms(event);
            }
            Kind::Queued | Kind::Cancelled => {
                self.transaction(event);
                self.agent("agent_id", event.agent);
                self.word("cause", event.cause.word().unwrap_or_default());
            }
            Kind::Settled => {
                self.transaction(event);
                self.parties(event);
                self.amount(event);
                self.word("cause", event.cause.word().unwrap_or_default());
                self.integer("posting", i64::from(event.link));
            }
            Kind::RingLimitReached => self.integer("rings", event.value),
            Kind::Overdue | Kind::EndOfDayPenalty => {
                self.transaction(event);
                self.agent("agent_id", event.agent);
                self.cost(event);
            }
            Kind::EndOfDayBorrowing => {
                self.agent("agent_id", event.agent);
                self.integer("amount", event.value);
                self.cost(event);
            }
            Kind::LiquidityInjected
            | Kind::LiquidityDrained
            | Kind::CreditLimitChanged
            | Kind::DirectTransfer
            | Kind::DirectTransferRefused
            | Kind::ArrivalRateChanged
            | Kind::CounterpartyWeightChanged
            | Kind::DeadlineOffsetChanged
            | Kind::OutageBegan
            | Kind::OutageEnded
            | Kind::Halted
            | Kind::Resumed => self.change(event),
        }
        self.text.push_str("}\n");
    }

    /// What a scenario event did, as it is told in the scenario, and how far it went.
    fn change(&mut self, event: &Event) {
        match self.system.change(event) {
            None | Some(Change::Halt | Change::Resume | Change::Arrive(_)) => {}
            Some(Change::InjectLiquidity(agent, amount)) => {
                self.agent("agent_id", agent.0);
                self.integer("amount", *amount);
            }
            Some(Change::DrainLiquidity(agent, amount)) => {
                self.agent("agent_id", agent.0);
                self.integer("amount", event.value);
                self.integer("missing", amount - event.value);
            }
            Some(Change::SetCreditLimit(agent, limit)) => {
                self.agent("agent_id", agent.0);
                self.integer("credit_limit", *limit);
            }
            Some(Change::Transfer(sender, receiver, amount)) => {
                self.agent("sender_id", sender.0);
                self.agent("receiver_id", receiver.0);
                self.integer("amount", *amount);
            }
            Some(Change::SetArrivalRate(_, multiplier)) => {
                self.agent_or_all(event.agent);
                self.real("multiplier", *multiplier);
            }
            Some(Change::SetCounterpartyWeight(agent, counterparty, weight)) => {
                self.agent("agent_id", agent.0);
                self.agent("counterparty_id", counterparty.0);
                self.real("weight", *weight);
            }
            Some(Change::SetDeadlineOffset(_, offset)) => {
                self.agent_or_all(event.agent);
                match offset {
                    DeadlineOffset::Never => self.optional("deadline_offset", None),
                    DeadlineOffset::Fixed(ticks) => {
                        self.integer("deadline_offset", i64::from(*ticks));
                    }
                    DeadlineOffset::Uniform(low, high) => {
                        self.key("deadline_offset");
                        // Writing to a String cannot fail.
                        let _ = write!(self.text, "[{low},{high}]");
                    }
                }
            }
            Some(Change::BeginOutage(agent) | Change::EndOutage(agent)) => {
                self.agent("agent_id", agent.0);
            }
        }
    }

    fn transaction(&mut self, event: &Event) {
        self.key("transaction_id");
        self.transaction_id(TransactionId(event.transaction));
    }

    fn transaction_id(&mut self, id: TransactionId) {
        self.id.clear();
        self.system
            .state()
            .transactions
            .write_id(id, self.system.names(), &mut self.id);
        quote(&self.id, self.text);
    }

    fn parties(&mut self, event: &Event) {
        let row = &self.system.state().transactions[TransactionId(event.transaction)];
        self.agent("sender_id", row.sender.0);
        self.agent("receiver_id", row.receiver.0);
    }

    fn amount(&mut self, event: &Event) {
        let row = &self.system.state().transactions[TransactionId(event.transaction)];
        self.integer("amount", row.amount);
    }

    fn terms(&mut self, event: &Event) {
        self.parties(event);
        self.amount(event);
        let row = &self.system.state().transactions[TransactionId(event.transaction)];
        self.optional("deadline_tick", known(row.deadline_tick).map(i64::from));
        self.integer("priority", i64::from(row.priority_at_arrival));
        self.key("divisible");
        self.text
            .push_str(if row.divisible { "true" } else { "false" });
    }

    fn key(&mut self, key: &str) {
        self.text.push_str(",\"");
        self.text.push_str(key);
        self.text.push_str("\":");
    }

    fn agent(&mut self, key: &str, agent: u32) {
        self.key(key);
        match self.names.get(agent as usize) {
            Some(name) => self.text.push_str(name),
            None => quote(&self.system.names()[agent as usize], self.text),
        }
    }

    /// An agent, or null for all of them.
    fn agent_or_all(&mut self, agent: u32) {
        if agent == NONE {
            self.optional("agent_id", None);
        } else {
            self.agent("agent_id", agent);
        }
    }

    /// The shortest decimal that is read as this number.
    fn real(&mut self, key: &str, value: f64) {
        self.key(key);
        // Writing to a String cannot fail.
        let _ = write!(self.text, "{value}");
    }

    fn integer(&mut self, key: &str, value: i64) {
        self.key(key);
        self.text.push_str(self.number.format(value));
    }

    fn optional(&mut self, key: &str, value: Option<i64>) {
        match value {
            Some(value) => self.integer(key, value),
            None => {
                self.key(key);
                self.text.push_str("null");
            }
        }
    }

    fn word(&mut self, key: &str, word: &str) {
        self.key(key);
        self.text.push('"');
        self.text.push_str(word);
        self.text.push('"');
    }

    fn cost(&mut self, event: &Event) {
        let cost = self.system.state().journal.cost(event).unwrap_or_default();
        self.word("cost", &cost_text(cost));
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::new();
    quote(text, &mut out);
    out
}

/// Appends a JSON string.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    if text.bytes().all(|b| b >= 0x20 && b != b'"' && b != b'\\') {
        out.push_str(text);
    } else {
        for c in text.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                c if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", c as u32)),
                c => out.push(c),
            }
        }
    }
    out.push('"');
}
