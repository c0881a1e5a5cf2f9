//! A scenario's attrs classes as a kernel specification.

use std::collections::HashMap;
use std::sync::Arc;

use paysim_kernel::Error;
use paysim_kernel::behaviour::arrivals::{
    AmountDistribution, ArrivalSpec, DeadlineOffset, PriorityDistribution,
};
use paysim_kernel::behaviour::policies::Policy;
use paysim_kernel::costs::{CostRates, DeadlinePenalty};
use paysim_kernel::ids::AgentId;
use paysim_kernel::queue::PriorityClasses;
use paysim_kernel::rate::{Rate, parse_multiplier};
use paysim_kernel::rules::{EndOfDay, QueueDiscipline, Rules};
use paysim_kernel::scenario_events::{Change, ExtraDeadline, ExtraTransaction, ScenarioEvent};
use paysim_kernel::spec::{AgentSpec, GivenTransactions, Spec};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::plain;

type Object<'py> = Bound<'py, PyAny>;

/// Agents by id, for lookups only.
pub type Numbers = HashMap<String, AgentId>;

/// The specification of a scenario with a seed; `scripted` agents have no compiled policy.
pub fn specification(scenario: &Object<'_>, seed: u64, scripted: &[u32]) -> PyResult<Spec> {
    let configs: Vec<Object<'_>> = items(&scenario.getattr("agent_configs")?)?;
    let mut numbers = Numbers::new();
    for (ix, config) in configs.iter().enumerate() {
        numbers.insert(text(config, "id")?, AgentId(ix as u32));
    }
    let agents = configs
        .iter()
        .enumerate()
        .map(|(ix, config)| agent(config, &numbers, scripted.contains(&(ix as u32))))
        .collect::<PyResult<_>>()?;
    Ok(Spec {
        ticks_per_day: get(scenario, "ticks_per_day")?,
        seed,
        agents,
        cost_rates: cost_rates(&scenario.getattr("cost_rates")?)?,
        rules: rules(
            &scenario.getattr("rules")?,
            &scenario.getattr("lsm_config")?,
        )?,
        transactions: given(&scenario.getattr("transactions")?, &numbers)?,
        events: scenario
            .getattr("scenario_events")?
            .try_iter()?
            .map(|event| scenario_event(&event?, &numbers))
            .collect::<PyResult<_>>()?,
        events_max: None,
    })
}

pub fn get<'py, T>(object: &Object<'py>, name: &str) -> PyResult<T>
where
    T: for<'a> FromPyObject<'a, 'py, Error: Into<PyErr>>,
{
    object.getattr(name)?.extract::<T>().map_err(Into::into)
}

fn text(object: &Object<'_>, name: &str) -> PyResult<String> {
    get(object, name)
}

fn items<'py>(sequence: &Object<'py>) -> PyResult<Vec<Object<'py>>> {
    sequence.try_iter()?.collect()
}

/// A decimal of the scenario, as its text.
fn decimal(object: &Object<'_>, name: &str) -> PyResult<String> {
    Ok(object.getattr(name)?.str()?.to_string())
}

fn rate(object: &Object<'_>, name: &str) -> PyResult<Rate> {
    Rate::parse(&decimal(object, name)?).map_err(plain)
}

fn unknown(what: &str, found: &str) -> PyErr {
    plain(Error::Spec(format!(
        "{what} is unknown to the kernel (got {found})"
    )))
}

fn agent(config: &Object<'_>, numbers: &Numbers, scripted: bool) -> PyResult<AgentSpec> {
    let arrivals = config.getattr("arrival_config")?;
    Ok(AgentSpec {
        id: text(config, "id")?,
        opening_balance: get(config, "opening_balance")?,
        credit_limit: get(config, "credit_limit")?,
        liquidity_pool: get(config, "liquidity_pool")?,
        liquidity_allocation_fraction: rate(config, "liquidity_allocation_fraction")?,
        policy: if scripted {
            Policy::Scripted
        } else {
            policy(&config.getattr("policy")?)?
        },
        arrivals: if arrivals.is_none() {
            None
        } else {
            Some(arrival_spec(&arrivals, numbers)?)
        },
    })
}

fn policy(object: &Object<'_>) -> PyResult<Policy> {
    let name = text(object, "name")?;
    Ok(match name.as_str() {
        "fifo" => Policy::Fifo,
        "deadline" => Policy::Deadline {
            urgency_threshold: get(object, "urgency_threshold")?,
        },
        "liquidity_aware" => Policy::LiquidityAware {
            target_buffer: get(object, "target_buffer")?,
            urgency_threshold: get(object, "urgency_threshold")?,
        },
        "liquidity_splitting" => Policy::LiquiditySplitting {
            max_splits: get(object, "max_splits")?,
            min_split_amount: get(object, "min_split_amount")?,
        },
        "mock_splitting" => Policy::MockSplitting {
            num_splits: get(object, "num_splits")?,
        },
        _ => return Err(unknown("the policy", &name)),
    })
}

