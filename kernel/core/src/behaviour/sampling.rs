//! Distributions over a random stream.
//!
//! Only operations with one possible result are used (IEEE arithmetic, and `exp`, `log` and
//! `lgamma` in software from `libm`), so that a draw is the same number on every machine.

use super::stream::Stream;

/// Number of arrivals in a tick: Poisson by inversion of a tabulated distribution function.
#[derive(Debug, Clone, PartialEq)]
pub struct Poisson {
    /// Counts below this have no mass that the table could hold.
    low: u32,
    /// `thresholds[k]` is P(X <= low + k) scaled to 2^64; the draw is `low` and the number of
    /// thresholds passed.
    thresholds: Vec<u64>,
}

impl Poisson {
    /// The distribution with this mean (at least 0, finite).
    pub fn new(mean: f64) -> Self {
        if mean <= 0.0 {
            return Self {
                low: 0,
                thresholds: Vec::new(),
            };
        }
        let width = 12.0 * mean.sqrt() + 40.0;
        let low = (mean - width).max(0.0) as u32;
        let high = (mean + width) as u32;
        let log_mean = libm::log(mean);
        let mut total = 0.0;
        let mass: Vec<f64> = (low..=high)
            .map(|k| libm::exp(f64::from(k) * log_mean - mean - libm::lgamma(f64::from(k) + 1.0)))
            .inspect(|p| total += p)
            .collect();
        let mut thresholds = Vec::new();
        let mut cumulated = 0.0;
        for p in mass {
            cumulated += p;
            // The float to integer cast saturates, which ends the table.
            let threshold = (cumulated / total * 18_446_744_073_709_551_616.0) as u64;
            thresholds.push(threshold);
            if threshold == u64::MAX {
                break;
            }
        }
        Self { low, thresholds }
    }

    /// One count.
    #[inline]
    pub fn sample(&self, stream: &mut Stream) -> u32 {
        if self.thresholds.is_empty() {
            return 0;
        }
        let bits = stream.bits();
        let passed = if self.thresholds.len() <= 64 {
            self.thresholds.iter().take_while(|&&t| t <= bits).count()
        } else {
            self.thresholds.partition_point(|&t| t <= bits)
        };
        self.low + passed as u32
    }
}

/// A choice among values with weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Weighted<T> {
    values: Vec<T>,
    cumulated: Vec<f64>,
}

impl<T: Copy> Weighted<T> {
    /// A choice among `values`; weights are at least 0 and not all 0, and as many as the values.
    pub fn new(values: Vec<T>, weights: &[f64]) -> Self {
        let mut sum = 0.0;
        let cumulated = weights
            .iter()
            .map(|w| {
                sum += w;
                sum
            })
            .collect();
        Self { values, cumulated }
    }

    /// One value.
    #[inline]
    pub fn sample(&self, stream: &mut Stream) -> T {
        let total = self.cumulated[self.cumulated.len() - 1];
        let point = stream.unit() * total;
        let at = self.cumulated.partition_point(|&c| c <= point);
        // Rounding may carry the point to the total itself: the last value with weight has it.
        let last = self.cumulated.partition_point(|&c| c < total);
        self.values[at.min(last)]
    }
}

/// A standard normal number, by inversion (Wichura 1988, algorithm AS 241, PPND16).
#[inline]
pub fn standard_normal(stream: &mut Stream) -> f64 {
    inverse_normal(stream.unit())
}

fn horner(x: f64, coefficients: &[f64]) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

