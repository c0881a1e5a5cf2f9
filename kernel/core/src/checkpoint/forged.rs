//! Moves that no system has made, as somebody who knows the format could write them.

use super::moves::{Move, Moves};
use super::replay::Replay;
use crate::amount::AMOUNT_MAX;
use crate::behaviour::arrivals::{
    AmountDistribution, ArrivalSpec, DeadlineOffset, PriorityDistribution,
};
use crate::behaviour::policies::Policy;
use crate::behaviour::stream::{Purpose, Stream, StreamKey};
use crate::costs::{CostRates, DeadlinePenalty};
use crate::decision::Decision;
use crate::error::Error;
use crate::event::{Cause, Event, Kind};
use crate::ids::{AgentId, TransactionId};
use crate::queue::PriorityClasses;
use crate::rate::Rate;
use crate::results::rebuild::Rebuild;
use crate::rules::{EndOfDay, QueueDiscipline, Rules};
use crate::scenario_events::{Change, ExtraDeadline, ExtraTransaction, ScenarioEvent};
use crate::spec::{AgentSpec, GivenTransactions, Spec};
use crate::system::System;

const AGENTS: u32 = 4;
const TICKS: u32 = 24;

/// Four agents short of money, under rules that make every kind of move.
fn spec(dice: &mut Stream) -> Spec {
    let rate = |text| Rate::parse(text).unwrap();
    let end_of_day = [
        EndOfDay::CarryOver,
        EndOfDay::Cancel,
        EndOfDay::SettleOnCredit,
    ];
    let agent = |number: u32| AgentSpec {
        id: format!("bank-{number}"),
        opening_balance: 40,
        credit_limit: 20,
        liquidity_pool: 60,
        liquidity_allocation_fraction: rate("0.5"),
        policy: [Policy::Fifo, Policy::MockSplitting { num_splits: 2 }][number as usize % 2],
        arrivals: Some(ArrivalSpec {
            rate_per_tick: 1.5,
            intraday_profile: vec![1.0],
            amount: AmountDistribution::Uniform(10, 60),
            counterparty_weights: None,
            deadline_offset: DeadlineOffset::Uniform(0, 4),
            priority: PriorityDistribution::Fixed(5),
            divisible: true,
        }),
    };
    Spec {
        ticks_per_day: 6,
        seed: dice.bits(),
        agents: (0..AGENTS).map(agent).collect(),
        cost_rates: CostRates {
            overdraft_bps_per_tick: rate("1"),
            delay_cost_per_tick_per_cent: rate("0.001"),
            delay_multipliers: [[10_000, 20_000]; 3],
            delay_in_internal_queue: true,
            delay_in_central_queue: true,
            liquidity_bps_per_tick: rate("1"),
            split_friction_cost: rate("3"),
            deadline_penalty: DeadlinePenalty::Fixed(rate("7")),
            eod_penalty_per_transaction: rate("9"),
            eod_borrowing_bps: rate("2"),
        },
        rules: Rules {
            queue_discipline: QueueDiscipline::FifoBypass,
            deferred_crediting: dice.below(2) == 1,
            end_of_day: end_of_day[dice.below(3) as usize],
            priority_classes: PriorityClasses { urgent: 8, high: 6 },
            bilateral_offsetting: true,
            cycles: true,
            max_cycle_length: 4,
            max_rings_per_tick: 5,
            gridlock_resolution: true,
        },
        transactions: GivenTransactions {
            senders: vec![AgentId(0), AgentId(1)],
            receivers: vec![AgentId(1), AgentId(2)],
            amounts: vec![30, 50],
            arrival_ticks: vec![0, 3],
            ..GivenTransactions::default()
        },
        events: (0..8).map(|_| event(dice)).collect(),
        events_max: None,
    }
}

/// Something that befalls the run, once or again and again.
fn event(dice: &mut Stream) -> ScenarioEvent {
    let mut below = |bound| dice.below(bound) as u32;
    let (agent, other) = (AgentId(below(2)), AgentId(2 + below(2)));
    let extra = ExtraTransaction {
        id: format!("extra-{}", below(1 << 30)),
        sender: other,
        receiver: agent,
        amount: 25,
        deadline: ExtraDeadline::After(2),
        priority: 9,
        divisible: true,
    };
    let change = match below(10) {
        0 => Change::InjectLiquidity(agent, 15),
        1 => Change::DrainLiquidity(agent, 30),
        2 => Change::SetCreditLimit(agent, i64::from(below(40))),
        3 => Change::Transfer(other, agent, 10),
        4 => Change::SetArrivalRate(None, f64::from(below(3))),
        5 => Change::SetCounterpartyWeight(agent, other, 0.5),
        6 => Change::BeginOutage(agent),
        7 => Change::Halt,
        8 => Change::Resume,
        _ => Change::Arrive(extra),
    };
    ScenarioEvent {
        tick: below(u64::from(TICKS)),
        every_ticks: (below(2) == 0).then(|| 1 + below(5)),
        until_tick: None,
        change,
    }
}

