//! Generated arrivals of one agent: how many in a tick, to whom, how much, until when.

use crate::amount::AMOUNT_MAX;
use crate::error::{Error, Result};
use crate::ids::{AgentId, Tick};

use super::sampling::{Poisson, Weighted, standard_normal};
use super::stream::{Purpose, Stream, StreamKey};

/// Distribution of an amount, in minor units; rounded half-even and at least 1.
#[derive(Debug, Clone, PartialEq)]
pub enum AmountDistribution {
    /// Always this amount.
    Fixed(i64),
    /// Every amount from the first to the second is as likely.
    Uniform(i64, i64),
    /// Normal with this mean and standard deviation.
    Normal(f64, f64),
    /// Lognormal; mean and standard deviation are the amount's own, not its logarithm's.
    LogNormal(f64, f64),
    /// Exponential with this mean.
    Exponential(f64),
    /// One of these amounts, by weight.
    Empirical(Vec<i64>, Vec<f64>),
}

/// Distribution of the ticks from arrival to deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadlineOffset {
    /// No deadline.
    Never,
    /// Always this many ticks.
    Fixed(u32),
    /// Every number of ticks from the first to the second is as likely.
    Uniform(u32, u32),
}

/// Distribution of the priority.
#[derive(Debug, Clone, PartialEq)]
pub enum PriorityDistribution {
    /// Always this priority.
    Fixed(u8),
    /// One of these, by weight.
    Weighted(Vec<u8>, Vec<f64>),
}

/// An agent's arrivals as its scenario states them.
#[derive(Debug, Clone, PartialEq)]
pub struct ArrivalSpec {
    /// Mean number of arrivals per tick.
    pub rate_per_tick: f64,
    /// Multipliers of the rate over equal parts of the day.
    pub intraday_profile: Vec<f64>,
    /// The amount.
    pub amount: AmountDistribution,
    /// Receivers with their weights; every other agent alike when absent.
    pub counterparty_weights: Option<Vec<(AgentId, f64)>>,
    /// The deadline.
    pub deadline_offset: DeadlineOffset,
    /// The priority.
    pub priority: PriorityDistribution,
    /// Whether arrivals may be split.
    pub divisible: bool,
}

/// One arrival as drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Who receives it.
    pub receiver: AgentId,
    /// Minor units.
    pub amount: i64,
    /// Deadline, [`crate::ids::NONE`] without one.
    pub deadline: Tick,
    /// 0 to 10.
    pub priority: u8,
    /// Whether it may be split.
    pub divisible: bool,
}

#[derive(Debug, Clone)]
enum AmountSampler {
    Fixed(i64),
    Uniform { low: i64, width: u64 },
    Normal { mean: f64, std_dev: f64 },
    LogNormal { location: f64, scale: f64 },
    Exponential { mean: f64 },
    Empirical(Weighted<i64>),
}

/// Draws one agent's arrivals.
#[derive(Debug, Clone)]
pub struct ArrivalProcess {
    sender: AgentId,
    agents: u32,
    key: StreamKey,
    counts: Vec<Poisson>,
    amount: AmountSampler,
    counterparties: Option<Weighted<AgentId>>,
    deadline_offset: DeadlineOffset,
    priority: u8,
    priorities: Option<Weighted<u8>>,
    divisible: bool,
    /// Beside the rest, which is gone through in every tick.
    configured: Box<Configured>,
}

/// What the tables of a process are made from.
#[derive(Debug, Clone)]
struct Configured {
    rate_per_tick: f64,
    intraday_profile: Vec<f64>,
    multiplier: f64,
    /// Receivers by scenario order with their weights; none while all others weigh 1.
    weights: Option<Vec<(AgentId, f64)>>,
    /// Whether the scenario gives weights.
    weights_given: bool,
}

