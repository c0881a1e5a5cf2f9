//! Files that no other program would write: bounded memory, and an answer for every row.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::Write;
use std::path::PathBuf;

use paysim_files::csv::{CELLS_MAX, CsvFile, Failure, RECORD_MAX};
use paysim_files::problem::{COUNTED_MAX, Found};
use paysim_files::{Builder, Field, Reading, Settings};

const COLUMNS: [(Field, usize); 4] = [
    (Field::SenderId, 0),
    (Field::ReceiverId, 1),
    (Field::Amount, 2),
    (Field::ArrivalTick, 3),
];
const HEADER: &str = "sender_id,receiver_id,amount,arrival_tick\n";

fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = std::env::temp_dir().join(format!("paysim-files-{}-{name}", std::process::id()));
    std::fs::File::create(&path)
        .unwrap()
        .write_all(bytes)
        .unwrap();
    path
}

fn read(name: &str, bytes: &[u8]) -> Result<Reading, Failure> {
    let path = file(name, bytes);
    let settings = Settings::default();
    let fields = COLUMNS.map(|(field, _)| field);
    let mut builder = Builder::new(&settings, &fields, &|_| true);
    let result = CsvFile::open(&path).and_then(|mut file| {
        let header = file.header(None)?;
        Ok(file.read(&header, &COLUMNS, &mut builder)?)
    });
    std::fs::remove_file(&path).unwrap();
    result.map(|()| builder.finish())
}

fn rows(rows: &str) -> Reading {
    read("rows", [HEADER, rows].concat().as_bytes()).unwrap()
}

/// A record that is longer than any payment, such as that of a quote left open, ends the reading.
#[test]
fn open_quote() {
    let text = format!("A,B,1,0\n\"A,B,1,0\n{}", "x,y,1,0\n".repeat(RECORD_MAX / 4));
    let reading = rows(&text);
    assert!(reading.given.is_none());
    let (told, omitted) = reading.problems.told(|_| 0);
    assert_eq!((told.len(), omitted, told[0].row), (1, 0, 1));
    assert!(
        told[0].expected.starts_with("must have at most"),
        "{:?}",
        told[0]
    );
}

/// Quotes that no program writes are refused with their row, wherever they would end, and however
/// the text comes in.
#[test]
fn odd_quotes() {
    let more = "C,D,1,0,n\n".repeat(5);
    let far = "C,D,1,0,n\n".repeat(1 << 14);
    for (text, row, expected, found) in [
        (
            format!("A,B,1,0,\"x\n{more}"),
            0,
            "must close the quotes",
            "",
        ),
        (format!("{more}A,B,1,0,\""), 5, "must close the quotes", ""),
        (
            format!("{far}A,B,1,0,\"x\n{more}"),
            1 << 14,
            "must close the quotes",
            "",
        ),
        (
            format!("A,B,1,0,\"x\n{more}A,B,1,0,\"x\n{more}"),
            0,
            "must have quotes around a whole cell",
            "many lines: is a quote left open?",
        ),
        (
            format!("\"A,B,1,0,x\n{more}A\",B,1,0\n"),
            0,
            "must have 5 cells",
            "4 in many lines: is a quote left open?",
        ),
        ("A,B,1,0\n".to_owned(), 0, "must have 5 cells", "4"),
        (
            format!("A,B,1,0,\"x\"y\n{more}"),
            0,
            "must have quotes around a whole cell",
            "",
        ),
    ] {
        let text = [HEADER.trim_end(), ",note\n", &text].concat();
        let reading = read("quotes", text.as_bytes()).unwrap();
        let problem = &reading.problems.told(|_| 0).0[0];
        let told = (
            problem.row,
            &problem.expected[..expected.len()],
            &problem.found,
        );
        assert_eq!(
            told,
            (row, expected, &Found::Words(found.into())),
            "{text:.80}"
        );
    }
}

/// Quotes that programs write are read, blanks after them as well, across the chunks of a file.
#[test]
fn good_quotes() {
    for note in ["\"\"", "\"a, \"\"b\"\"\nc\" ", "5\" pipe", "x", "\"\"\"\""] {
        for rows in [1, 20_000] {
            let text = format!("\"A\" ,B,1,0,{note}\r\n").repeat(rows);
            let text = [HEADER.trim_end(), ",note\n", &text].concat();
            let reading = read("quotes", text.as_bytes()).unwrap();
            assert_eq!(reading.given.unwrap().len(), rows, "{note}");
        }
    }
}

/// A header with odd quotes or in another encoding is refused.
#[test]
fn odd_headers() {
    let utf_16: Vec<u8> = HEADER.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (text, told) in [
        (
            b"\"sender_id,amount\nA,1\n".as_slice(),
            "must close the quotes",
        ),
        (b"\"sender_id,amount\n\"A,1\n", "must have quotes around"),
        (b"sender_id,am\0ount\nA,1\n", "must be CSV in UTF-8"),
        (&utf_16, "must be CSV in UTF-8"),
    ] {
        match read("header", text) {
            Err(Failure::Shape(expected, _)) => assert!(expected.starts_with(told), "{expected}"),
            other => panic!("{other:?}"),
        }
    }
}

/// A header that is none is refused before any row.
#[test]
fn long_header() {
    let text = ",".repeat(CELLS_MAX + 1);
    assert!(matches!(
        read("header", text.as_bytes()),
        Err(Failure::Shape(..))
    ));
    assert!(matches!(
        read("blank", b"\n\r\n\n"),
        Err(Failure::Shape(..))
    ));
    assert!(matches!(read("empty", b""), Err(Failure::Shape(..))));
}

/// So much may be wrong that no more is looked for.
#[test]
fn many_problems() {
    let reading = rows(&"A,A,0,x\n".repeat(COUNTED_MAX));
    assert_eq!(reading.problems.len(), COUNTED_MAX);
    assert!(
        reading
            .problems
            .told(|_| 0)
            .0
            .iter()
            .all(|problem| problem.row < 34)
    );
}

/// Any bytes after the header are read or refused, row by row.
#[test]
fn any_bytes() {
    let mut state = 1_u32;
    for _ in 0..2_000 {
        let mut bytes = HEADER.as_bytes().to_vec();
        for _ in 0..40 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let choice = (state >> 20) as usize;
            bytes.extend_from_slice(match choice % 9 {
                0 => b",",
                1 => b"\n",
                2 => b"\r",
                3 => b"\"",
                4 => b"A",
                5 => b"B,C,",
                6 => b"1",
                7 => b"\xff",
                _ => "\u{20ac}".as_bytes(),
            });
        }
        let reading = read("any", &bytes).unwrap();
        assert!(reading.given.is_some() == reading.problems.is_empty());
        if let Some(given) = reading.given {
            given.check(&|_| true).unwrap();
        }
    }
}

/// A header of one column, or none but a line for Excel, is refused with the word that helps.
#[test]
fn no_header() {
    for text in [
        "sep=;\nsender_id;amount\n",
        "\nsep=\t\r\n",
        "sender_id:amount\nA:1\n",
    ] {
        let Err(Failure::Shape(expected, found)) = read("no", text.as_bytes()) else {
            panic!("{text}");
        };
        assert!(expected.contains("--delimiter"), "{expected}");
        assert!(text.trim_start().starts_with(&found[1..4]), "{found}");
    }
}

/// Blanks around a cell do not count, whatever it holds.
#[test]
fn blanks() {
    let given = rows(" A ,B, 1 , 0\nA, B\t,2,0 \n").given.unwrap();
    assert_eq!(given.names, ["A", "B"]);
    assert_eq!(given.amounts, [1, 2]);
}