/// A run in which agents also do at random what no policy does.
fn run(spec: &Spec, dice: &mut Stream) -> System {
    let mut system = System::new(spec.clone()).unwrap();
    for _ in 0..TICKS {
        system.open_tick().unwrap();
        for _ in 0..dice.below(4) {
            let agent = AgentId(dice.below(u64::from(AGENTS)) as u32);
            let volume = u64::from(system.state().transactions.len()).max(1);
            let id = TransactionId(dice.below(volume) as u32);
            let decision = match dice.below(4) {
                0 => Decision::Withdraw(id),
                1 => Decision::Reprioritise(id, dice.below(11) as u8),
                2 => Decision::SetReleaseBudget(Some(dice.below(200) as i64)),
                _ => Decision::Release(id),
            };
            if id.0 < system.state().transactions.len() {
                // What an agent cannot do is refused, and changes nothing.
                let _ = system.decide(agent, decision);
            }
        }
        system.ask_all().unwrap();
        system.close_tick().unwrap();
    }
    system
}

fn random_move(dice: &mut Stream) -> Move {
    let mut below = |bound| dice.below(bound) as u32;
    let (agent, id) = (AgentId(below(5)), TransactionId(below(120)));
    let cause = [
        Cause::Entry,
        Cause::QueueRelease,
        Cause::BilateralOffsetting,
        Cause::Cycles,
        Cause::Liquidity,
        Cause::EndOfDay,
    ][below(6) as usize];
    match below(20) {
        0 => Move::Later(below(4)),
        1 => Move::OpenAccounts,
        2 => Move::OpenDay(agent),
        3 => Move::ArriveGiven(below(4)),
        4 => Move::ArriveGenerated(agent, below(4)),
        5 => Move::Release(id),
        6 => Move::Split(id, below(5)),
        7 => Move::Withdraw(id),
        8 => Move::Reprioritise(id, below(13) as u8),
        9 => Move::SetReleaseBudget(agent, Some(AMOUNT_MAX - 1 + i64::from(below(3)))),
        10 => Move::Queue(id, cause),
        11 => Move::Settle(id, cause),
        12 => Move::SettleTogether(vec![id, TransactionId(below(120)), id], cause),
        13 => Move::EndDay,
        14 => Move::CreditDeferred,
        15 => Move::BecomeOverdue,
        16 => Move::ChargeEndOfDay,
        17 => Move::Happen(below(9)),
        18 => Move::ArriveExtra(below(9)),
        _ => Move::CloseDay(agent),
    }
}

fn forge(moves: &mut Vec<Move>, dice: &mut Stream) {
    let at = dice.below(moves.len() as u64) as usize;
    let other = dice.below(moves.len() as u64) as usize;
    match dice.below(6) {
        0 => moves.swap(at, other),
        1 => drop(moves.remove(at)),
        2 => moves.insert(at, moves[other].clone()),
        3 => moves[at] = random_move(dice),
        4 => {
            if let Move::SettleTogether(ids, _) = &mut moves[at] {
                ids.push(ids[0]);
            }
        }
        _ => moves.insert(at, random_move(dice)),
    }
}

/// Follows the moves as far as they go.
fn follow(spec: &Spec, moves: &[Move], end: u32) -> Option<System> {
    let mut system = System::new(spec.clone()).unwrap();
    let mut bytes = Vec::new();
    for step in moves {
        super::write(step, &mut bytes).unwrap();
    }
    let mut replay = Replay::new(&mut system, end);
    let followed = replay.make_all(&bytes).and_then(|()| replay.finish());
    followed.is_ok().then_some(system)
}

/// These moves as the pieces of a run, cut where the dice say, with seals and all else that is
/// checked before the moves; the events are those of an honest run.
fn pieces(honest: &System, moves: &[Move], dice: &mut Stream) -> Vec<Vec<u8>> {
    let mut cuts: Vec<u32> = (0..dice.below(6))
        .map(|_| dice.below(u64::from(TICKS) + 1) as u32)
        .chain([TICKS])
        .collect();
    cuts.sort_unstable();
    let (mut from, mut tick, mut left) = (0, 0_u32, moves.iter().peekable());
    let mut pieces = Vec::new();
    for end in cuts {
        let mut bytes = Vec::new();
        super::write(&from, &mut bytes).unwrap();
        let journal = &honest.state.journal;
        let rows = journal.before(from)..journal.before(end);
        let head = super::Head {
            tick: end,
            events: rows.len() as u64,
            log: super::hash(&honest.state, rows, end),
            outcome: (0, 0, 0, 0),
            pending: Vec::new(),
        };
        super::write(&head, &mut bytes).unwrap();
        while let Some(step) = left.next_if(|step| match step {
            Move::Later(ticks) => end == TICKS || tick.saturating_add(*ticks) < end,
            _ => end > 0,
        }) {
            if let Move::Later(ticks) = step {
                tick = tick.saturating_add(*ticks);
            }
            super::write(step, &mut bytes).unwrap();
        }
        bytes.extend_from_slice(&super::siphash_2_4(0, 0, &bytes).to_le_bytes());
        pieces.push(bytes);
        from = end;
    }
    pieces
}

