//! Amounts and other numbers as text, read exactly.

use paysim_kernel::amount::AMOUNT_MAX;

use crate::problem::Refusal;

/// Most decimal places of an amount.
pub const DECIMALS_MAX: u8 = 9;

const NO_SEPARATORS: &str = "write it without separators of thousands";
const HAS_PLACES: &str = "decimals says how many places amounts have (decimals: 2, --decimals 2)";
const HAS_COMMA: &str =
    "decimal_comma reads a comma as the decimal point (decimal_comma: true, --decimal-comma)";
const HAS_COMMA_AND_PLACES: &str = "decimal_comma reads a comma as the decimal point, and decimals \
    says how many places amounts have (decimal_comma: true, decimals: 2; --decimal-comma, \
    --decimals 2)";
const HAS_POINT: &str = "it has a point, and decimal_comma is on";

/// How amounts are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AmountForm {
    /// Decimal places of one unit of the currency; 0 reads minor units.
    pub decimals: u8,
    /// Whether a comma is the decimal point.
    pub comma: bool,
}

impl AmountForm {
    /// An amount in minor units.
    ///
    /// # Errors
    /// It is no number, has too many places, or is out of bounds.
    pub fn read(self, cell: &[u8]) -> Result<i64, Refusal> {
        let point = if self.comma { b',' } else { b'.' };
        let (whole, places) = match memchr::memchr(point, cell) {
            Some(at) => (&cell[..at], &cell[at + 1..]),
            None => (cell, &cell[cell.len()..]),
        };
        let are_digits = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
        if whole.is_empty() || !are_digits(whole) || !are_digits(places) {
            return Err(self.refusal(cell));
        }
        let given = places
            .iter()
            .rposition(|&byte| byte != b'0')
            .map_or(0, |at| at + 1);
        if given > usize::from(self.decimals) {
            let expected = match self.decimals {
                0 => "must be in minor units, without decimal places".to_owned(),
                1 => "must have at most 1 decimal place".to_owned(),
                n => format!("must have at most {n} decimal places"),
            };
            let hint = if self.decimals == 0 { HAS_PLACES } else { "" };
            return Err(Refusal::new(expected).hint(hint));
        }
        let mut value = 0_u64;
        let mut append = |byte: u8| {
            value = value
                .saturating_mul(10)
                .saturating_add((byte - b'0').into());
        };
        whole.iter().for_each(|&byte| append(byte));
        for at in 0..usize::from(self.decimals) {
            append(places.get(at).copied().unwrap_or(b'0'));
        }
        match i64::try_from(value) {
            Ok(0) => Err(Refusal::new("must be more than 0")),
            Ok(value) if value <= AMOUNT_MAX => Ok(value),
            _ => Err(Refusal::new(format!(
                "must be at most {AMOUNT_MAX} minor units"
            ))),
        }
    }

    /// Why a cell is no amount.
    fn refusal(self, cell: &[u8]) -> Refusal {
        if let Some(rest) = cell.strip_prefix(b"-")
            && (rest.first().is_some_and(u8::is_ascii_digit))
        {
            return Refusal::new("must be more than 0");
        }
        let (own, other) = if self.comma {
            ("comma", b'.')
        } else {
            ("point", b',')
        };
        let refusal = Refusal::new(format!(
            "must be an amount, digits and at most a decimal {own}"
        ));
        refusal.hint(match (self.is_marked(cell, other), self.comma) {
            (true, true) => HAS_POINT,
            (true, false) if self.decimals == 0 => HAS_COMMA_AND_PLACES,
            (true, false) => HAS_COMMA,
            _ if is_grouped(cell) => NO_SEPARATORS,
            _ => "",
        })
    }

    /// Whether a mark is the decimal mark of a cell: the last of its separators, the only one of
    /// its kind, and not one that three digits follow, as they do a separator of thousands, unless
    /// there are to be as many places.
    fn is_marked(self, cell: &[u8], mark: u8) -> bool {
        let Some(at) = memchr::memrchr(mark, cell) else {
            return false;
        };
        let (whole, places) = (&cell[..at], &cell[at + 1..]);
        is_grouped(whole)
            && !whole.contains(&mark)
            && places.iter().all(u8::is_ascii_digit)
            && (places.len() != 3 || (self.decimals >= 3 && whole.iter().all(u8::is_ascii_digit)))
    }
}

/// Whether a cell has digits, and separators of thousands or decimal marks, and nothing else.
fn is_grouped(cell: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_digit() || b" ,.'_".contains(byte);
    cell.iter().any(u8::is_ascii_digit) && cell.iter().all(is_part)
}

