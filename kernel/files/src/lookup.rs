//! Rows of given transactions by their ids.

use std::collections::BTreeMap;
use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};
use paysim_kernel::transaction::GivenIds;

/// An index of ids, which are unique; the ids themselves stay where they are.
#[derive(Debug, Default)]
pub struct Lookup {
    hasher: DefaultHashBuilder,
    rows: HashTable<u32>,
    /// Of ids that read `ID@TICK`: the ticks and rows by `ID`.
    repetitions: BTreeMap<String, Vec<(u32, u32)>>,
}

impl Lookup {
    /// The index of ids.
    pub fn new(ids: &GivenIds) -> Self {
        let mut lookup = Self {
            rows: HashTable::with_capacity(ids.len()),
            ..Self::default()
        };
        let hash = |row: u32| lookup.hasher.hash_one(ids.get(row as usize));
        for row in 0..ids.len() as u32 {
            lookup
                .rows
                .insert_unique(hash(row), row, |&other| hash(other));
            if let Some((id, tick)) = ids.get(row as usize).and_then(repetition) {
                let of_id = lookup.repetitions.entry(id.to_owned()).or_default();
                of_id.push((tick, row));
            }
        }
        lookup
    }

    /// The row with an id, among the ids that this is the index of.
    pub fn row_of(&self, ids: &GivenIds, id: &str) -> Option<usize> {
        if ids.is_empty() {
            return None;
        }
        let is_it = |&row: &u32| ids.get(row as usize) == Some(id);
        let found = self.rows.find(self.hasher.hash_one(Some(id)), is_it)?;
        Some(*found as usize)
    }

    /// Ticks and rows of the ids that read `ID@TICK`, for one `ID`.
    pub fn repetitions(&self, id: &str) -> &[(u32, u32)] {
        self.repetitions.get(id).map_or(&[], Vec::as_slice)
    }
}

/// The parts of `ID@TICK`, where the tick is written as ticks are.
fn repetition(id: &str) -> Option<(&str, u32)> {
    let (id, tick) = id.rsplit_once('@')?;
    let is_plain = tick == "0" || !tick.starts_with(['0', '+']);
    Some((id, tick.parse().ok()?)).filter(|_| is_plain && !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_leads_to_its_row_and_no_other_does() {
        let mut ids = GivenIds::default();
        for row in 0..1_000 {
            ids.push(&format!("id {row}"));
        }
        let lookup = Lookup::new(&ids);
        for row in 0..1_000 {
            assert_eq!(Some(row), lookup.row_of(&ids, &format!("id {row}")));
        }
        assert_eq!(None, lookup.row_of(&ids, "id 1000"));
        assert_eq!(None, lookup.row_of(&ids, ""));
        let none = GivenIds::default();
        assert_eq!(None, Lookup::new(&none).row_of(&none, "id 0"));
    }

    #[test]
    fn only_ids_that_end_in_a_tick_are_repetitions() {
        let mut ids = GivenIds::default();
        let all = [
            "x@0",
            "x@07",
            "x@7",
            "x@+7",
            "x",
            "@7",
            "x@",
            "a@b@12",
            "x@99999999999",
            "x@ 7",
        ];
        all.iter().for_each(|id| ids.push(id));
        let lookup = Lookup::new(&ids);
        assert_eq!(&[(0, 0), (7, 2)], lookup.repetitions("x"));
        assert_eq!(&[(12, 7)], lookup.repetitions("a@b"));
        assert!(lookup.repetitions("a").is_empty());
        assert!(lookup.repetitions("").is_empty());
    }
}