fn arrival_spec(object: &Object<'_>, numbers: &Numbers) -> PyResult<ArrivalSpec> {
    let weights = object.getattr("counterparty_weights")?;
    let offset = object.getattr("deadline_offset")?;
    let priority = object.getattr("priority")?;
    Ok(ArrivalSpec {
        rate_per_tick: get(object, "rate_per_tick")?,
        intraday_profile: get(object, "intraday_profile")?,
        amount: amount_distribution(&object.getattr("amount_distribution")?)?,
        counterparty_weights: if weights.is_none() {
            None
        } else {
            // Scenario order, so that the order of keys in a scenario changes no draw.
            let mut pairs = weights
                .cast::<PyDict>()?
                .iter()
                .map(|(id, weight)| {
                    Ok((
                        number(numbers, &id.extract::<String>()?)?,
                        weight.extract()?,
                    ))
                })
                .collect::<PyResult<Vec<(AgentId, f64)>>>()?;
            pairs.sort_unstable_by_key(|pair| pair.0);
            Some(pairs)
        },
        deadline_offset: deadline_offset(&offset)?,
        priority: if let Ok(value) = priority.extract::<u8>() {
            PriorityDistribution::Fixed(value)
        } else {
            PriorityDistribution::Weighted(
                get::<Vec<u8>>(&priority, "values")?,
                get(&priority, "weights")?,
            )
        },
        divisible: get(object, "divisible")?,
    })
}

fn deadline_offset(offset: &Object<'_>) -> PyResult<DeadlineOffset> {
    Ok(if offset.is_none() {
        DeadlineOffset::Never
    } else if let Ok(ticks) = offset.extract::<u32>() {
        DeadlineOffset::Fixed(ticks)
    } else {
        let (low, high) = offset.extract()?;
        DeadlineOffset::Uniform(low, high)
    })
}

fn amount_distribution(object: &Object<'_>) -> PyResult<AmountDistribution> {
    let name = text(object, "name")?;
    Ok(match name.as_str() {
        "fixed" => AmountDistribution::Fixed(get(object, "value")?),
        "uniform" => AmountDistribution::Uniform(get(object, "min")?, get(object, "max")?),
        "normal" => AmountDistribution::Normal(get(object, "mean")?, get(object, "std_dev")?),
        "lognormal" => AmountDistribution::LogNormal(get(object, "mean")?, get(object, "std_dev")?),
        "exponential" => AmountDistribution::Exponential(get(object, "mean")?),
        "empirical" => {
            let values: Vec<i64> = get(object, "values")?;
            let weights = get::<Option<Vec<f64>>>(object, "weights")?;
            let weights = weights.unwrap_or_else(|| vec![1.0; values.len()]);
            AmountDistribution::Empirical(values, weights)
        }
        _ => return Err(unknown("the amount distribution", &name)),
    })
}

fn cost_rates(object: &Object<'_>) -> PyResult<CostRates> {
    let by_class = object.getattr("priority_delay_multipliers")?;
    let overdue = decimal(object, "overdue_delay_multiplier")?;
    let mut delay_multipliers = [[0; 2]; 3];
    for (row, class) in delay_multipliers
        .iter_mut()
        .zip(["urgent", "high", "normal"])
    {
        let own = decimal(&by_class, class)?;
        *row = [
            parse_multiplier(&own, "1").map_err(plain)?,
            parse_multiplier(&own, &overdue).map_err(plain)?,
        ];
    }
    let applies_to = text(object, "delay_applies_to")?;
    let penalty = object.getattr("deadline_penalty")?;
    Ok(CostRates {
        overdraft_bps_per_tick: rate(object, "overdraft_bps_per_tick")?,
        delay_cost_per_tick_per_cent: rate(object, "delay_cost_per_tick_per_cent")?,
        delay_multipliers,
        delay_in_internal_queue: applies_to != "central",
        delay_in_central_queue: applies_to != "internal",
        liquidity_bps_per_tick: rate(object, "liquidity_bps_per_tick")?,
        split_friction_cost: rate(object, "split_friction_cost")?,
        deadline_penalty: if penalty.hasattr("bps")? {
            DeadlinePenalty::Bps(rate(&penalty, "bps")?)
        } else {
            DeadlinePenalty::Fixed(rate(object, "deadline_penalty")?)
        },
        eod_penalty_per_transaction: rate(object, "eod_penalty_per_transaction")?,
        eod_borrowing_bps: rate(object, "eod_borrowing_bps")?,
    })
}

