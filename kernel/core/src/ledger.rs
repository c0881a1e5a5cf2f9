//! Accounts, and the only code that changes a balance.
//!
//! Rules look and return a [`Posting`]; the ledger checks it and books it whole or not at all.
//! Balances, pools, deferred credits and the central bank's account always sum to the same.

use crate::amount::bounded;
use crate::error::{Error, Result};
use crate::ids::{AgentId, TransactionId};
use crate::transaction::Transactions;

/// One agent's money.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// Minor units; negative while credit is used.
    pub balance: i64,
    /// Lowest balance a settlement may leave.
    pub floor: i64,
    /// Intraday credit, in minor units.
    pub credit_limit: i64,
    /// Liquidity outside the system, allocated each morning.
    pub pool: i64,
    /// What was allocated today and is owed to the pool.
    pub allocated: i64,
    /// End-of-day loan outstanding.
    pub loan: i64,
    /// Credits received and not booked yet.
    pub deferred: i64,
    /// Settled in its favour today.
    pub day_inflow: i128,
    /// Settled at its expense today.
    pub day_outflow: i128,
    /// Balance after the opening of the day.
    pub balance_at_open: i64,
}

impl Account {
    /// What may be spent now; negative below the floor.
    #[inline]
    pub fn available(&self) -> i64 {
        self.balance - self.floor
    }

    /// Share of the day's opening liquidity (balance after the opening, plus credit) that is not
    /// available now, 0 to 1; 0 where there was none.
    pub fn liquidity_pressure(&self) -> f64 {
        let opening = self.balance_at_open - self.floor;
        if opening <= 0 {
            return 0.0;
        }
        (1.0 - self.available() as f64 / opening as f64).clamp(0.0, 1.0)
    }
}

/// Transactions that settle together, senders in scenario order, each in its queue order.
#[derive(Debug, Clone, Default)]
pub struct Posting {
    /// The transactions.
    pub transactions: Vec<TransactionId>,
}

/// What a posting did to one agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetPosition {
    /// The agent.
    pub agent: AgentId,
    /// Change of its balance now.
    pub booked: i64,
    /// Credit that reaches its balance later.
    pub deferred: i64,
}

/// How the credits of a posting count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crediting {
    /// Net receipts reach the balance at once.
    Immediate,
    /// Net receipts are deferred.
    DeferNet,
    /// Every receipt is deferred, so that nobody pays with another's.
    DeferGross,
}

/// The accounts of all agents.
#[derive(Debug, Clone)]
pub struct Ledger {
    accounts: Vec<Account>,
    /// The central bank's own account: it lends, injects and drains.
    central_bank: i64,
    /// Agents with deferred credits, unordered.
    with_deferred: Vec<AgentId>,
    /// Scratch: receipts and payments of each agent in the posting at hand.
    flows: Vec<(i128, i128)>,
    touched: Vec<AgentId>,
}

impl std::ops::Index<AgentId> for Ledger {
    type Output = Account;

    #[inline]
    fn index(&self, agent: AgentId) -> &Account {
        &self.accounts[agent.ix()]
    }
}

impl Ledger {
    pub(crate) fn new(accounts: Vec<Account>) -> Self {
        let agents = accounts.len();
        Self {
            accounts,
            central_bank: 0,
            with_deferred: Vec::new(),
            flows: vec![(0, 0); agents],
            touched: Vec::new(),
        }
    }

    /// How many accounts there are.
    pub fn len(&self) -> usize {
        self.accounts.len()
    }

    /// False: a system has agents.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    /// Every agent, in scenario order.
    pub fn agents(&self) -> impl Iterator<Item = AgentId> + use<> {
        (0..self.accounts.len() as u32).map(AgentId)
    }

    /// The central bank's account: what it has drained, less what it has lent and injected.
    pub fn central_bank(&self) -> i64 {
        self.central_bank
    }