/// A whole number within bounds.
///
/// # Errors
/// It is none, or out of bounds.
pub fn whole(cell: &[u8], most: u32) -> Result<u32, Refusal> {
    let (digits, is_negative) = match cell.strip_prefix(b"-") {
        Some(digits) => (digits, true),
        None => (cell, false),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Refusal::new("must be int"));
    }
    let mut value = 0_u64;
    for byte in digits {
        value = (value * 10 + u64::from(byte - b'0')).min(u64::from(u32::MAX) + 1);
    }
    match u32::try_from(value) {
        Ok(value) if is_negative && value > 0 => Err(Refusal::new("must be at least 0")),
        Ok(value) if value <= most => Ok(value),
        _ if is_negative => Err(Refusal::new("must be at least 0")),
        _ => Err(Refusal::new(format!("must be at most {most}"))),
    }
}

/// True or false.
///
/// # Errors
/// It is neither.
pub fn flag(cell: &[u8]) -> Result<bool, Refusal> {
    if cell.eq_ignore_ascii_case(b"true") || cell == b"1" {
        Ok(true)
    } else if cell.eq_ignore_ascii_case(b"false") || cell == b"0" {
        Ok(false)
    } else {
        Err(Refusal::new("must be true or false"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, decimals: u8, comma: bool) -> Option<i64> {
        AmountForm { decimals, comma }.read(text.as_bytes()).ok()
    }

    /// An amount is read digit by digit, with exactly the places that were announced.
    #[test]
    fn amounts() {
        for (text, decimals, comma, expected) in [
            ("1234.56", 2, false, Some(123_456)),
            ("1234", 2, false, Some(123_400)),
            ("1234.5", 2, false, Some(123_450)),
            ("1234.500", 2, false, Some(123_450)),
            ("0.01", 2, false, Some(1)),
            ("1.", 2, false, Some(100)),
            ("007", 0, false, Some(7)),
            ("12.0", 0, false, Some(12)),
            ("1234,56", 2, true, Some(123_456)),
            ("4000000000000000000", 0, false, Some(AMOUNT_MAX)),
            ("4000000000000000001", 0, false, None),
            ("99999999999999999999999999", 0, false, None),
            ("1234.567", 2, false, None),
            ("1234.5", 0, false, None),
            ("1,234.56", 2, false, None),
            ("1234,56", 2, false, None),
            ("1234.56", 2, true, None),
            (".5", 1, false, None),
            ("1e3", 0, false, None),
            ("+1", 0, false, None),
            ("-1", 0, false, None),
            ("0", 0, false, None),
            ("0.00", 2, false, None),
            ("", 0, false, None),
            ("NaN", 0, false, None),
        ] {
            assert_eq!(read(text, decimals, comma), expected, "{text}");
        }
    }

    /// A refusal says how the amount would have to be written or read.
    #[test]
    fn hints() {
        for (text, decimals, comma, hint) in [
            ("12.34", 0, false, HAS_PLACES),
            ("12,34", 0, true, HAS_PLACES),
            ("12,34", 2, false, HAS_COMMA),
            ("12,345", 3, false, HAS_COMMA),
            ("12,34567", 2, false, HAS_COMMA),
            ("12,34", 0, false, HAS_COMMA_AND_PLACES),
            ("1.234,50", 0, false, HAS_COMMA_AND_PLACES),
            ("1 234,5", 0, false, HAS_COMMA_AND_PLACES),
            ("12.34", 2, true, HAS_POINT),
            ("1,234.5", 2, true, HAS_POINT),
            ("12.345", 2, true, NO_SEPARATORS),
            ("1.234,50", 2, true, NO_SEPARATORS),
            ("1,234", 2, false, NO_SEPARATORS),
            ("1,234,50", 2, false, NO_SEPARATORS),
            ("1,234.56", 2, false, NO_SEPARATORS),
            ("12 000", 0, false, NO_SEPARATORS),
            ("x", 0, false, ""),
            ("1,x", 0, false, ""),
        ] {
            let refused = AmountForm { decimals, comma }.read(text.as_bytes());
            assert_eq!(refused.map_err(|refusal| refusal.hint), Err(hint), "{text}");
        }
    }

    /// A whole number is digits within bounds.
    #[test]
    fn whole_numbers() {
        assert_eq!(whole(b"10", 10).ok(), Some(10));
        assert_eq!(whole(b"-0", 10).ok(), Some(0));
        for (cell, expected) in [
            ("11", "must be at most 10"),
            ("99999999999999999999", "must be at most 10"),
            ("-1", "must be at least 0"),
            ("-99999999999999999999", "must be at least 0"),
            ("1.0", "must be int"),
            ("", "must be int"),
            ("-", "must be int"),
        ] {
            let refused = whole(cell.as_bytes(), 10).map_err(|refusal| refusal.expected);
            assert_eq!(refused, Err(expected.to_owned()), "{cell}");
        }
    }
}