#[allow(clippy::excessive_precision)] // the constants as published
fn inverse_normal(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180625 - q * q;
        return q * horner(
            r,
            &[
                3.387_132_872_796_366_608,
                133.141_667_891_784_377_45,
                1_971.590_950_306_551_442_7,
                13_731.693_765_509_461_125,
                45_921.953_931_549_871_457,
                67_265.770_927_008_700_853,
                33_430.575_583_588_128_105,
                2_509.080_928_730_122_672_7,
            ],
        ) / horner(
            r,
            &[
                1.0,
                42.313_330_701_600_911_252,
                687.187_007_492_057_908_3,
                5_394.196_021_424_751_107_7,
                21_213.794_301_586_595_867,
                39_307.895_800_092_710_61,
                28_729.085_735_721_942_674,
                5_226.495_278_852_854_561,
            ],
        );
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = (-libm::log(tail)).sqrt();
    let z = if r <= 5.0 {
        let r = r - 1.6;
        horner(
            r,
            &[
                1.423_437_110_749_683_577_34,
                4.630_337_846_156_545_295_9,
                5.769_497_221_460_691_405_5,
                3.647_848_324_763_204_605_04,
                1.270_458_252_452_368_382_58,
                0.241_780_725_177_450_611_77,
                0.022_723_844_989_269_184_583_3,
                7.745_450_142_783_414_076_4e-4,
            ],
        ) / horner(
            r,
            &[
                1.0,
                2.053_191_626_637_758_821_87,
                1.676_384_830_183_803_849_4,
                0.689_767_334_985_100_004_55,
                0.148_103_976_427_480_074_59,
                0.015_198_666_563_616_457_196_6,
                5.475_938_084_995_344_946e-4,
                1.050_750_071_644_416_843_24e-9,
            ],
        )
    } else {
        let r = r - 5.0;
        horner(
            r,
            &[
                6.657_904_643_501_103_777_2,
                5.463_784_911_164_114_369_9,
                1.784_826_539_917_291_335_8,
                0.296_560_571_828_504_891_23,
                0.026_532_189_526_576_123_093,
                1.242_660_947_388_078_438_6e-3,
                2.711_555_568_743_487_578_15e-5,
                2.010_334_399_292_288_132_65e-7,
            ],
        ) / horner(
            r,
            &[
                1.0,
                0.599_832_206_555_887_937_69,
                0.136_929_880_922_735_805_31,
                0.014_875_361_290_850_614_852_5,
                7.868_691_311_456_132_591e-4,
                1.846_318_317_510_054_681_8e-5,
                1.421_511_758_316_445_888_7e-7,
                2.044_263_103_389_939_785_64e-15,
            ],
        )
    };
    if q < 0.0 { -z } else { z }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behaviour::stream::{Purpose, StreamKey};

    fn draws<T>(n: u32, mut draw: impl FnMut(&mut Stream) -> T) -> Vec<T> {
        (0..n)
            .map(|tick| draw(&mut StreamKey::new(5, "A").stream(Purpose::Amount, tick, 0)))
            .collect()
    }

    #[test]
    fn poisson_counts_have_the_mean_and_the_variance() {
        for mean in [0.05, 0.5, 3.0, 40.0, 2_000.0, 100_000.0] {
            let table = Poisson::new(mean);
            let counts = draws(20_000, |s| f64::from(table.sample(s)));
            let average = counts.iter().sum::<f64>() / 20_000.0;
            let variance = counts.iter().map(|c| (c - average).powi(2)).sum::<f64>() / 20_000.0;
            assert!(
                (average - mean).abs() < 5.0 * (mean / 20_000.0).sqrt(),
                "{mean}: {average}"
            );
            assert!(
                (variance / mean - 1.0).abs() < 0.1,
                "{mean}: variance {variance}"
            );
        }
    }

    #[test]
    fn a_rate_of_zero_never_brings_anything() {
        assert_eq!(draws(100, |s| Poisson::new(0.0).sample(s)), vec![0; 100]);
    }

    #[test]
    fn the_inverse_normal_has_its_textbook_quantiles() {
        for (p, z) in [
            (0.5, 0.0),
            (0.975, 1.959_963_984_540_054),
            (0.025, -1.959_963_984_540_054),
            (0.999, 3.090_232_306_167_813),
            (1e-10, -6.361_340_902_404_056),
            (1e-20, -9.262_340_089_798_408),
        ] {
            assert!((inverse_normal(p) - z).abs() < 1e-12, "{p}");
        }
    }

    #[test]
    fn a_value_without_weight_is_never_chosen() {
        let choice = Weighted::new(vec![1, 2, 3], &[1.0, 0.0, 3.0]);
        let chosen = draws(4_000, |s| choice.sample(s));
        assert!(!chosen.contains(&2));
        let threes = chosen.iter().filter(|&&v| v == 3).count();
        assert!((2_850..3_150).contains(&threes), "{threes}");
    }
}