    /// Books one transaction; `false`, and nothing changed, if it would break the sender's floor.
    #[inline]
    pub(crate) fn book_one(
        &mut self,
        sender: AgentId,
        receiver: AgentId,
        amount: i64,
        defer: bool,
    ) -> Result<bool> {
        if !self.transfer(sender, receiver, amount, defer)? {
            return Ok(false);
        }
        let wide = i128::from(amount);
        self.accounts[receiver.ix()].day_inflow += wide;
        self.accounts[sender.ix()].day_outflow += wide;
        Ok(true)
    }

    /// Moves money between agents without a transaction; `false`, and nothing changed, if it would
    /// break the sender's floor.
    #[inline]
    pub(crate) fn transfer(
        &mut self,
        sender: AgentId,
        receiver: AgentId,
        amount: i64,
        defer: bool,
    ) -> Result<bool> {
        if amount > self[sender].available() {
            return Ok(false);
        }
        let to = &mut self.accounts[receiver.ix()];
        let credit = if defer {
            &mut to.deferred
        } else {
            &mut to.balance
        };
        let raised = bounded(i128::from(*credit) + i128::from(amount), receiver)?;
        if defer && *credit == 0 {
            self.with_deferred.push(receiver);
        }
        *credit = raised;
        self.accounts[sender.ix()].balance -= amount;
        Ok(true)
    }

    /// Books a posting; `None`, and nothing changed, if it would leave a sender below its floor.
    ///
    /// Net positions come in scenario order.
    pub(crate) fn book(
        &mut self,
        posting: &Posting,
        transactions: &Transactions,
        crediting: Crediting,
    ) -> Result<Option<Vec<NetPosition>>> {
        for &id in &posting.transactions {
            let row = &transactions[id];
            let wide = i128::from(row.amount);
            for agent in [row.sender, row.receiver] {
                if self.flows[agent.ix()] == (0, 0) {
                    self.touched.push(agent);
                }
            }
            self.flows[row.sender.ix()].1 += wide;
            self.flows[row.receiver.ix()].0 += wide;
        }
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        let checked = self.net_positions(&touched, crediting);
        if let Ok(Some(nets)) = &checked {
            for net in nets {
                let (inflow, outflow) = self.flows[net.agent.ix()];
                let account = &mut self.accounts[net.agent.ix()];
                account.balance += net.booked;
                if net.deferred > 0 && account.deferred == 0 {
                    self.with_deferred.push(net.agent);
                }
                account.deferred += net.deferred;
                account.day_inflow += inflow;
                account.day_outflow += outflow;
            }
        }
        for &agent in &touched {
            self.flows[agent.ix()] = (0, 0);
        }
        touched.clear();
        self.touched = touched;
        checked
    }

    fn net_positions(
        &self,
        touched: &[AgentId],
        crediting: Crediting,
    ) -> Result<Option<Vec<NetPosition>>> {
        let mut nets = Vec::with_capacity(touched.len());
        for &agent in touched {
            let (inflow, outflow) = self.flows[agent.ix()];
            let net = inflow - outflow;
            let (booked, deferred) = match crediting {
                Crediting::Immediate => (net, 0),
                Crediting::DeferNet => (net.min(0), net.max(0)),
                Crediting::DeferGross => (-outflow, inflow),
            };
            let account = &self[agent];
            let balance = bounded(i128::from(account.balance) + booked, agent)?;
            bounded(i128::from(account.deferred) + deferred, agent)?;
            if outflow > 0 && balance < account.floor {
                return Ok(None);
            }
            nets.push(NetPosition {
                agent,
                booked: bounded(booked, agent)?,
                deferred: bounded(deferred, agent)?,
            });
        }
        Ok(Some(nets))
    }

