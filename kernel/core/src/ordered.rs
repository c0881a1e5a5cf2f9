//! Queued transactions in order, that answer "which is the next that fits?" without a scan.
//!
//! Each class is a run in order of release with a tree of minimal amounts over it, so that looking
//! for the next amount within a bound costs the logarithm of the queue's length, and a queue of
//! large transactions costs nothing while small ones pass. Releases join at the end; only a changed
//! priority goes into the middle, and lays its run anew.

use crate::ids::TransactionId;
use crate::queue::{Class, Place};

/// Stands for "not there any more": above every amount.
const GONE: i64 = i64::MAX;

/// Transactions of one class in order of release.
#[derive(Debug, Clone, Default)]
struct Run {
    /// Release numbers and transactions, in order; those that left stay until the next laying.
    entries: Vec<(u64, TransactionId)>,
    /// Minimal amounts: node n covers nodes 2n and 2n + 1, the leaves begin in the middle.
    tree: Vec<i64>,
    /// Nothing is left before this entry.
    start: usize,
    volume: usize,
}

impl Run {
    fn leaves(&self) -> usize {
        self.tree.len() / 2
    }

    fn amount(&self, at: usize) -> i64 {
        self.tree[self.leaves() + at]
    }

    fn set(&mut self, at: usize, amount: i64) {
        let mut node = self.leaves() + at;
        self.tree[node] = amount;
        while node > 1 {
            node /= 2;
            self.tree[node] = self.tree[2 * node].min(self.tree[2 * node + 1]);
        }
    }

    fn insert(&mut self, release_number: u64, id: TransactionId, amount: i64) {
        self.volume += 1;
        let at_end = self
            .entries
            .last()
            .is_none_or(|(last, _)| *last < release_number);
        if at_end && self.entries.len() < self.leaves() {
            self.entries.push((release_number, id));
            self.set(self.entries.len() - 1, amount);
        } else {
            self.lay(release_number, id, amount);
        }
    }

    /// Lays the run anew without those that left, with room to grow, and with one more.
    fn lay(&mut self, release_number: u64, id: TransactionId, amount: i64) {
        let mut kept: Vec<(u64, TransactionId, i64)> = (self.start..self.entries.len())
            .map(|at| (self.entries[at].0, self.entries[at].1, self.amount(at)))
            .filter(|(_, _, amount)| *amount != GONE)
            .collect();
        let at = kept.partition_point(|(other, _, _)| *other < release_number);
        kept.insert(at, (release_number, id, amount));
        let leaves = (2 * kept.len()).next_power_of_two();
        self.tree.clear();
        self.tree.resize(2 * leaves, GONE);
        self.entries.clear();
        self.entries.reserve_exact(leaves);
        for (at, (release_number, id, amount)) in kept.into_iter().enumerate() {
            self.entries.push((release_number, id));
            self.tree[leaves + at] = amount;
        }
        for node in (1..leaves).rev() {
            self.tree[node] = self.tree[2 * node].min(self.tree[2 * node + 1]);
        }
        self.start = 0;
    }

    fn remove(&mut self, release_number: u64) {
        let Ok(at) = self
            .entries
            .binary_search_by_key(&release_number, |(number, _)| *number)
        else {
            return;
        };
        self.set(at, GONE);
        self.volume -= 1;
        if self.volume == 0 {
            self.entries.clear();
            self.start = 0;
            return;
        }
        while self.amount(self.start) == GONE {
            self.start += 1;
        }
    }

    /// The first entry from `from` on whose amount is at most `most`.
    fn next_within(&self, from: usize, most: i64) -> Option<usize> {
        let leaves = self.leaves();
        if from >= self.entries.len() {
            return None;
        }
        let mut node = leaves + from;
        while self.tree[node] > most {
            // On to the next subtree to the right, from wherever one begins.
            while node % 2 == 1 {
                node /= 2;
            }
            if node == 0 {
                return None;
            }
            node += 1;
        }
        while node < leaves {
            node *= 2;
            if self.tree[node] > most {
                node += 1;
            }
        }
        Some(node - leaves)
    }

    fn iter(&self) -> impl Iterator<Item = (u64, TransactionId)> + '_ {
        let all = self.start..self.entries.len();
        all.filter(|at| self.amount(*at) != GONE)
            .map(|at| self.entries[at])
    }
}

/// A place from which to look on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cursor {
    class: usize,
    entry: usize,
}