impl ArrivalProcess {
    /// Prepares the tables of a specification.
    pub fn new(spec: &ArrivalSpec, sender: AgentId, agents: u32, key: StreamKey) -> Self {
        let amount = match &spec.amount {
            AmountDistribution::Fixed(value) => AmountSampler::Fixed(*value),
            AmountDistribution::Uniform(low, high) => AmountSampler::Uniform {
                low: *low,
                width: high.abs_diff(*low).saturating_add(1),
            },
            AmountDistribution::Normal(mean, std_dev) => AmountSampler::Normal {
                mean: *mean,
                std_dev: *std_dev,
            },
            AmountDistribution::LogNormal(mean, std_dev) => {
                let ratio = std_dev / mean;
                let variance = libm::log1p(ratio * ratio);
                AmountSampler::LogNormal {
                    location: libm::log(*mean) - variance / 2.0,
                    scale: variance.sqrt(),
                }
            }
            AmountDistribution::Exponential(mean) => AmountSampler::Exponential { mean: *mean },
            AmountDistribution::Empirical(values, weights) => {
                AmountSampler::Empirical(Weighted::new(values.clone(), weights))
            }
        };
        let (priority, priorities) = match &spec.priority {
            PriorityDistribution::Fixed(value) => (*value, None),
            PriorityDistribution::Weighted(values, weights) => {
                (0, Some(Weighted::new(values.clone(), weights)))
            }
        };
        Self {
            sender,
            agents,
            key,
            counts: counts(spec.rate_per_tick, &spec.intraday_profile),
            amount,
            counterparties: spec.counterparty_weights.as_deref().map(weighted),
            deadline_offset: spec.deadline_offset,
            priority,
            priorities,
            divisible: spec.divisible,
            configured: Box::new(Configured {
                rate_per_tick: spec.rate_per_tick,
                intraday_profile: spec.intraday_profile.clone(),
                multiplier: 1.0,
                weights: spec.counterparty_weights.clone(),
                weights_given: spec.counterparty_weights.is_some(),
            }),
        }
    }

    /// From now on the rate is the configured one times this.
    pub fn set_rate_multiplier(&mut self, multiplier: f64) {
        let configured = &mut self.configured;
        if multiplier != configured.multiplier {
            configured.multiplier = multiplier;
            self.counts = counts(
                configured.rate_per_tick * multiplier,
                &configured.intraday_profile,
            );
        }
    }

    /// From now on deadlines are drawn so.
    pub fn set_deadline_offset(&mut self, offset: DeadlineOffset) {
        self.deadline_offset = offset;
    }

    /// From now on this receiver has this weight; one without a weight had 0, or 1 where the
    /// scenario gives none.
    ///
    /// # Errors
    /// [`Error::Spec`] if no receiver is left with a weight.
    pub fn set_counterparty_weight(&mut self, receiver: AgentId, weight: f64) -> Result<()> {
        let mut weights = self.configured.weights.take().unwrap_or_else(|| {
            // No more room than they need: there may be as many again for every agent.
            let mut all = Vec::with_capacity(self.agents as usize - 1);
            let others = (0..self.agents).filter(|&other| other != self.sender.0);
            all.extend(others.map(|other| (AgentId(other), 1.0)));
            all
        });
        match weights.binary_search_by_key(&receiver, |(id, _)| *id) {
            Ok(at) => weights[at].1 = weight,
            Err(at) => weights.insert(at, (receiver, weight)),
        }
        if weights.iter().all(|(_, weight)| *weight == 0.0) {
            return Err(Error::Spec(
                "counterparty_weights must hold a weight of more than 0".into(),
            ));
        }
        // Draws follow from the weights in force, whatever they were in between.
        if !self.configured.weights_given && weights.iter().all(|(_, weight)| *weight == 1.0) {
            self.counterparties = None;
        } else {
            self.counterparties = Some(weighted(&weights));
            self.configured.weights = Some(weights);
        }
        Ok(())
    }

    /// How many transactions arrive in a tick.
    #[inline]
    pub fn count(&self, tick: Tick, ticks_per_day: u32) -> u32 {
        let parts = self.counts.len() as u64;
        let part = if parts == 1 {
            0
        } else {
            u64::from(tick % ticks_per_day) * parts / u64::from(ticks_per_day)
        };
        self.counts[part as usize].sample(&mut self.key.stream(Purpose::Count, tick, 0))
    }

