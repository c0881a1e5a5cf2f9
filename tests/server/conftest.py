"""
What tests of the service share: settings of their own, a client in this process, a real server.
"""

from __future__ import annotations

import pytest
from served import Served
from starlette.testclient import TestClient

from paysim.server.app import create_app
from paysim.server.settings import Settings


@pytest.fixture
def settings(tmp_path):
    """
    Return settings of a data directory that is not there yet.
    """
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def client(settings):
    """
    Offer a client of an app in this process; what the app does not foresee is a reply of 500.
    """
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def scenario():
    """
    Return a scenario of ten agents that pay each other, a day of 100 ticks.
    """
    return {
        "ticks_per_day": 100,
        "num_days": 1,
        "rng_seed": 7,
        "agent_configs": [
            {
                "id": f"BANK_{i}",
                "opening_balance": 100_000,
                "credit_limit": 50_000,
                "policy": "fifo",
                "arrival_config": {
                    "rate_per_tick": 0.5,
                    "amount_distribution": {"type": "lognormal", "mean": 9, "std_dev": 1},
                    "deadline_offset": [10, 50],
                },
            }
            for i in range(10)
        ],
        "cost_rates": {"overdraft_bps_per_tick": 0.001, "delay_cost_per_tick_per_cent": 0.0001},
        "lsm_config": {"bilateral_offset_enabled": True, "cycle_detection_enabled": True},
    }


@pytest.fixture
def server(tmp_path):
    """
    Offer a server in a process of its own, on a free port, with a data directory of its own.
    """
    with Served(tmp_path / "data") as served:
        yield served
