"""
Files of one's own on the command line: from payments under other headers to a summary.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from record import ROOT

import paysim
from paysim.cli import main

OWN = ROOT / "docs" / "examples" / "own_payments"

MAPPING = """\
map: {sender_id: Auftraggeber, receiver_id: Empfänger, amount: Betrag, arrival_time: Zeitpunkt}
decimals: 2
decimal_comma: true
dates: dmy
open: "07:00"
close: "18:00"
tick: 30s
agents: {map: {id: Bank, opening_balance: Saldo, credit_limit: Linie}}
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """
    Work in a directory that holds a day of 800 payments under German headers, and return it.
    """
    monkeypatch.chdir(tmp_path)
    draw = random.Random(3)
    lines = ["\ufeffAuftraggeber;Betrag;Empfänger;Zweck;Zeitpunkt"]
    for _ in range(800):
        sender, receiver = draw.sample(["NORD", "SUED", "OST", "WEST"], 2)
        second = draw.randrange(7 * 3600, 18 * 3600)
        time = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
        cents = draw.randrange(1, 5_000_000)
        amount = f"{cents // 100},{cents % 100:02}"
        lines.append(f'{sender};{amount};{receiver};"Miete; Rest";02.03.2026 {time}')
    Path("payments.csv").write_text("\r\n".join(lines) + "\r\n", encoding="utf-8")
    banks = "".join(f"{bank};DE;100000,00;0,5\n" for bank in ("NORD", "SUED", "OST", "WEST"))
    Path("banks.csv").write_text("Bank;Land;Saldo;Linie\n" + banks)
    Path("mapping.yaml").write_text(MAPPING)
    return tmp_path


FILES = ["--transactions", "payments.csv", "--agents", "banks.csv", "--mapping", "mapping.yaml"]


def change(file, *replacements):
    """
    Replace texts in a file, each once.
    """
    path = Path(file)
    text = path.read_text(encoding="utf-8")
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8", newline="")


def rows():
    """
    Return the payments as the file says them, read the plain way.
    """
    for line in Path("payments.csv").read_text(encoding="utf-8-sig").splitlines()[1:]:
        sender, amount, receiver, *_, moment = line.split(";")
        hours, minutes, seconds = (int(part) for part in moment.split()[1].split(":"))
        tick = ((hours - 7) * 3600 + minutes * 60 + seconds) // 30
        yield sender, receiver, int(amount.replace(",", "")), tick


def test_three_commands(here, capsys):
    """
    From 800 payments under other headers to results takes one mapping and three commands, and the
    results are those of the scenario that says the same in ticks and cents.
    """
    assert main(["validate", *FILES]) == 0
    out, err = capsys.readouterr()
    assert out == "payments.csv: ok (4 agents, 800 given transactions, 1 day of 1320 ticks)\n"
    assert err == "banks.csv: columns not read: Land\npayments.csv: columns not read: Zweck\n"
    assert main(["run", *FILES]) == 0
    assert capsys.readouterr().out.startswith("payments.csv\n\nRules ")
    Path("rules.yaml").write_text("rules: {end_of_day: settle_on_credit}\nrng_seed: 5\n")
    assert main(["run", "rules.yaml", *FILES, "--out", "results", "--quiet"]) == 0
    assert capsys.readouterr() == ("", err)
    assert main(["validate", "rules.yaml", *FILES]) == 0
    assert capsys.readouterr().out.startswith("rules.yaml: ok (4 agents, 800 given ")

    same = paysim.Scenario.from_dict(
        {
            "ticks_per_day": 1320,
            "rng_seed": 5,
            "rules": {"end_of_day": "settle_on_credit"},
            "agent_configs": [
                {"id": bank, "opening_balance": 10_000_000, "credit_limit": 50}
                for bank in ("NORD", "SUED", "OST", "WEST")
            ],
            "transactions": [
                {"sender_id": s, "receiver_id": r, "amount": amount, "arrival_tick": tick}
                for s, r, amount, tick in rows()
            ],
        }
    )
    paysim.run(same).write_events("events.jsonl")
    assert Path("events.jsonl").read_bytes() == Path("results/events.jsonl").read_bytes()


