//! Given transactions as columns.

use std::hash::BuildHasher;
use std::io::Write;

use hashbrown::{DefaultHashBuilder, HashTable};
use paysim_kernel::amount::AMOUNT_MAX;
use paysim_kernel::ids::NONE;
use paysim_kernel::results::table::{Column, Table, Texts, field};
use paysim_kernel::transaction::GivenIds;

use crate::names::{Dictionary, Printable, check_name};
use crate::{DEADLINE_MAX, ROWS_MAX, TICKS_MAX};

/// Priority of a transaction that has none of its own.
pub const PRIORITY: u8 = 5;

/// Columns of equal length, one row for each transaction; equal ones hold equal transactions.
///
/// Names stand in the order of their first occurrence, and all of them occur. A column in which
/// every row has the default is absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Given {
    /// The parties.
    pub names: Vec<String>,
    /// Numbers of names.
    pub senders: Vec<u32>,
    /// Numbers of names.
    pub receivers: Vec<u32>,
    /// Minor units.
    pub amounts: Vec<i64>,
    /// Ticks.
    pub arrival_ticks: Vec<u32>,
    /// Ticks, [`NONE`] without one.
    pub deadline_ticks: Option<Vec<u32>>,
    /// 0 to 10; 5 without the column.
    pub priorities: Option<Vec<u8>>,
    /// May be split without the column.
    pub divisible: Option<Vec<bool>>,
    /// Ids; `row-N`, N from 1, where there are none.
    pub ids: GivenIds,
}

impl Given {
    /// How many transactions there are.
    pub fn len(&self) -> usize {
        self.amounts.len()
    }

    /// True without any.
    pub fn is_empty(&self) -> bool {
        self.amounts.is_empty()
    }

    /// The sum of all amounts.
    pub fn total_amount(&self) -> i128 {
        self.amounts.iter().map(|&amount| i128::from(amount)).sum()
    }

    /// The last tick of arrival.
    pub fn last_tick(&self) -> Option<u32> {
        self.arrival_ticks.iter().copied().max()
    }

    /// The id of a row.
    pub fn id(&self, row: usize) -> String {
        self.ids.get(row).map_or_else(|| row_id(row), str::to_owned)
    }

    /// The row whose id is its number, `row-N`, where none has an id of its own.
    pub fn row_named(&self, id: &str) -> Option<usize> {
        let row = id
            .strip_prefix("row-")?
            .parse::<usize>()
            .ok()?
            .checked_sub(1)?;
        (self.ids.is_empty() && row < self.len() && is_row_id(id, row)).then_some(row)
    }

    /// The same transactions in the one form that these have; the columns have one length and
    /// name their parties by numbers of names.
    pub fn canonical(mut self) -> Self {
        let mut order = vec![NONE; self.names.len()];
        let mut names = Vec::with_capacity(self.names.len());
        for (sender, receiver) in self.senders.iter_mut().zip(&mut self.receivers) {
            for party in [sender, receiver] {
                let old = *party as usize;
                if order[old] == NONE {
                    order[old] = names.len() as u32;
                    names.push(std::mem::take(&mut self.names[old]));
                }
                *party = order[old];
            }
        }
        self.names = names;
        self.deadline_ticks = self.deadline_ticks.filter(|c| c.iter().any(|&t| t != NONE));
        self.priorities = self.priorities.filter(|c| c.iter().any(|&p| p != PRIORITY));
        self.divisible = self.divisible.filter(|c| c.contains(&false));
        if (0..self.ids.len()).all(|row| self.ids.get(row).is_some_and(|id| is_row_id(id, row))) {
            self.ids = GivenIds::default();
        }
        self
    }