    /// Moves every deferred credit into its balance; agents and credits in scenario order.
    pub(crate) fn credit_deferred(&mut self) -> Result<Vec<(AgentId, i64)>> {
        let mut agents = std::mem::take(&mut self.with_deferred);
        agents.sort_unstable();
        let mut credited = Vec::with_capacity(agents.len());
        for agent in agents {
            let amount = self[agent].deferred;
            self.change_balance(agent, amount)?;
            self.accounts[agent.ix()].deferred = 0;
            credited.push((agent, amount));
        }
        Ok(credited)
    }

    /// Repays a loan as far as available liquidity allows; what was repaid.
    pub(crate) fn repay_loan(&mut self, agent: AgentId) -> Result<i64> {
        let repaid = self[agent].loan.min(self[agent].available().max(0));
        self.change_loan(agent, -repaid)?;
        Ok(repaid)
    }

    /// Lends to an agent.
    pub(crate) fn lend(&mut self, agent: AgentId, amount: i64) -> Result<()> {
        self.change_loan(agent, amount)
    }

    fn change_loan(&mut self, agent: AgentId, amount: i64) -> Result<()> {
        // What is drained and lent again can make a loan larger than all money there is.
        let loan = self[agent].loan.checked_add(amount);
        let loan = loan.ok_or_else(|| Error::overflow("a loan"))?;
        self.inject(agent, amount)?;
        self.accounts[agent.ix()].loan = loan;
        Ok(())
    }

    /// Moves money from the central bank's account to an agent's; back, if it is negative.
    pub(crate) fn inject(&mut self, agent: AgentId, amount: i64) -> Result<()> {
        let left = self
            .central_bank
            .checked_sub(amount)
            .ok_or_else(|| Error::overflow("the central bank's account"))?;
        self.change_balance(agent, amount)?;
        self.central_bank = left;
        Ok(())
    }

    /// Moves what an agent has available, but no more than `amount`, to the central bank's account;
    /// what was moved.
    pub(crate) fn drain(&mut self, agent: AgentId, amount: i64) -> Result<i64> {
        let taken = amount.min(self[agent].available().max(0));
        self.inject(agent, -taken)?;
        Ok(taken)
    }

    /// Gives an agent another credit limit, which may leave it below its floor; whether it rose.
    pub(crate) fn set_credit_limit(&mut self, agent: AgentId, limit: i64) -> bool {
        let account = &mut self.accounts[agent.ix()];
        let before = account.credit_limit;
        account.credit_limit = limit;
        account.floor = -limit;
        limit > before
    }

    /// Moves liquidity from an agent's pool to its balance.
    pub(crate) fn allocate(&mut self, agent: AgentId, amount: i64) -> Result<()> {
        self.change_balance(agent, amount)?;
        let account = &mut self.accounts[agent.ix()];
        account.pool -= amount;
        account.allocated += amount;
        Ok(())
    }

    /// Returns what was allocated as far as a positive balance covers it; what was returned.
    ///
    /// The rest stays with the agent and is owed no more.
    pub(crate) fn return_allocated(&mut self, agent: AgentId) -> i64 {
        let account = &mut self.accounts[agent.ix()];
        let returned = account.allocated.min(account.balance.max(0));
        account.balance -= returned;
        account.pool += returned;
        account.allocated = 0;
        returned
    }

    /// Notes what the day opens with.
    pub(crate) fn open_day(&mut self, agent: AgentId) {
        let account = &mut self.accounts[agent.ix()];
        account.balance_at_open = account.balance;
    }

    /// Restarts the counters of the day: from here on it is tomorrow.
    pub(crate) fn close_day(&mut self, agent: AgentId) {
        let account = &mut self.accounts[agent.ix()];
        (account.day_inflow, account.day_outflow) = (0, 0);
    }

    fn change_balance(&mut self, agent: AgentId, amount: i64) -> Result<()> {
        let raised = bounded(i128::from(self[agent].balance) + i128::from(amount), agent)?;
        self.accounts[agent.ix()].balance = raised;
        Ok(())
    }
}