fn rules(rules: &Object<'_>, mechanisms: &Object<'_>) -> PyResult<Rules> {
    let classes = rules.getattr("priority_classes")?;
    let discipline = text(rules, "queue_discipline")?;
    let end_of_day = text(rules, "end_of_day")?;
    Ok(Rules {
        queue_discipline: match discipline.as_str() {
            "fifo_bypass" => QueueDiscipline::FifoBypass,
            "strict_fifo" => QueueDiscipline::StrictFifo,
            _ => return Err(unknown("the queue discipline", &discipline)),
        },
        deferred_crediting: get(rules, "deferred_crediting")?,
        end_of_day: match end_of_day.as_str() {
            "carry_over" => EndOfDay::CarryOver,
            "cancel" => EndOfDay::Cancel,
            "settle_on_credit" => EndOfDay::SettleOnCredit,
            _ => return Err(unknown("the end-of-day rule", &end_of_day)),
        },
        priority_classes: PriorityClasses {
            urgent: get(&classes, "urgent")?,
            high: get(&classes, "high")?,
        },
        bilateral_offsetting: get(mechanisms, "bilateral_offsetting")?,
        cycles: get(mechanisms, "cycles")?,
        max_cycle_length: get(mechanisms, "max_cycle_length")?,
        max_rings_per_tick: get(mechanisms, "max_rings_per_tick")?,
        gridlock_resolution: get(mechanisms, "gridlock_resolution")?,
    })
}

/// The given transactions of a scenario: columns, or a tuple of objects.
fn given(transactions: &Object<'_>, numbers: &Numbers) -> PyResult<GivenTransactions> {
    let given = match transactions.cast::<crate::given::GivenTransactions>() {
        Ok(columns) => columns.get().0.clone(),
        Err(_) => Arc::new(crate::given::rows(transactions)?),
    };
    let agents = given
        .names
        .iter()
        .map(|name| number(numbers, name))
        .collect::<PyResult<Vec<AgentId>>>()?;
    let parties = |column: &[u32]| column.iter().map(|&n| agents[n as usize]).collect();
    Ok(GivenTransactions {
        ids: given.ids.clone(),
        senders: parties(&given.senders),
        receivers: parties(&given.receivers),
        amounts: given.amounts.clone(),
        arrival_ticks: given.arrival_ticks.clone(),
        deadline_ticks: given.deadline_ticks.clone(),
        priorities: given.priorities.clone(),
        divisible: given.divisible.clone(),
    })
}

fn number(numbers: &Numbers, id: &str) -> PyResult<AgentId> {
    numbers
        .get(id)
        .copied()
        .ok_or_else(|| unknown("an agent", id))
}

/// A scenario event; agents as numbers.
pub fn scenario_event(object: &Object<'_>, numbers: &Numbers) -> PyResult<ScenarioEvent> {
    let agent = |key: &str| number(numbers, &text(object, key)?);
    let agent_or_all = || -> PyResult<Option<AgentId>> {
        let id = get::<Option<String>>(object, "agent_id")?;
        id.map(|id| number(numbers, &id)).transpose()
    };
    let name = text(object, "name")?;
    let change = match name.as_str() {
        "liquidity_injection" => {
            Change::InjectLiquidity(agent("agent_id")?, get(object, "amount")?)
        }
        "liquidity_drain" => Change::DrainLiquidity(agent("agent_id")?, get(object, "amount")?),
        "credit_limit_change" => Change::SetCreditLimit(agent("agent_id")?, get(object, "amount")?),
        "direct_transfer" => Change::Transfer(
            agent("sender_id")?,
            agent("receiver_id")?,
            get(object, "amount")?,
        ),
        "extra_transaction" => Change::Arrive(extra_transaction(object, numbers)?),
        "arrival_rate_change" => {
            Change::SetArrivalRate(agent_or_all()?, get(object, "multiplier")?)
        }
        "counterparty_weight_change" => Change::SetCounterpartyWeight(
            agent("agent_id")?,
            agent("counterparty_id")?,
            get(object, "weight")?,
        ),
        "deadline_offset_change" => Change::SetDeadlineOffset(
            agent_or_all()?,
            deadline_offset(&object.getattr("deadline_offset")?)?,
        ),
        "outage" => Change::BeginOutage(agent("agent_id")?),
        "outage_end" => Change::EndOutage(agent("agent_id")?),
        "halt" => Change::Halt,
        "resume" => Change::Resume,
        _ => return Err(unknown("the scenario event", &name)),
    };
    Ok(ScenarioEvent {
        tick: get(object, "tick")?,
        every_ticks: get(object, "every_ticks")?,
        until_tick: get(object, "until_tick")?,
        change,
    })
}

fn extra_transaction(object: &Object<'_>, numbers: &Numbers) -> PyResult<ExtraTransaction> {
    let agent = |key: &str| number(numbers, &text(object, key)?);
    let deadline = match (
        get::<Option<u32>>(object, "deadline_tick")?,
        get::<Option<u32>>(object, "deadline_offset")?,
    ) {
        (Some(tick), _) => ExtraDeadline::At(tick),
        (None, Some(ticks)) => ExtraDeadline::After(ticks),
        (None, None) => ExtraDeadline::Never,
    };
    Ok(ExtraTransaction {
        id: text(object, "id")?,
        sender: agent("sender_id")?,
        receiver: agent("receiver_id")?,
        amount: get(object, "amount")?,
        deadline,
        priority: get(object, "priority")?,
        divisible: get(object, "divisible")?,
    })
}