fn money(system: &System) -> i128 {
    let ledger = &system.state().ledger;
    let owned = ledger.agents().map(|agent| {
        let account = &ledger[agent];
        [account.balance, account.pool, account.deferred].map(i128::from)
    });
    owned.flatten().sum::<i128>() + i128::from(ledger.central_bank())
}

/// The log of a system tells the balances that it has, and nothing arrives or settles twice.
fn assert_told(system: &System) {
    let transactions = &system.state().transactions;
    let ids: std::collections::BTreeSet<String> = transactions
        .iter()
        .map(|(id, _)| transactions.id(id, system.names()))
        .collect();
    assert_eq!(ids.len(), transactions.len() as usize);
    let settled = system.state().journal.iter();
    let settled = settled.filter(|event| event.kind == Kind::Settled);
    let mut settled: Vec<u32> = settled.map(|event| event.transaction).collect();
    settled.sort_unstable();
    assert!(settled.windows(2).all(|pair| pair[0] != pair[1]));
    let mut rebuild = Rebuild::new(system);
    while rebuild.advance().unwrap().is_some() {}
    for (agent, told) in system.state().ledger.agents().zip(&rebuild.agents) {
        let account = &system.state().ledger[agent];
        assert_eq!(i128::from(account.balance), told.balance);
        assert_eq!(i128::from(account.loan), told.loan);
    }
}

/// Whatever moves are made, what comes of them is refused or a system like any other: its money is
/// conserved, its log tells its balances, nothing arrives or settles twice, and it goes on.
#[test]
fn forged_moves_are_refused_or_possible() {
    let mut dice = StreamKey::new(7, "forged").stream(Purpose::Count, 0, 0);
    let (mut refused, mut possible) = (0, 0);
    for _ in 0..400 {
        let spec = spec(&mut dice);
        let honest = run(&spec, &mut dice);
        let moves: Vec<Move> = Moves::since(&honest, 0).collect();
        for _ in 0..30 {
            let mut forged = moves.clone();
            for _ in 0..=dice.below(3) {
                forge(&mut forged, &mut dice);
            }
            match follow(&spec, &forged, TICKS) {
                None => refused += 1,
                Some(mut system) => {
                    possible += 1;
                    system.advance(8).unwrap();
                    assert_eq!(money(&honest), money(&system));
                    assert_told(&system);
                }
            }
        }
    }
    assert!(refused > 1_000 && possible > 50, "{refused} {possible}");
}

/// A log in which a released transaction is neither settled nor queued in its tick is refused, and
/// so is a posting that names one twice.
#[test]
fn nothing_is_left_untried_or_settled_twice() {
    let mut dice = StreamKey::new(8, "forged").stream(Purpose::Count, 0, 0);
    let (mut queued, mut together) = (0, 0);
    for _ in 0..100 {
        let spec = spec(&mut dice);
        let moves: Vec<Move> = Moves::since(&run(&spec, &mut dice), 0).collect();
        assert!(follow(&spec, &moves, TICKS).is_some());
        for at in 0..moves.len() {
            let mut forged = moves.clone();
            match &mut forged[at] {
                Move::Queue(..) => {
                    forged.remove(at);
                    queued += 1;
                }
                Move::SettleTogether(ids, _) => {
                    ids.push(ids[0]);
                    together += 1;
                }
                _ => continue,
            }
            assert!(follow(&spec, &forged, TICKS).is_none(), "move {at}");
        }
    }
    assert!(queued > 100 && together > 100, "{queued} {together}");
}

/// However a run is cut, its pieces lead to it; forged ones are
/// refused, or lead to it as well.
#[test]
fn forged_pieces_are_refused_or_the_same_run() {
    let mut dice = StreamKey::new(9, "forged").stream(Purpose::Count, 0, 0);
    let (mut refused, mut same) = (0, 0);
    for _ in 0..200 {
        let spec = spec(&mut dice);
        let honest = run(&spec, &mut dice);
        let moves: Vec<Move> = Moves::since(&honest, 0).collect();
        let joined = System::rejoin(spec.clone(), &pieces(&honest, &moves, &mut dice)).unwrap();
        assert_eq!(log(&joined), log(&honest));
        for _ in 0..30 {
            let mut forged = moves.clone();
            forge(&mut forged, &mut dice);
            match System::rejoin(spec.clone(), &pieces(&honest, &forged, &mut dice)) {
                Err(Error::Saved(_)) => refused += 1,
                Err(error) => panic!("{error}"),
                Ok(joined) => {
                    same += 1;
                    assert_eq!(log(&joined), log(&honest));
                }
            }
        }
    }
    assert!(refused > 1_000 && same > 50, "{refused} {same}");
}

fn log(system: &System) -> Vec<Event> {
    system.state().journal.iter().collect()
}
