//! Places are looked for by a reader of their own: it has to see the records that the parser sees.

#![allow(clippy::unwrap_used)]

use csv_core::{ReadRecordResult, Reader};
use paysim_files::locate::locate;

/// The cells of each record, as the parser sees them.
fn records(parser: &mut Reader, text: &[u8]) -> Vec<Vec<Vec<u8>>> {
    parser.reset();
    let mut records = Vec::new();
    let (mut out, mut ends) = ([0; 64], [0; 64]);
    let (mut rest, mut written, mut cells) = (text, 0, 0);
    loop {
        let (result, read, wrote, ended) =
            parser.read_record(rest, &mut out[written..], &mut ends[cells..]);
        rest = &rest[read..];
        written += wrote;
        cells += ended;
        match result {
            ReadRecordResult::Record => {
                let start = |cell: usize| if cell == 0 { 0 } else { ends[cell - 1] };
                let cell = |cell: usize| out[start(cell)..ends[cell]].to_vec();
                records.push((0..cells).map(cell).collect());
                (written, cells) = (0, 0);
            }
            ReadRecordResult::End => return records,
            _ => {}
        }
    }
}

/// The text from a place on.
fn from((line, column): (u64, u64), text: &[u8]) -> &[u8] {
    let mut rest = text;
    for _ in 1..line {
        let at = rest.iter().position(|b| b"\n\r".contains(b)).unwrap();
        rest = &rest[at + 1 + usize::from(rest[at..].starts_with(b"\r\n"))..];
    }
    &rest[column as usize - 1..]
}

/// In every text of up to seven characters each cell is found where it stands.
#[test]
fn every_short_text() {
    let mut parser = Reader::new();
    let letters = b"a,\"\n\r";
    let mut texts: Vec<Vec<u8>> = vec![Vec::new()];
    for _ in 0..7 {
        let longer = |text: &Vec<u8>| {
            let text = text.clone();
            letters
                .iter()
                .map(move |&letter| [&text[..], &[letter]].concat())
        };
        texts = texts.iter().flat_map(longer).collect();
        for text in &texts {
            let records = records(&mut parser, text);
            let wanted: Vec<_> = (0_u64..)
                .zip(&records)
                .flat_map(|(record, cells)| (0..cells.len()).map(move |cell| (record, Some(cell))))
                .collect();
            let places = locate(&text[..], b',', &wanted).unwrap();
            for ((record, cell), place) in wanted.into_iter().zip(places) {
                let found = from(place, text);
                let quoted = found.first() == Some(&b'"');
                let own = &records[record as usize][cell.unwrap()];
                let shown = text.escape_ascii();
                if quoted {
                    let bare: Vec<u8> = found.iter().copied().filter(|&b| b != b'"').collect();
                    let own: Vec<u8> = own.iter().copied().filter(|&b| b != b'"').collect();
                    assert!(bare.starts_with(&own), "{shown}: {place:?}");
                } else {
                    assert!(found.starts_with(own), "{shown}: {place:?}");
                    let end = found.get(own.len());
                    assert!(
                        end.is_none_or(|b| b",\n\r".contains(b)),
                        "{shown}: {place:?}"
                    );
                }
            }
        }
    }
}

/// A column counts characters, and a cell that is not there stands for its record.
#[test]
fn characters() {
    let text = "h\u{e9},b\r\n\r\n\"\u{e5}\n\",x,\u{20ac}y,z\n";
    let wanted = [
        (0, Some(1)),
        (1, None),
        (1, Some(1)),
        (1, Some(3)),
        (1, Some(9)),
        (7, None),
    ];
    let places = locate(text.as_bytes(), b',', &wanted).unwrap();
    assert_eq!(places, [(1, 4), (3, 1), (4, 3), (4, 8), (3, 1), (5, 0)]);
}
