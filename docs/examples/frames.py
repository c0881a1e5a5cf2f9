"""
The tables of a run as Polars data frames: how long transactions wait, by class of amount.
"""

import polars as pl

import paysim

results = paysim.run(paysim.load_scenario("scenarios/busy_day.yaml"))
transactions = results.to_polars()["transactions"]
waits = (
    transactions.filter(pl.col("settled_tick").is_not_null())
    .with_columns(
        wait=pl.col("settled_tick") - pl.col("arrival_tick"),
        size=pl.when(pl.col("amount") < 100_000).then(pl.lit("small")).otherwise(pl.lit("large")),
    )
    .group_by("size")
    .agg(volume=pl.len(), mean_wait=pl.col("wait").mean().round(2))
    .sort("size")
)
for row in waits.iter_rows():
    print(*row)
