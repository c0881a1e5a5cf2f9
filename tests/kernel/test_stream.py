"""
"Stream v1": an independent drawing of arrivals, from the published algorithms alone.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Decimal
from statistics import NormalDist

from paysim import Scenario
from paysim._kernel import Kernel

MASK = 2**32 - 1
COUNT, COUNTERPARTY, AMOUNT, DEADLINE = 1, 2, 3, 4


def rotate(word: int, by: int) -> int:
    return (word << by | word >> (64 - by)) & (2**64 - 1)


def siphash(k0: int, k1: int, data: bytes) -> int:
    """
    SipHash-2-4 as Aumasson and Bernstein (2012) describe it.
    """
    v = [
        k0 ^ 0x736F6D6570736575,
        k1 ^ 0x646F72616E646F6D,
        k0 ^ 0x6C7967656E657261,
        k1 ^ 0x7465646279746573,
    ]

    def rounds(n: int) -> None:
        for _ in range(n):
            v[0] = (v[0] + v[1]) % 2**64
            v[2] = (v[2] + v[3]) % 2**64
            v[1] = rotate(v[1], 13) ^ v[0]
            v[3] = rotate(v[3], 16) ^ v[2]
            v[0] = rotate(v[0], 32)
            v[2] = (v[2] + v[1]) % 2**64
            v[0] = (v[0] + v[3]) % 2**64
            v[1] = rotate(v[1], 17) ^ v[2]
            v[3] = rotate(v[3], 21) ^ v[0]
            v[2] = rotate(v[2], 32)

    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) % 256])
    for at in range(0, len(padded), 8):
        word = int.from_bytes(padded[at : at + 8], "little")
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 0xFF
    rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def philox(counter: list[int], key: int) -> list[int]:
    """
    Philox4x32-10 as Salmon, Moraes, Dror and Shaw (2011) describe it.
    """
    k0, k1 = key & MASK, key >> 32
    c = counter
    for _ in range(10):
        one, two = c[0] * 0xD2511F53, c[2] * 0xCD9E8D57
        c = [two >> 32 ^ c[1] ^ k0, two & MASK, one >> 32 ^ c[3] ^ k1, one & MASK]
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return c


def bits(seed: int, agent: str, purpose: int, tick: int, position: int) -> int:
    key = siphash(seed, int.from_bytes(b"paysim-1", "little"), agent.encode())
    low, high, _, _ = philox([tick, position, purpose, 0], key)
    return high << 32 | low


def poisson(mean: float, word: int) -> int:
    cumulated, count, mass = Decimal(0), 0, Decimal(math.exp(-mean))
    while True:
        cumulated += mass
        if word < cumulated * 2**64:
            return count
        count += 1
        mass = mass * Decimal(mean) / count


def expected(seed: int, agents: list[str], ticks: int) -> list[tuple[int, str, str, int, int]]:
    """
    Arrivals of the scenario below: tick, sender, receiver, amount, deadline.
    """
    sigma = math.sqrt(math.log1p(0.25))
    mu = math.log(10_000) - sigma**2 / 2
    found = []
    for tick in range(ticks):
        for sender in agents:
            others = [agent for agent in agents if agent != sender]
            for position in range(poisson(0.7, bits(seed, sender, COUNT, tick, 0))):

                def draw(
                    purpose: int, sender: str = sender, tick: int = tick, position: int = position
                ) -> int:
                    return bits(seed, sender, purpose, tick, position)

                receiver = others[draw(COUNTERPARTY) * len(others) >> 64]
                unit = ((draw(AMOUNT) >> 11) + 0.5) / 2**53
                amount = math.exp(mu + sigma * NormalDist().inv_cdf(unit))
                rounded = int(Decimal(amount).quantize(Decimal(1), ROUND_HALF_EVEN))
                deadline = tick + 3 + (draw(DEADLINE) * 4 >> 64)
                found.append((tick, sender, receiver, rounded, deadline))
    return found


def test_arrivals_are_those_of_stream_v1() -> None:
    """
    Every arrival equals the one drawn by an independent implementation of stream v1.
    """
    arrivals = {
        "rate_per_tick": 0.7,
        "amount_distribution": {"type": "lognormal", "mean": 10_000, "std_dev": 5_000},
        "deadline_offset": [3, 6],
    }
    agents = ["A", "Bank B", "Ünïon"]
    scenario = Scenario.from_dict(
        {
            "ticks_per_day": 200,
            "agent_configs": [
                {"id": agent, "opening_balance": 0, "arrival_config": arrivals} for agent in agents
            ],
        }
    )
    kernel = Kernel(scenario, 2**63 + 5)
    kernel.advance(200)
    rows = kernel.transactions().to_dicts()
    keys = ("arrival_tick", "sender_id", "receiver_id", "amount", "deadline_tick")
    assert [tuple(row[key] for key in keys) for row in rows] == expected(2**63 + 5, agents, 200)
    assert len(rows) > 300
