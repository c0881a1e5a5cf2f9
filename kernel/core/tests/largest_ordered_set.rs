//! The largest ordered set against exhaustive search: three banks, every queue of up to four
//! transactions of 1 to 3, every opening balance of 0 to 2.
//!
//! Gridlock resolution takes the set of the whole central queue, so that one tick shows it.

mod support;

use paysim_kernel::event::{Cause, Kind};
use paysim_kernel::ids::AgentId;
use paysim_kernel::rules::QueueDiscipline;
use paysim_kernel::spec::Spec;
use paysim_kernel::{Result, System};

const AGENTS: usize = 3;
const AMOUNT_MAX: i64 = 3;
const BALANCE_MAX: i64 = 2;

/// Sender, receiver and amount.
type Order = (usize, usize, i64);

/// A scenario in which gridlock resolution is the only mechanism and order binds everywhere.
fn spec(balances: [i64; AGENTS], queue: &[Order]) -> Spec {
    let mut spec = support::spec();
    let agents = balances.iter().enumerate();
    spec.agents = agents
        .map(|(ix, balance)| support::agent(&format!("bank-{ix}"), *balance))
        .collect();
    spec.rules.queue_discipline = QueueDiscipline::StrictFifo;
    spec.rules.bilateral_offsetting = false;
    spec.rules.cycles = false;
    spec.rules.gridlock_resolution = true;
    for &(sender, receiver, amount) in queue {
        spec.transactions.senders.push(AgentId(sender as u32));
        spec.transactions.receivers.push(AgentId(receiver as u32));
        spec.transactions.amounts.push(amount);
        spec.transactions.arrival_ticks.push(0);
    }
    spec
}

/// What settles alone at entry or from the queue, then what gridlock resolution adds; balances.
fn run(balances: [i64; AGENTS], queue: &[Order]) -> Result<(Vec<usize>, Vec<usize>, Vec<i64>)> {
    let mut system = System::new(spec(balances, queue))?;
    system.advance(1)?;
    let state = system.state();
    let (mut alone, mut together) = (Vec::new(), Vec::new());
    for event in state.journal.iter().filter(|e| e.kind == Kind::Settled) {
        // Queues are listed by sender, so transactions are numbered by row.
        let row = event.transaction as usize;
        if event.cause == Cause::GridlockResolution {
            together.push(row);
        } else {
            alone.push(row);
        }
    }
    let agents = state.ledger.agents();
    let balances = agents.map(|agent| state.ledger[agent].balance).collect();
    Ok((alone, together, balances))
}

/// Balances after `rows` have settled together.
fn after(balances: [i64; AGENTS], queue: &[Order], rows: &[usize]) -> [i64; AGENTS] {
    let mut after = balances;
    for &row in rows {
        let (sender, receiver, amount) = queue[row];
        after[sender] -= amount;
        after[receiver] += amount;
    }
    after
}

/// All sets of a queue that keep each sender's order and that every bank can cover.
fn feasible_sets(balances: [i64; AGENTS], queue: &[Order]) -> Vec<Vec<usize>> {
    let keeps_order = |set: &[usize]| {
        set.iter().all(|&row| {
            (0..row).all(|before| queue[before].0 != queue[row].0 || set.contains(&before))
        })
    };
    (0_u32..1 << queue.len())
        .map(|bits| {
            (0..queue.len())
                .filter(|row| bits >> row & 1 == 1)
                .collect()
        })
        .filter(|set: &Vec<usize>| keeps_order(set))
        .filter(|set| {
            after(balances, queue, set)
                .iter()
                .all(|&balance| balance >= 0)
        })
        .collect()
}

/// Every order between different banks with an amount in bounds.
fn orders() -> Vec<Order> {
    let pairs = (0..AGENTS).flat_map(|a| (0..AGENTS).map(move |b| (a, b)));
    pairs
        .filter(|(a, b)| a != b)
        .flat_map(|(a, b)| (1..=AMOUNT_MAX).map(move |amount| (a, b, amount)))
        .collect()
}

/// Every queue of `length`, listed by sender: how senders interleave makes no difference.
fn queues(length: usize) -> Vec<Vec<Order>> {
    let mut all = vec![Vec::new()];
    for _ in 0..length {
        let longer = |queue: &Vec<Order>| {
            let last = queue.last().map_or(0, |order| order.0);
            let next = orders().into_iter().filter(move |order| order.0 >= last);
            let queue = queue.clone();
            next.map(move |order| [queue.as_slice(), &[order]].concat())
                .collect::<Vec<_>>()
        };
        all = all.iter().flat_map(longer).collect();
    }
    all
}

fn every_balance() -> impl Iterator<Item = [i64; AGENTS]> {
    let side = BALANCE_MAX + 1;
    (0..side.pow(3)).map(move |n| [n % side, n / side % side, n / side / side])
}

fn value(queue: &[Order], rows: &[usize]) -> i64 {
    rows.iter().map(|&row| queue[row].2).sum()
}

/// What settles together is the largest set that keeps each sender's order, in volume and value.
#[test]
fn it_equals_exhaustive_search() {
    let mut volumes = [0; 5];
    for length in 1..=4 {
        for queue in queues(length) {
            for balances in every_balance() {
                let (alone, mut together, found) = run(balances, &queue).unwrap();
                together.sort_unstable();
                // The search sees what is left once nothing settles alone any more.
                let balances = after(balances, &queue, &alone);
                let rows: Vec<usize> = (0..queue.len()).filter(|r| !alone.contains(r)).collect();
                let left: Vec<Order> = rows.iter().map(|&row| queue[row]).collect();
                let sets = feasible_sets(balances, &left);
                let named = |set: &Vec<usize>| set.iter().map(|&at| rows[at]).collect::<Vec<_>>();
                let most = sets.iter().map(Vec::len).max().unwrap();
                let largest: Vec<_> = sets.iter().filter(|s| s.len() == most).map(named).collect();
                let dearest = sets.iter().map(|set| value(&left, set)).max().unwrap();
                assert_eq!([together.clone()], *largest, "{balances:?} {left:?}");
                assert_eq!(value(&queue, &together), dearest, "{balances:?} {left:?}");
                assert_eq!(
                    found,
                    after(balances, &queue, &together),
                    "{balances:?} {left:?}"
                );
                volumes[together.len()] += 1;
            }
        }
    }
    // Sets of two, three and four were all among them, and many queues without any.
    assert!(volumes[0] > 1_000 && volumes[1] == 0, "{volumes:?}");
    assert!(volumes[2..].iter().all(|&n| n > 100), "{volumes:?}");
}