/// Queued transactions in order of class, then release, with their value.
#[derive(Debug, Clone, Default)]
pub struct Ordered {
    runs: [Run; 3],
    value: i128,
}

impl Ordered {
    /// Sum of the amounts, in minor units.
    pub fn value(&self) -> i128 {
        self.value
    }

    /// How many there are.
    pub fn volume(&self) -> usize {
        self.runs.iter().map(|run| run.volume).sum()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.volume() == 0
    }

    /// The first in order.
    pub fn first(&self) -> Option<(Place, TransactionId)> {
        let classes = [Class::Urgent, Class::High, Class::Normal];
        classes
            .into_iter()
            .zip(&self.runs)
            .find_map(|(class, run)| {
                let (release_number, id) = run.iter().next()?;
                Some((
                    Place {
                        class,
                        release_number,
                    },
                    id,
                ))
            })
    }

    /// All in order.
    pub fn iter(&self) -> impl Iterator<Item = TransactionId> + '_ {
        self.runs
            .iter()
            .flat_map(|run| run.iter().map(|(_, id)| id))
    }

    /// The next in order whose amount is at most `most`, and where to look on after it.
    pub fn next_within(&self, from: Cursor, most: i64) -> Option<(TransactionId, Cursor)> {
        let mut entry = from.entry;
        for class in from.class..self.runs.len() {
            if let Some(at) = self.runs[class].next_within(entry, most) {
                return Some((
                    self.runs[class].entries[at].1,
                    Cursor {
                        class,
                        entry: at + 1,
                    },
                ));
            }
            entry = 0;
        }
        None
    }

    pub(crate) fn insert(&mut self, place: Place, id: TransactionId, amount: i64) {
        self.runs[place.class as usize].insert(place.release_number, id, amount);
        self.value += i128::from(amount);
    }

    pub(crate) fn remove(&mut self, place: Place, amount: i64) {
        self.runs[place.class as usize].remove(place.release_number);
        self.value -= i128::from(amount);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::behaviour::stream::{Purpose, StreamKey};

    const CLASSES: [Class; 3] = [Class::Urgent, Class::High, Class::Normal];

    /// What an ordered queue does, in the plainest way.
    fn next_within(plain: &BTreeMap<Place, i64>, after: Option<Place>, most: i64) -> Option<Place> {
        let mut all = plain
            .iter()
            .filter(|(place, _)| after.is_none_or(|after| **place > after));
        all.find(|(_, amount)| **amount <= most)
            .map(|(place, _)| *place)
    }

    #[test]
    fn an_ordered_queue_equals_a_sorted_map() {
        for seed in 0..60 {
            let mut stream = StreamKey::new(seed, "queue").stream(Purpose::Amount, 0, 0);
            let mut queue = Ordered::default();
            let mut plain = BTreeMap::new();
            for step in 0..300_u64 {
                let class = CLASSES[stream.below(3) as usize];
                let middle = stream.below(4) == 0;
                let release_number = if middle {
                    stream.below(1_000)
                } else {
                    1_000 + step
                };
                let place = Place {
                    class,
                    release_number,
                };
                if stream.below(5) < 3 && !plain.contains_key(&place) {
                    let amount = 1 + stream.below(9) as i64;
                    queue.insert(place, TransactionId(release_number as u32), amount);
                    plain.insert(place, amount);
                } else if let Some((&place, &amount)) = plain.iter().nth(stream.below(20) as usize)
                {
                    queue.remove(place, amount);
                    plain.remove(&place);
                }
                let ids: Vec<u64> = queue.iter().map(|id| u64::from(id.0)).collect();
                let expected: Vec<u64> = plain.keys().map(|place| place.release_number).collect();
                assert_eq!(expected, ids);
                assert_eq!(
                    plain.keys().next().copied(),
                    queue.first().map(|(place, _)| place)
                );
                assert_eq!(plain.len(), queue.volume());
                assert_eq!(
                    plain.values().map(|a| i128::from(*a)).sum::<i128>(),
                    queue.value()
                );
                let most = stream.below(10) as i64;
                let (mut cursor, mut after) = (Cursor::default(), None);
                loop {
                    let expected = next_within(&plain, after, most);
                    let found = queue.next_within(cursor, most);
                    let number = found.map(|(id, _)| u64::from(id.0));
                    assert_eq!(expected.map(|place| place.release_number), number);
                    let Some((_, on)) = found else { break };
                    (cursor, after) = (on, expected);
                }
            }
        }
    }
}