    /// The arrival at a position (from 0) of a tick.
    ///
    /// # Errors
    /// [`Error::Overflow`] if the amount or the deadline drawn does not fit.
    #[inline]
    pub fn draw(&self, tick: Tick, position: u32) -> Result<Arrival> {
        let stream = |purpose| self.key.stream(purpose, tick, position);
        let receiver = match &self.counterparties {
            Some(weighted) => weighted.sample(&mut stream(Purpose::Counterparty)),
            None => {
                let other = stream(Purpose::Counterparty).below(u64::from(self.agents) - 1) as u32;
                AgentId(other + u32::from(other >= self.sender.0))
            }
        };
        let offset = match self.deadline_offset {
            DeadlineOffset::Never => None,
            DeadlineOffset::Fixed(ticks) => Some(ticks),
            DeadlineOffset::Uniform(low, high) => {
                let width = u64::from(high - low) + 1;
                Some(low + stream(Purpose::Deadline).below(width) as u32)
            }
        };
        let deadline = match offset {
            None => crate::ids::NONE,
            Some(ticks) => match tick.checked_add(ticks) {
                Some(deadline) if deadline != crate::ids::NONE => deadline,
                _ => return Err(Error::overflow("a deadline")),
            },
        };
        let priority = match &self.priorities {
            None => self.priority,
            Some(weighted) => weighted.sample(&mut stream(Purpose::Priority)),
        };
        let amount = self.amount(stream(Purpose::Amount))?;
        Ok(Arrival {
            receiver,
            amount,
            deadline,
            priority,
            divisible: self.divisible,
        })
    }

    #[inline]
    fn amount(&self, mut stream: Stream) -> Result<i64> {
        let drawn = match &self.amount {
            AmountSampler::Fixed(value) => return Ok(*value),
            AmountSampler::Uniform { low, width } => return Ok(low + stream.below(*width) as i64),
            AmountSampler::Empirical(weighted) => return Ok(weighted.sample(&mut stream)),
            AmountSampler::Normal { mean, std_dev } => {
                mean + std_dev * standard_normal(&mut stream)
            }
            AmountSampler::LogNormal { location, scale } => {
                libm::exp(location + scale * standard_normal(&mut stream))
            }
            AmountSampler::Exponential { mean } => -mean * libm::log(stream.unit()),
        };
        let amount = drawn.round_ties_even().max(1.0);
        if amount <= AMOUNT_MAX as f64 {
            Ok(amount as i64)
        } else {
            Err(Error::overflow("a drawn amount"))
        }
    }
}

fn counts(rate_per_tick: f64, profile: &[f64]) -> Vec<Poisson> {
    let means = profile.iter().map(|m| rate_per_tick * m);
    means.map(Poisson::new).collect()
}

