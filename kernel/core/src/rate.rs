//! Exact decimal rates.
//!
//! A rate is an integer count of 1e-15, a multiplier an integer count of 1e-4, a cost an integer
//! count of 1e-19 minor units. An amount times a rate in basis points, or an amount times a rate
//! times a multiplier, is therefore a whole number of cost units, and sums of costs do not depend
//! on their order.

use crate::error::{Error, Result};

/// Decimal places of a rate.
pub const RATE_PLACES: u32 = 15;
/// Decimal places of a product of multipliers.
pub const MULTIPLIER_PLACES: u32 = 4;
/// Decimal places of a cost.
pub const COST_PLACES: u32 = 19;
/// Cost units in one minor unit.
pub const COST_UNIT: i128 = 10_i128.pow(COST_PLACES);

/// A rate, in units of 1e-15.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rate(pub i128);

impl Rate {
    /// The rate of 1.
    pub const ONE: Self = Self(10_i128.pow(RATE_PLACES));

    /// Reads a decimal such as `0.0001`, `7` or `1E-7`.
    ///
    /// # Errors
    /// [`Error::Spec`] for anything that is not a decimal of at most 15 places, or is too large.
    pub fn parse(text: &str) -> Result<Self> {
        parse_decimal(text, RATE_PLACES).map(Self)
    }

    /// True for the rate that costs nothing.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The rate as a price in cost units: a rate of 1 is one minor unit.
    ///
    /// # Errors
    /// [`Error::Overflow`] if it does not fit.
    pub fn price(self) -> Result<i128> {
        self.0
            .checked_mul(10_i128.pow(COST_PLACES - RATE_PLACES))
            .ok_or_else(|| Error::overflow("a cost"))
    }

    /// The rate times a quantity in units of 1e-4 minor units, in cost units: basis points of an
    /// amount, or a rate on an amount times a multiplier.
    ///
    /// # Errors
    /// [`Error::Overflow`] if it does not fit.
    pub fn cost_of_quantity(self, quantity: i128) -> Result<i128> {
        self.0
            .checked_mul(quantity)
            .ok_or_else(|| Error::overflow("a cost"))
    }
}

/// Reads a decimal as an integer count of `10^-places`.
///
/// # Errors
/// [`Error::Spec`] if the text is no decimal, has more places, or does not fit.
pub fn parse_decimal(text: &str, places: u32) -> Result<i128> {
    let wrong = || {
        Error::Spec(format!(
            "{text:?} is not a decimal of at most {places} places"
        ))
    };
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (
            &text[..at],
            text[at + 1..].parse::<i32>().map_err(|_| wrong())?,
        ),
        None => (text, 0),
    };
    let (negative, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong());
    }
    let shift = i64::from(exponent) + i64::from(places) - fraction.len() as i64;
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Ok(0);
    }
    let value = if shift >= 0 {
        let scale = u32::try_from(shift)
            .ok()
            .and_then(|s| 10_i128.checked_pow(s))
            .ok_or_else(wrong)?;
        digits
            .parse::<i128>()
            .ok()
            .and_then(|d| d.checked_mul(scale))
            .ok_or_else(wrong)?
    } else {
        let cut = usize::try_from(-shift).map_err(|_| wrong())?;
        let significant = digits.trim_end_matches('0');
        if digits.len() - significant.len() < cut {
            return Err(wrong());
        }
        digits[..digits.len() - cut]
            .parse::<i128>()
            .map_err(|_| wrong())?
    };
    Ok(if negative { -value } else { value })
}

/// The product of two decimals as an integer count of 1e-4.
///
/// # Errors
/// [`Error::Spec`] if it has more than four places or does not fit.
pub fn parse_multiplier(one: &str, other: &str) -> Result<i64> {
    let wrong = || {
        Error::Spec(format!(
            "{one} times {other} is not a multiplier of at most 4 places"
        ))
    };
    let shortest =
        |text| (0..=RATE_PLACES).find_map(|n| parse_decimal(text, n).ok().map(|value| (value, n)));
    let ((a, i), (b, j)) = (
        shortest(one).ok_or_else(wrong)?,
        shortest(other).ok_or_else(wrong)?,
    );
    let (mut product, mut places) = (a.checked_mul(b).ok_or_else(wrong)?, i + j);
    while places > MULTIPLIER_PLACES && product % 10 == 0 {
        product /= 10;
        places -= 1;
    }
    let scale = 10_i128.pow(MULTIPLIER_PLACES.checked_sub(places).ok_or_else(wrong)?);
    product
        .checked_mul(scale)
        .and_then(|units| i64::try_from(units).ok())
        .ok_or_else(wrong)
}

/// A cost in whole minor units, halves to the even one.
pub fn half_even(units: i128) -> i128 {
    let whole = units.div_euclid(COST_UNIT);
    // One division of 128 bits is slow enough to be seen in every tick; two are not needed.
    let twice = 2 * (units - whole * COST_UNIT);
    match twice.cmp(&COST_UNIT) {
        std::cmp::Ordering::Less => whole,
        std::cmp::Ordering::Greater => whole + 1,
        std::cmp::Ordering::Equal => whole + (whole & 1),
    }
}

/// A cost as the shortest exact decimal.
pub fn cost_text(units: i128) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let (whole, fraction) = (
        units.unsigned_abs() / COST_UNIT as u128,
        units.unsigned_abs() % COST_UNIT as u128,
    );
    if fraction == 0 {
        return format!("{sign}{whole}");
    }
    let fraction = format!("{fraction:019}");
    format!("{sign}{whole}.{}", fraction.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_is_read_exactly() {
        assert_eq!(parse_decimal("0.0001", 15).unwrap(), 100_000_000_000);
        assert_eq!(parse_decimal("1E-7", 15).unwrap(), 100_000_000);
        assert_eq!(parse_decimal("1.50E+2", 15).unwrap(), 150 * 10_i128.pow(15));
        assert_eq!(parse_decimal("0.0000000000000010", 15).unwrap(), 1);
        assert_eq!(parse_decimal("0E-30", 15).unwrap(), 0);
    }

    #[test]
    fn a_decimal_with_too_many_places_is_refused() {
        for text in [
            "0.0000000000000001",
            "",
            ".",
            "1.2.3",
            "NaN",
            "--1",
            "1e",
            "1e99",
        ] {
            assert!(parse_decimal(text, 15).is_err(), "{text}");
        }
    }

    #[test]
    fn a_product_of_multipliers_is_exact_to_four_places() {
        assert_eq!(parse_multiplier("1.5", "2").unwrap(), 30_000);
        assert_eq!(parse_multiplier("0.00005", "20").unwrap(), 10);
        assert_eq!(parse_multiplier("0", "0.000000000000001").unwrap(), 0);
        assert!(parse_multiplier("0.01", "0.001").is_err());
    }

    #[test]
    fn halves_go_to_the_even_neighbour() {
        let half = COST_UNIT / 2;
        let rounded = [half, half + 1, 3 * half, 5 * half, -half, -3 * half, 0].map(half_even);
        assert_eq!(rounded, [0, 1, 2, 2, 0, -2, 0]);
    }

    #[test]
    fn a_cost_is_written_without_trailing_zeros() {
        assert_eq!(cost_text(COST_UNIT + COST_UNIT / 4), "1.25");
        assert_eq!(cost_text(-1), "-0.0000000000000000001");
        assert_eq!(cost_text(0), "0");
    }
}
