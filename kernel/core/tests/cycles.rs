//! Every ring of six banks is found, in both orientations.

mod support;

use paysim_kernel::event::{Cause, Kind};
use paysim_kernel::ids::AgentId;
use paysim_kernel::spec::Spec;
use paysim_kernel::{Result, System};

const AGENTS: u32 = 6;

/// Every ring of `length` banks, written from its first bank in scenario order.
fn rings(length: usize) -> Vec<Vec<u32>> {
    let mut paths: Vec<Vec<u32>> = (0..AGENTS).map(|first| vec![first]).collect();
    for _ in 1..length {
        let longer = |path: &Vec<u32>| {
            let path = path.clone();
            let next = (path[0] + 1..AGENTS).filter({
                let path = path.clone();
                move |agent| !path.contains(agent)
            });
            next.map(move |agent| [path.as_slice(), &[agent]].concat())
                .collect::<Vec<_>>()
        };
        paths = paths.iter().flat_map(longer).collect();
    }
    paths
}

/// A scenario without money in which each bank of each ring owes the next one 5.
fn spec(rings: &[Vec<u32>], max_cycle_length: u32) -> Spec {
    let mut spec = support::spec();
    spec.agents = (0..AGENTS)
        .map(|ix| support::agent(&format!("bank-{ix}"), 0))
        .collect();
    spec.rules.bilateral_offsetting = false;
    spec.rules.max_cycle_length = max_cycle_length;
    let given = &mut spec.transactions;
    for ring in rings {
        for at in 0..ring.len() {
            given.senders.push(AgentId(ring[at]));
            given.receivers.push(AgentId(ring[(at + 1) % ring.len()]));
            given.amounts.push(5);
            given.arrival_ticks.push(0);
        }
    }
    spec
}

/// The system of such a scenario after one tick.
fn settle(rings: &[Vec<u32>], max_cycle_length: u32) -> Result<System> {
    let mut system = System::new(spec(rings, max_cycle_length))?;
    system.advance(1)?;
    Ok(system)
}

/// Volumes of the postings that cycles booked, and what is still queued.
fn postings(system: &System) -> (Vec<usize>, u64) {
    let state = system.state();
    let mut links: Vec<u32> = Vec::new();
    for event in state.journal.iter().filter(|e| e.kind == Kind::Settled) {
        assert_eq!(event.cause, Cause::Cycles);
        links.push(event.link);
    }
    let volumes = links.chunk_by(|a, b| a == b).map(<[u32]>::len).collect();
    (volumes, state.central.volume())
}

/// A ring alone settles in one posting, whichever its banks and its orientation.
#[test]
fn every_ring_settles() {
    let mut number = 0;
    for length in 3..=AGENTS as usize {
        for ring in rings(length) {
            let system = settle(std::slice::from_ref(&ring), AGENTS).unwrap();
            assert_eq!(postings(&system), (vec![length], 0), "{ring:?}");
            number += 1;
        }
    }
    // Six banks have 40 rings of three, 90 of four, 144 of five and 120 of six.
    assert_eq!(number, 40 + 90 + 144 + 120);
}

/// A ring longer than `max_cycle_length` stays queued.
#[test]
fn no_longer_ring_settles() {
    for length in 4..=AGENTS as usize {
        for ring in rings(length) {
            let system = settle(std::slice::from_ref(&ring), length as u32 - 1).unwrap();
            assert_eq!(postings(&system), (vec![], length as u64), "{ring:?}");
        }
    }
}

/// Both orientations of three to six banks settle in one tick, as two postings.
#[test]
fn both_orientations_settle() {
    for length in 3..=AGENTS as usize {
        for ring in rings(length) {
            let mut back = ring.clone();
            back[1..].reverse();
            let system = settle(&[ring.clone(), back], length as u32).unwrap();
            let (volumes, queued) = postings(&system);
            assert_eq!(
                (volumes.iter().sum::<usize>(), queued),
                (2 * length, 0),
                "{ring:?}"
            );
            assert_eq!(volumes, vec![length, length], "{ring:?}");
        }
    }
}

/// Where nobody owes more than it is owed, offsetting pairs and rings of any length leaves nothing.
#[test]
fn what_nets_to_nothing_settles() {
    let mut spec = spec(&rings(3), AGENTS);
    spec.rules.bilateral_offsetting = true;
    let mut system = System::new(spec).unwrap();
    let outcome = system.advance(1).unwrap();
    let state = system.state();
    let settlements = outcome.counts.settlements;
    assert_eq!((settlements, state.central.volume()), (3 * 40, 0));
    for agent in state.ledger.agents() {
        assert_eq!(state.ledger[agent].balance, 0);
    }
}
