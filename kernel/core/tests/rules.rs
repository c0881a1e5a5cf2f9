//! Runs the worked examples of every rule: `rules/*.table`.
//!
//! A table is text for people who know payment systems, not programs. An unindented line is one
//! sentence that states a rule and opens a case; the indented lines under it are the case. Each
//! begins with a keyword; `#` starts a comment; spaces are free, so that columns can be aligned.
//!
//! ```text
//! Two banks that owe each other settle together though neither could pay first.
//!   agents    A 0   B 0 credit 2
//!   rules     cycles off, gridlock_resolution off
//!   arrive    tick 0   t1 A->B 8   t2 B->A 10 priority 6 deadline 4
//!   settled   tick 0   bilateral_offsetting   t1 t2
//!   balances  A 2   B -2
//! ```
//!
//! What is given:
//!
//! | line | meaning |
//! |---|---|
//! | `day 4 ticks` | ticks in a day; 100 without the line |
//! | `run 8 ticks` | how long the case runs; without the line through the last tick it names |
//! | `agents A 5  B 6 credit 2  C 0 pool 9 fraction 0.5` | agents in scenario order with their opening balances |
//! | `policy A deadline urgency_threshold 3, B scripted` | release policies; `fifo` otherwise, and `scripted` does only what `decide` says |
//! | `rules end_of_day cancel, cycles off, urgent 9` | rules by their scenario keys; on and off for true and false; what is not named has the scenario's default |
//! | `rates split_friction_cost 50, deadline_penalty bps 5` | cost rates by their scenario keys |
//! | `arrive tick 0  t1 A->B 8 priority 6 deadline 4 indivisible  t2 B->A 3` | transactions, named by the case |
//! | `decide tick 1  A releases t1 as 9, B splits t2 into 3` | what agents decide after the arrivals of the tick |
//!
//! Decisions are `releases t1`, `releases t1 as 9`, `splits t1 into 3`, `withdraws t1`,
//! `reprioritises t1 to 9`, `budgets 10`, `budgets none`; with `cannot` in front (`A cannot split
//! t1 into 2`) the decision must be refused. Parts of `t1` are `t1/1`, `t1/2`.
//!
//! What is expected; without `tick N` at the end of the last tick, otherwise at the end of that one:
//!
//! | line | meaning |
//! |---|---|
//! | `settled tick 0 entry t1, t2` | postings in order, commas between them; every settlement of the run is named, or `settled nothing` |
//! | `balances A 17  B 1` | all agents; every case has this line for its end |
//! | `queued t3 t4`, `held t5` | the central and the internal queues, senders in scenario order, each in its order; or `nothing` |
//! | `waits tick 0 t1 for liquidity, t2 for order` | what joined the central queue in a tick, and why |
//! | `status t1 settled  t2 split` | where transactions stand |
//! | `amounts t1/1 3  t1/2 4` | amounts, mostly of parts |
//! | `overdue t1 t2` | all that are or were overdue |
//! | `cost A delay 0.5 overdraft 2, B nothing` | exact running totals; components not named are 0; `system` is the sum |
//! | `loans A 5`, `pools A 5` | loans and pools that are not 0 |
//! | `outcome tick 1 settlements 2, total_cost 3` | figures of the tick: `arrivals`, `settlements`, `lsm_releases`, `total_cost` |
//! | `ring_limit tick 0 rings 2` | the search for rings ended at its bound; expected not to happen without the line |
//!
//! Lines under `Every case in this table:` stand at the head of each case. In every case and tick
//! the runner checks besides that money is conserved.

mod support;
mod table;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use table::Table;

/// The tables, by name.
fn tables() -> std::io::Result<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "table") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Every case of every table comes out as the table says.
#[test]
fn tables_hold() {
    let mut report = String::new();
    let mut counts = String::new();
    for path in tables().unwrap() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let place = format!("kernel/core/tests/rules/{name}");
        let table = Table::read(&place, &std::fs::read_to_string(&path).unwrap());
        let failures = table.failures();
        let _ = writeln!(counts, "{name:<28}{:>3} cases", table.cases.len());
        if table.cases.is_empty() {
            let _ = writeln!(report, "{place}: no case\n");
        }
        for failure in failures {
            let _ = writeln!(report, "{failure}\n");
        }
    }
    // Not the macro, whose output the test harness would keep to itself.
    std::io::stderr().write_all(counts.as_bytes()).unwrap();
    assert!(report.is_empty(), "\n{report}");
}

/// What the runner says of a table that is wrong.
fn complaints(text: &str) -> String {
    Table::read("x.table", text).failures().join("\n")
}

/// A line that the runner does not understand is a failure that names file, line and word.
#[test]
fn unknown_words_are_failures() {
    for (line, complaint) in [
        ("agnets  A 5", "x.table:5: unknown word \"agnets\""),
        ("rules   cycle off", "x.table:5: unknown word \"cycle\""),
        ("rules   cycles maybe", "x.table:5: unknown word \"maybe\""),
        ("rates   delay 1", "x.table:5: unknown word \"delay\""),
        ("arrive  tick 0  t9 A->X 1", "x.table:5: no agent \"X\""),
        ("arrive  tick 0  t9 A->B 1 urgent", "x.table:5: "),
        (
            "settled tick 0 entry t7",
            "x.table:5: no transaction \"t7\"",
        ),
        (
            "settled tick 0 enter t1",
            "x.table:5: unknown word \"enter\"",
        ),
        (
            "decide  tick 0 A drops t1",
            "x.table:5: unknown word \"drops\"",
        ),
        ("cost    A delays 1", "x.table:5: unknown word \"delays\""),
        ("balances A 1", "x.table:5: all agents must be named"),
        ("queued  t1 for", "x.table:5: no transaction \"for\""),
    ] {
        let found = complaints(&format!(
            "A sentence.\n  agents A 5  B 0\n  arrive tick 0  t1 A->B 5\n  balances A 0  B 5\n  {line}\n"
        ));
        assert!(found.contains(complaint), "{line}: {found:?}");
    }
}

/// A case that comes out otherwise is a failure with file, line, expected and found.
#[test]
fn wrong_expectations_are_failures() {
    let right = [
        "settled tick 0 entry t1",
        "balances A 0  B 5",
        "queued nothing",
        "cost A nothing",
    ];
    let wrong = [
        "settled tick 0 queue_release t1",
        "balances A 5  B 0",
        "queued t1",
        "cost A delay 1",
    ];
    let case = |lines: &[&str]| {
        format!(
            "A sentence.\n  agents A 5  B 0\n  arrive tick 0  t1 A->B 5\n  {}\n",
            lines.join("\n  ")
        )
    };
    assert_eq!(complaints(&case(&right)), "");
    for at in 0..right.len() {
        let mut lines = right;
        lines[at] = wrong[at];
        let found = complaints(&case(&lines));
        assert!(found.starts_with("x.table:1: A sentence."), "{found}");
        assert!(found.contains(&format!("line {}", at + 4)), "{found}");
    }
}

/// A case must say what settles and how all balances end.
#[test]
fn incomplete_cases_are_failures() {
    let found = complaints("A sentence.\n  agents A 5  B 0\n");
    assert!(
        found.contains("the case does not say what settled"),
        "{found}"
    );
    assert!(
        found.contains("the case does not say the balances at its end"),
        "{found}"
    );
}