    /// Checks everything that columns of unknown origin may get wrong.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self, printable: Printable<'_>) -> Result<(), String> {
        let rows = self.len();
        let lengths = [
            self.senders.len(),
            self.receivers.len(),
            self.arrival_ticks.len(),
        ];
        let optional = [
            self.deadline_ticks.as_ref().map(Vec::len),
            self.priorities.as_ref().map(Vec::len),
            self.divisible.as_ref().map(Vec::len),
            (!self.ids.is_empty()).then(|| self.ids.len()),
        ];
        if lengths
            .iter()
            .chain(optional.iter().flatten())
            .any(|&length| length != rows)
        {
            return Err("columns of transactions must have one length".into());
        }
        if rows > ROWS_MAX {
            return Err(format!(
                "must hold at most {ROWS_MAX} transactions (got {rows})"
            ));
        }
        let mut known = Dictionary::default();
        for (number, name) in self.names.iter().enumerate() {
            check_name(name, printable)
                .map_err(|refusal| format!("a name {}", refusal.expected))?;
            if known.enter(name) as usize != number {
                return Err("names must be unique".into());
            }
        }
        for row in 0..rows {
            let wrong = |text: &str| Err(format!("transaction {}: {text}", row + 1));
            let (sender, receiver) = (self.senders[row] as usize, self.receivers[row] as usize);
            if sender.max(receiver) >= self.names.len() {
                return wrong("parties must be numbers of names");
            }
            if sender == receiver {
                return wrong("receiver_id must not be the sender");
            }
            if !(1..=AMOUNT_MAX).contains(&self.amounts[row]) {
                return wrong(&format!("amount must be 1 to {AMOUNT_MAX}"));
            }
            if self.arrival_ticks[row] >= TICKS_MAX {
                return wrong(&format!("arrival_tick must be below {TICKS_MAX}"));
            }
            if self.priorities.as_ref().is_some_and(|c| c[row] > 10) {
                return wrong("priority must be at most 10");
            }
            if let Some(id) = self.ids.get(row) {
                check_name(id, printable).map_err(|refusal| {
                    format!("transaction {}: id {}", row + 1, refusal.expected)
                })?;
            }
        }
        // A deadline takes any value: the one above DEADLINE_MAX stands for none.
        const { assert!(DEADLINE_MAX + 1 == NONE) };
        match repeated_ids(&self.ids, 1).first() {
            Some((row, first)) => Err(format!(
                "transaction {}: id must be unique, and is that of transaction {}",
                row + 1,
                first + 1
            )),
            None => Ok(()),
        }
    }

    /// The rows as a table, with the columns of a scenario's transactions.
    pub fn table(&self) -> Table {
        let rows = self.len();
        let texts = |text: &dyn Fn(usize, &mut String)| {
            let mut texts = Texts::default();
            for row in 0..rows {
                texts.push_with(|into| text(row, into));
            }
            Column::Text(texts)
        };
        let integers =
            |value: &dyn Fn(usize) -> Option<i64>| Column::Integer((0..rows).map(value).collect());
        let name = |number: u32| self.names[number as usize].as_str();
        Table::new([
            ("id", texts(&|row, into| into.push_str(&self.id(row)))),
            (
                "sender_id",
                texts(&|row, into| into.push_str(name(self.senders[row]))),
            ),
            (
                "receiver_id",
                texts(&|row, into| into.push_str(name(self.receivers[row]))),
            ),
            ("amount", integers(&|row| Some(self.amounts[row]))),
            (
                "arrival_tick",
                integers(&|row| Some(i64::from(self.arrival_ticks[row]))),
            ),
            (
                "deadline_tick",
                integers(&|row| self.deadline_tick(row).map(i64::from)),
            ),
            (
                "priority",
                integers(&|row| Some(i64::from(self.priority(row)))),
            ),
            (
                "divisible",
                Column::Boolean((0..rows).map(|row| Some(self.is_divisible(row))).collect()),
            ),
        ])
    }

    /// Writes the rows as CSV with a header, in the one form that they have as text.
    ///
    /// # Errors
    /// What `out` raises.
    pub fn write_csv(&self, out: &mut dyn Write) -> std::io::Result<()> {
        writeln!(
            out,
            "id,sender_id,receiver_id,amount,arrival_tick,deadline_tick,priority,divisible"
        )?;
        let (mut line, mut number) = (String::new(), itoa::Buffer::new());
        for row in 0..self.len() {
            line.clear();
            match self.ids.get(row) {
                Some(id) => field(id, &mut line),
                None => {
                    line.push_str("row-");
                    line.push_str(number.format(row + 1));
                }
            }
            for party in [self.senders[row], self.receivers[row]] {
                line.push(',');
                field(&self.names[party as usize], &mut line);
            }
            line.push(',');
            line.push_str(number.format(self.amounts[row]));
            line.push(',');
            line.push_str(number.format(self.arrival_ticks[row]));
            line.push(',');
            if let Some(deadline) = self.deadline_tick(row) {
                line.push_str(number.format(deadline));
            }
            line.push(',');
            line.push_str(number.format(self.priority(row)));
            line.push_str(if self.is_divisible(row) {
                ",true\n"
            } else {
                ",false\n"
            });
            out.write_all(line.as_bytes())?;
        }
        Ok(())
    }

    fn deadline_tick(&self, row: usize) -> Option<u32> {
        let column = self.deadline_ticks.as_ref()?;
        Some(column[row]).filter(|&tick| tick != NONE)
    }

    fn priority(&self, row: usize) -> u8 {
        self.priorities
            .as_ref()
            .map_or(PRIORITY, |column| column[row])
    }

    fn is_divisible(&self, row: usize) -> bool {
        self.divisible.as_ref().is_none_or(|column| column[row])
    }
}

/// The id of a row that has none of its own.
pub fn row_id(row: usize) -> String {
    format!("row-{}", row + 1)
}

fn is_row_id(id: &str, row: usize) -> bool {
    id.strip_prefix("row-").is_some_and(|n| {
        !n.starts_with(['0', '+']) && n.parse::<usize>().is_ok_and(|n| n == row + 1)
    })
}

/// Rows whose id an earlier row has, with that row; no more than `most`.
pub fn repeated_ids(ids: &GivenIds, most: usize) -> Vec<(usize, usize)> {
    // Ids that were counted up come in one of these orders, and looking at it is cheap.
    let id = |row: usize| ids.get(row).unwrap_or_default();
    let mut pairs = (1..ids.len()).map(|row| (id(row - 1), id(row)));
    if pairs.clone().all(|(a, b)| a < b) || pairs.all(|(a, b)| (a.len(), a) < (b.len(), b)) {
        return Vec::new();
    }
    let hasher = DefaultHashBuilder::default();
    let hash = |row: u32| hasher.hash_one(ids.get(row as usize));
    let mut seen: HashTable<u32> = HashTable::with_capacity(ids.len());
    let mut repeated = Vec::new();
    for row in 0..ids.len() as u32 {
        let own = ids.get(row as usize);
        let same = |&other: &u32| ids.get(other as usize) == own;
        match seen.entry(hash(row), same, |&other| hash(other)) {
            hashbrown::hash_table::Entry::Occupied(first) => {
                repeated.push((row as usize, *first.get() as usize));
                if repeated.len() >= most {
                    break;
                }
            }
            hashbrown::hash_table::Entry::Vacant(place) => {
                place.insert(row);
            }
        }
    }
    repeated
}
