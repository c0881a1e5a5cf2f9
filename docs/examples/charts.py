"""
Charts of a run for a paper, one of them restyled, and one of many runs.
"""

import tempfile
from pathlib import Path

import paysim
from paysim import plotting

scenario = paysim.load_scenario("scenarios/busy_day.yaml")
results = paysim.run(scenario)

with tempfile.TemporaryDirectory() as folder:
    # Every chart of a run, for a paper.
    for kind in plotting.CHARTS:
        plotting.save(kind.function(results), Path(folder) / f"{kind.name}.pdf")

    # One of them lower, with a title of its own and other fonts.
    style = plotting.config() | {"font": "Georgia, serif"}
    chart = plotting.throughput(results).properties(title="A busy day", height=200)
    chart = chart.configure(**style)
    plotting.save(chart, Path(folder) / "throughput.svg")

    # The same day under three rules, with three seeds each.
    variants = {
        "neither": {"bilateral_offsetting": False, "cycles": False},
        "offsetting": {"bilateral_offsetting": True, "cycles": False},
        "both": {"bilateral_offsetting": True, "cycles": True},
    }
    runs = {}
    for name, rules in variants.items():
        changed = paysim.Scenario.from_dict(scenario.to_dict() | {"lsm_config": rules})
        runs[name] = [paysim.run(changed, seed=seed) for seed in (1, 2, 3)]
    chart = plotting.trade_off(runs)
    plotting.save(chart, Path(folder) / "trade_off.html")

    print(*sorted(path.name for path in Path(folder).iterdir()), sep="\n")