def test_run_again(here):
    """
    A run is repeated from its directory, without the files that it was made from.
    """
    assert main(["run", *FILES, "--out", "first", "--quiet", "--seed", "9"]) == 0
    Path("payments.csv").unlink()
    assert main(["run", "first/scenario.json", "--out", "second", "--quiet"]) == 0
    for name in ("events.jsonl", "payments.csv", "scenario.json"):
        assert (here / "first" / name).read_bytes() == (here / "second" / name).read_bytes()
    assert main(["run", "first/scenario.json", "--out", "first", "--quiet"]) == 0


def test_every_mistake(here, capsys):
    """
    Every mistake in the files and the scenario is told with its line, and nothing runs.
    """
    lines = Path("payments.csv").read_text(encoding="utf-8").splitlines()
    for at, old, new in (
        (1, lines[1].split(";")[0], "NOORD"),
        (400, ";02.03.2026", ";2026-03-02"),
        (800, ",", "."),
    ):
        lines[at] = lines[at].replace(old, new, 1)
    lines.append("NORD;1,00;SUED")
    Path("payments.csv").write_text("\n".join(lines), encoding="utf-8")
    change(
        "banks.csv",
        ("SUED;DE;100000,00", "SUED;DE;100000,001"),
        ("WEST;DE;", "X/1;DE;1,00;\nWEST;DE;"),
    )
    Path("rules.yaml").write_text("rules: {end_of_day: forget}\n")
    assert main(["run", "rules.yaml", *FILES, "--out", "results"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    for told in (
        "rules.yaml:1:21  rules.end_of_day  must be ",
        "payments.csv:2:1  sender_id (Auftraggeber)  must be the id of an agent (got 'NOORD')",
        "payments.csv:401:",
        "  arrival_time (Zeitpunkt)  must be a date and a time like 22.11.2026 08:30:00",
        "payments.csv:801:",
        "  amount (Betrag)  must be an amount",
        "payments.csv:802:1  must have 5 cells, as the header has (got 3)",
        "banks.csv:3:9  opening_balance (Saldo)  must have at most 2 decimal places (got '100000,0",
        "banks.csv:5:1  id (Bank)  must not look like the id of a part, X/1 (got 'X/1')",
    ):
        assert told in err
    assert "ticks_per_day" not in err
    assert not Path("results").exists()


def test_outside_hours(here, capsys):
    """
    A payment out of hours is an error unless its fate is given, and then it is counted aloud.
    """
    change("payments.csv", ("02.03.2026 0", "02.03.2026 06:59:59;0"))
    text = Path("payments.csv").read_text(encoding="utf-8")
    Path("payments.csv").write_text(text.replace("06:59:59;0", "06:59:59\n", 1).split("\n", 1)[0])
    body = text.splitlines()
    Path("payments.csv").write_text(
        "\n".join([body[0], "NORD;1,00;SUED;x;02.03.2026 06:59:59", body[-1]]), encoding="utf-8"
    )
    assert main(["run", *FILES]) == 2
    assert "payments.csv:2:18  arrival_time (Zeitpunkt)  must be within" in capsys.readouterr().err
    for fate, told in (
        ("drop", "payments.csv: 1 row outside the opening hours, left out\n"),
        ("next-open", "payments.csv: 1 row outside the opening hours, moved to the next opening\n"),
    ):
        assert main(["run", *FILES, "--outside-hours", fate, "--quiet"]) == 0
        assert capsys.readouterr().err.startswith(told)
    assert main(["run", *FILES, "--outside-hours", "drop", "--json"]) == 0
    totals = json.loads(capsys.readouterr().out)
    assert totals["scenario"] == "payments.csv"
    assert totals["arrivals"]["volume"] == 1


def test_options_alone(here, capsys):
    """
    Options say all that a mapping can, without one.
    """
    change("mapping.yaml", (MAPPING, ""))
    options = [
        *("--map", "sender_id=Auftraggeber", "--map", "receiver_id=Empfänger"),
        *("--map", "amount=Betrag", "--map", "arrival_time=Zeitpunkt"),
        *("--map-agent", "id=Bank", "--map-agent", "balance=Saldo"),
        *("--decimals", "2", "--decimal-comma", "--delimiter", ";", "--dates", "dmy"),
        *("--open", "07:00", "--close", "18:00", "--tick", "30s", "--num-days", "2"),
    ]
    assert main(["validate", *FILES[:4], *options]) == 0
    out = capsys.readouterr().out
    assert out == "payments.csv: ok (4 agents, 800 given transactions, 2 days of 1320 ticks)\n"


def test_over_midnight(here, capsys):
    """
    A close before the open is that of the next date, and dates become days without gaps.
    """
    Path("payments.csv").write_text(
        "sender_id\treceiver_id\tamount\tarrival_date\tarrival_time\tdeadline_time\n"
        "NORD\tSUED\t5\t2026-03-06\t22:00:00\t2026-03-07T01:30\n"
        "SUED\tNORD\t6\t2026-03-07\t01:59:59.9\t\n"
        "OST\tWEST\t7\t2026-03-09\t23:00\t2026-03-10T12:00\n"
    )
    change("banks.csv", ("Bank", "id"), ("Saldo", "balance"))
    options = ["--open", "22:00", "--close", "02:00", "--tick", "30min", "--delimiter", "tab"]
    assert main(["run", *FILES[:4], *options, "--decimals", "2", "--out", "results", "-q"]) == 2
    assert "banks.csv:2:9  balance  must be an amount" in capsys.readouterr().err
    Path("banks.csv").write_text("id,balance\nNORD,9\nSUED,9\nOST,9\nWEST,9\n")
    assert main(["run", *FILES[:4], *options, "--decimals", "2", "--out", "results", "-q"]) == 0
    assert Path("results/payments.csv").read_text() == (
        "id,sender_id,receiver_id,amount,arrival_tick,deadline_tick,priority,divisible\n"
        "row-1,NORD,SUED,500,0,7,5,true\n"
        "row-2,SUED,NORD,600,7,,5,true\n"
        "row-3,OST,WEST,700,10,15,5,true\n"
    )


def test_parquet(here, capsys):
    """
    Transactions may come from Parquet, with the same mapping, and run the same.
    """
    polars = pytest.importorskip("polars")
    table = polars.read_csv("payments.csv", separator=";", infer_schema=False)
    amounts = polars.col("Betrag").str.replace(",", ".").cast(polars.Decimal(20, 2))
    moments = polars.col("Zeitpunkt").str.to_datetime("%d.%m.%Y %H:%M:%S")
    table.with_columns(amounts, moments).write_parquet("payments.parquet")
    assert main(["run", *FILES, "--out", "csv", "-q"]) == 0
    options = ["--transactions", "payments.parquet", *FILES[2:]]
    assert main(["run", *options, "--out", "parquet", "-q"]) == 0
    for name in ("events.jsonl", "payments.csv", "scenario.json"):
        assert Path("csv", name).read_bytes() == Path("parquet", name).read_bytes()


def test_precedence(here, capsys):
    """
    An option wins over the scenario, and that over the mapping; a map is put together by keys.
    """
    Path("day.yaml").write_text(
        "transactions: {file: other.csv, mapping: mapping.yaml, tick: 1min, "
        "map: {id: Zweck, amount: Betrag}}\n"
        "agent_configs: {file: banks.csv, mapping: mapping.yaml}\n"
    )
    change("mapping.yaml", ("amount: Betrag", "amount: Nichts"))
    assert main(["validate", "day.yaml", "--transactions", "payments.csv"]) == 2
    # The scenario's map holds, and Zweck is no unique name.
    assert "payments.csv:3:" in (err := capsys.readouterr().err)
    assert "  id (Zweck)  must be unique" in err
    done = ["validate", "day.yaml", "--transactions", "payments.csv", "--map", "id="]
    assert main(done) == 0
    assert "of 660 ticks" in capsys.readouterr().out
    assert main([*done, "--tick", "10s"]) == 0
    assert "of 3960 ticks" in capsys.readouterr().out


def test_many_columns(here, capsys):
    """
    Of many columns that are not read only the first are named.
    """
    wide = ",".join(f"c{i}" for i in range(4000))
    Path("wide.csv").write_text(f"id,balance,{wide}\nA,1{',' * 4000}\nB,1{',' * 4000}\n")
    Path("p.csv").write_text("sender_id,receiver_id,amount,arrival_tick\nA,B,1,0\n")
    main(["run", "--transactions", "p.csv", "--agents", "wide.csv", "--ticks-per-day", "10"])
    told = capsys.readouterr().err
    assert "wide.csv: columns not read: c0, c1," in told
    assert "c11 and 3,988 more\n" in told


def test_names_of_files(here, capsys):
    """
    A file that a scenario names is beside it, and one that an option names is where one works.
    """
    Path("sub").mkdir()
    for name in ("payments.csv", "mapping.yaml"):
        Path(name).rename(f"sub/{name}")
    Path("sub/day.yaml").write_text(
        "transactions: {file: payments.csv, mapping: mapping.yaml}\nagent_configs: none.csv\n"
    )
    options = ["--agents", "banks.csv", "--mapping", "sub/mapping.yaml"]
    assert main(["validate", "sub/day.yaml", *options]) == 0
    assert main(["validate", "--scenario", "sub/day.yaml", *options]) == 0
    capsys.readouterr()
    assert main(["validate", "sub/day.yaml"]) == 2
    told = "agent_configs  cannot be read: no such file or directory (got 'sub/none.csv')\n"
    assert capsys.readouterr().err.replace("\\", "/") == f"sub/day.yaml:2:16  {told}"


def test_ticks(here, capsys):
    """
    A file in ticks and minor units needs no mapping, only the ticks of a day.
    """
    Path("payments.csv").write_text(
        "sender_id,receiver_id,amount,arrival_tick\nA,B,70,0\nB,A,50,15\n"
    )
    Path("agents.csv").write_text("id,opening_balance,policy\nA,100,fifo\nB,100,deadline\n")
    files = ["--transactions", "payments.csv", "--agents", "agents.csv"]
    assert main(["run", *files]) == 2
    assert capsys.readouterr().err == (
        "error: ticks_per_day  is missing; "
        "give --ticks-per-day N, or --open, --close and --tick if the file has times\n"
    )
    assert main(["validate", *files, "--ticks-per-day", "10"]) == 0
    out = capsys.readouterr().out
    assert out == "payments.csv: ok (2 agents, 2 given transactions, 2 days of 10 ticks)\n"
    assert main(["validate", *files, "--ticks-per-day", "10", "--num-days", "1"]) == 2
    assert "payments.csv:3:8  arrival_tick  must be before the end " in capsys.readouterr().err
    assert main(["validate", *files[:2], "--ticks-per-day", "10"]) == 2
    told = "agent_configs  is missing; give --agents FILE or a scenario that has them\n"
    assert capsys.readouterr().err == told


def test_inputs_are_kept(here, capsys):
    """
    Results are not written over the files that were read.
    """
    Path("banks.csv").rename("agents.csv")
    files = ["--transactions", "payments.csv", "--agents", "agents.csv", *FILES[4:]]
    before = {path: path.read_bytes() for path in here.iterdir()}
    assert main(["run", *files, "--out", "."]) == 2
    assert " would be overwritten: name another directory\n" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in here.iterdir()} == before
    Path("other").mkdir()
    Path("agents.csv").rename("other/agents.csv")
    files[3] = "other/agents.csv"
    assert main(["run", *files, "--out", "."]) == 2
    assert "error: 'payments.csv' was read, and would be overwritten" in capsys.readouterr().err
    assert main(["run", *files, "--out", "other/results", "-q"]) == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run"], "give a SCENARIO, or --transactions FILE and --agents FILE"),
        (["run", "--agents", "banks.csv"], "give a SCENARIO, or --transactions FILE and"),
        (["run", "a.yaml", "--scenario", "b.yaml"], "SCENARIO and --scenario are the same"),
        (["run", *FILES, "--map", "amount"], "'amount' must be KEY=HEADER"),
        (["run", *FILES, "--map", "=Betrag"], "'=Betrag' must be KEY=HEADER"),
        (["run", *FILES, "--map", "amout=Betrag"], "transactions.map.amout  unknown key; did you "),
        (["run", *FILES, "--map-agent", "limit=Linie"], "agent_configs.map.limit  unknown key"),
        (["run", *FILES, "--decimals", "x"], "'x' is not a valid integer"),
        (["run", *FILES, "--decimals", "10"], "transactions.decimals  must be at most 9 (got 10)"),
        (["run", *FILES, "--delimiter", "x"], "'x' must be , ; | or tab"),
        (["run", *FILES, "--dates", "mdx"], "'mdx' is not one of 'ymd', 'dmy', 'mdy'"),
        (["run", *FILES, "--tick", "7min"], "transactions.tick  must divide the opening hours"),
        (["run", *FILES, "--open", "7"], "transactions.open  must be a time of the day like 08:00"),
        (
            ["run", *FILES, "--ticks-per-day", "600"],
            "ticks_per_day  must be 1320, the ticks of 30s",
        ),
        (["run", *FILES[:5], "none.yaml"], "none.yaml  cannot be read: no such file"),
        (["validate"], "give a scenario FILE, or --transactions FILE and --agents FILE"),
        (["validate", "a.yaml", "b.yaml", *FILES], "options go with one scenario FILE"),
        (["validate", "-", *FILES], "options go with one scenario FILE, and not with standard in"),
    ],
    ids=lambda value: " ".join(value[:1] + value[-2:]) if isinstance(value, list) else None,
)
def test_bad_options(arguments, told, here, capsys):
    """
    An option that cannot be used is told in one line that names it or its key, with code 2.
    """
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err
    assert err.count(told) == 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--decimals", "2"], "--decimals needs a file to read"),
        (["--open", "08:00", "--tick", "1s"], "--open, --tick needs a file of transactions"),
        (["--map", "id=Ref"], "--map needs a file of transactions"),
        (["--map-agent", "id=Ref"], "--map-agent needs a file of agents"),
    ],
)
def test_options_without_files(options, told, capsys):
    """
    An option that says how a file is read is refused where none is read.
    """
    assert main(["run", str(ROOT / "scenarios" / "two_banks.yaml"), *options]) == 2
    assert told in capsys.readouterr().err