fn weighted(weights: &[(AgentId, f64)]) -> Weighted<AgentId> {
    let (ids, weights): (Vec<_>, Vec<_>) = weights.iter().copied().unzip();
    Weighted::new(ids, &weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(amount: AmountDistribution) -> ArrivalProcess {
        ArrivalProcess::new(&spec(amount), AgentId(1), 3, StreamKey::new(11, "B"))
    }

    fn spec(amount: AmountDistribution) -> ArrivalSpec {
        ArrivalSpec {
            rate_per_tick: 1.0,
            intraday_profile: vec![1.0],
            amount,
            counterparty_weights: None,
            deadline_offset: DeadlineOffset::Uniform(2, 4),
            priority: PriorityDistribution::Fixed(5),
            divisible: true,
        }
    }

    /// The first 200 ticks: how many arrive, and the first of them.
    fn drawn(process: &ArrivalProcess) -> Vec<(u32, Arrival)> {
        (0..200)
            .map(|t| (process.count(t, 100), process.draw(t, 0).unwrap()))
            .collect()
    }

    #[test]
    fn a_changed_process_draws_as_one_so_configured() {
        let original = spec(AmountDistribution::Fixed(1));
        let new =
            |spec: &ArrivalSpec| ArrivalProcess::new(spec, AgentId(1), 3, StreamKey::new(11, "B"));
        let mut process = new(&original);
        process.set_rate_multiplier(2.5);
        process.set_deadline_offset(DeadlineOffset::Never);
        process.set_counterparty_weight(AgentId(2), 3.0).unwrap();
        let changed = ArrivalSpec {
            rate_per_tick: 2.5,
            deadline_offset: DeadlineOffset::Never,
            counterparty_weights: Some(vec![(AgentId(0), 1.0), (AgentId(2), 3.0)]),
            ..original.clone()
        };
        assert_eq!(drawn(&new(&changed)), drawn(&process));
        process.set_rate_multiplier(1.0);
        process.set_deadline_offset(original.deadline_offset);
        process.set_counterparty_weight(AgentId(2), 1.0).unwrap();
        assert_eq!(drawn(&new(&original)), drawn(&process));
    }

    #[test]
    fn a_receiver_without_a_weight_gets_one_and_the_last_cannot_lose_its_own() {
        let mut spec = spec(AmountDistribution::Fixed(1));
        spec.counterparty_weights = Some(vec![(AgentId(2), 1.0)]);
        let mut process = ArrivalProcess::new(&spec, AgentId(1), 3, StreamKey::new(11, "B"));
        process.set_counterparty_weight(AgentId(0), 1.0).unwrap();
        process.set_counterparty_weight(AgentId(2), 0.0).unwrap();
        assert!(
            drawn(&process)
                .iter()
                .all(|(_, a)| a.receiver == AgentId(0))
        );
        assert!(process.set_counterparty_weight(AgentId(0), 0.0).is_err());
    }

    fn mean_and_deviation(amount: AmountDistribution) -> (f64, f64) {
        let process = process(amount);
        let n = 40_000;
        let amounts: Vec<f64> = (0..n)
            .map(|t| process.draw(t, 0).unwrap().amount as f64)
            .collect();
        let mean = amounts.iter().sum::<f64>() / f64::from(n);
        let variance = amounts.iter().map(|a| (a - mean).powi(2)).sum::<f64>() / f64::from(n);
        (mean, variance.sqrt())
    }

    #[test]
    fn amounts_have_the_moments_that_the_scenario_states() {
        for (distribution, mean, deviation) in [
            (AmountDistribution::Fixed(70), 70.0, 0.0),
            (AmountDistribution::Uniform(1_000, 3_000), 2_000.0, 577.6),
            (
                AmountDistribution::Normal(10_000.0, 1_000.0),
                10_000.0,
                1_000.0,
            ),
            (
                AmountDistribution::LogNormal(10_000.0, 5_000.0),
                10_000.0,
                5_000.0,
            ),
            (AmountDistribution::Exponential(5_000.0), 5_000.0, 5_000.0),
            (
                AmountDistribution::Empirical(vec![100, 500], vec![3.0, 1.0]),
                200.0,
                173.2,
            ),
        ] {
            let (m, d) = mean_and_deviation(distribution.clone());
            assert!((m / mean - 1.0).abs() < 0.02, "{distribution:?}: mean {m}");
            assert!(
                (d - deviation).abs() <= 0.04 * deviation,
                "{distribution:?}: deviation {d}"
            );
        }
    }

    #[test]
    fn no_agent_pays_itself_and_every_other_agent_is_paid() {
        let process = process(AmountDistribution::Fixed(1));
        let receivers: std::collections::BTreeSet<_> = (0..200)
            .map(|t| process.draw(t, 0).unwrap().receiver.0)
            .collect();
        assert_eq!(receivers, [0, 2].into());
    }

    #[test]
    fn a_deadline_offset_covers_its_whole_range() {
        let process = process(AmountDistribution::Fixed(1));
        let offsets: std::collections::BTreeSet<_> = (0..200)
            .map(|t| process.draw(t, 0).unwrap().deadline - t)
            .collect();
        assert_eq!(offsets, [2, 3, 4].into());
    }

    #[test]
    fn the_stream_is_frozen() {
        let process = process(AmountDistribution::LogNormal(10_000.0, 5_000.0));
        let drawn: Vec<_> = (0..4)
            .map(|t| {
                let a = process.draw(t, t).unwrap();
                (process.count(t, 100), a.receiver.0, a.amount, a.deadline)
            })
            .collect();
        assert_eq!(drawn, STREAM_V1);
    }

    /// "Stream v1": these numbers never change.
    const STREAM_V1: [(u32, u32, i64, u32); 4] = [
        (2, 0, 12_010, 4),
        (0, 2, 30_179, 5),
        (1, 2, 12_916, 4),
        (0, 0, 5_908, 5),
    ];
}