def test_agents_in_place_of_those_of_a_scenario(here, capsys):
    """
    With --agents the agents of the file replace those of the scenario.
    """
    Path("agents.csv").write_text("id,balance\nALPHA,1\nBETA,200000\nGAMMA,3\n")
    scenario = str(ROOT / "scenarios" / "two_banks.yaml")
    assert main(["validate", scenario, "--agents", "agents.csv"]) == 0
    assert ": ok (3 agents, 2 given transactions, 1 day of 60 ticks)" in capsys.readouterr().out


def test_a_mistake_in_a_mapping_is_told_once(here, capsys):
    """
    A mapping that both files are read by is found wrong once, at its own line.
    """
    change("mapping.yaml", ("decimals: 2", "decimls: 2"), ("opening_balance", "opening_blance"))
    assert main(["validate", *FILES]) == 2
    err = capsys.readouterr().err
    assert err.count("mapping.yaml:2:1  decimls  unknown key; did you mean decimals?\n") == 1
    change("mapping.yaml", ("decimls", "decimals"))
    assert main(["validate", *FILES]) == 2
    place = (
        "mapping.yaml:8:26  agents.map.opening_blance  unknown key; did you mean opening_balance"
    )
    assert place in capsys.readouterr().err


def test_examples_of_the_guide(capsys):
    """
    The mapping of the guide reads what it says: days, ticks and cents.
    """
    loaded = paysim.load_transactions(
        OWN / "payments.csv", mapping=OWN / "mapping.yaml", outside_hours="drop"
    )
    first, *_, last = loaded.transactions.table().to_dicts()
    assert (loaded.ticks_per_day, loaded.num_days, loaded.dropped) == (660, 2, 1)
    assert loaded.days == ("2026-03-02", "2026-03-03")
    assert (first["id"], first["amount"], first["arrival_tick"]) == ("A-001", 12_000_000, 0)
    assert (last["id"], last["amount"], last["arrival_tick"]) == ("A-009", 7_000_000, 780)
