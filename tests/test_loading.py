"""
Scenario files: what YAML and JSON mean, and where an error says it is.
"""

from __future__ import annotations

import json
import os
import time

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import scenarios

from paysim.errors import ScenarioError
from paysim.loading import load_scenario, loads_scenario
from paysim.scenario import Fixed, Scenario

TEXT = """\
# Who pays first?
ticks_per_day: 10
agent_configs:
  - {id: A, balance: 100}
  - id: B
    opening_balance: 50
    policy: deadline
    urgency_threshold: 3
transactions:
  - {sender_id: A, receiver_id: B, amount: 5, arrival_tick: 0}
"""


def told(text, name="day.yaml"):
    """
    Return the lines of the error that a text leads to.
    """
    with pytest.raises(ScenarioError) as caught:
        loads_scenario(text, name)
    return str(caught.value).splitlines()


def amount(word):
    """
    Return what the amount of a transaction in YAML is read as, or the error that it leads to.
    """
    try:
        scenario = loads_scenario(TEXT.replace("amount: 5", f"amount: {word}"))
    except ScenarioError as error:
        return str(error).split("  ", 2)[2]
    return scenario.transactions[0].amount


def test_pipes(tmp_path):
    """
    A scenario may come from a pipe, and the files that it names may not; a device is none at all.
    """
    read, write = os.pipe()
    os.write(write, TEXT.encode())
    os.close(write)
    assert load_scenario(f"/dev/fd/{read}") == loads_scenario(TEXT)
    os.close(read)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "day.yaml").write_text("ticks_per_day: 10\nagent_configs: pipe\n")
    for path in (tmp_path / "day.yaml", "/dev/zero"):
        with pytest.raises(ScenarioError, match="cannot be read: it is not a file"):
            load_scenario(path)


def test_yaml_and_json():
    """
    The same scenario in YAML and JSON is the same scenario.
    """
    scenario = loads_scenario(TEXT)
    text = json.dumps(scenario.to_dict())
    assert scenario == loads_scenario(text, "day.json") == loads_scenario(text)
    assert scenario == loads_scenario(json.dumps(scenario.to_dict(), indent="\t"), "day.json")
    assert scenario == loads_scenario(yaml.safe_dump(scenario.to_dict()))
    assert scenario == loads_scenario(TEXT.encode())
    assert scenario == loads_scenario(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())


def test_files(tmp_path):
    """
    A scenario is loaded by its path, as text or as a path object.
    """
    path = tmp_path / "day.yaml"
    path.write_text(TEXT)
    assert load_scenario(path) == load_scenario(str(path)) == loads_scenario(TEXT)
    (tmp_path / "day.JSON").write_text(json.dumps(load_scenario(path).to_dict()))
    assert load_scenario(tmp_path / "day.JSON") == load_scenario(path)


def test_unreadable_files(tmp_path):
    """
    A file that is not there, a directory and a path that is none are ScenarioErrors.
    """
    with pytest.raises(ScenarioError, match=r"day\.yaml  cannot be read: no such file"):
        load_scenario(tmp_path / "day.yaml")
    with pytest.raises(ScenarioError, match="cannot be read: is a directory"):
        load_scenario(tmp_path)
    with pytest.raises(ScenarioError, match=r"a\\x00b  cannot be read: embedded null"):
        load_scenario("a\0b")
    with pytest.raises(ScenarioError, match=r"path must be text or os.PathLike \(got 5\)"):
        load_scenario(5)
    with pytest.raises(ScenarioError, match=r"text must be str or bytes \(got None\)"):
        loads_scenario(None)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("12", 12),
        ("+12", 12),
        ("0123", 123),
        ("0o17", 15),
        ("0x1F", 31),
        ("1.5", "must be int (got 1.5)"),
        ("1.5e6", "must be int (got 1500000.0)"),
        ("1e3", "must be int (got 1000.0)"),
        (".inf", "must be int (got inf)"),
        ("-.INF", "must be int (got -inf)"),
        (".nan", "must be int (got nan)"),
        ("18:00", "must be int (got '18:00')"),
        ("NO", "must be int (got 'NO')"),
        ("on", "must be int (got 'on')"),
        ("true", "must be int (got True)"),
        ("FALSE", "must be int (got False)"),
        ("~", "must be int (got None)"),
        ("", "must be int (got None)"),
        ("2024-01-01", "must be int (got '2024-01-01')"),
        ("0b1", "must be int (got '0b1')"),
        (
            "'12'",
            "must be int (got '12'); write it as a plain number, without quotes or separators",
        ),
        ("!!str 12", "must be int (got '12'); write it as a plain number, without quotes or "),
    ],
)
def test_core_schema(word, expected):
    """
    Words mean what they mean by the core schema of YAML 1.2.
    """
    if isinstance(expected, int):
        assert expected == amount(word)
    else:
        assert amount(word).startswith(expected)


def test_ids_that_look_like_words():
    """
    `NO` is an id in YAML as it stands; a number must be put in quotes.
    """
    assert loads_scenario(TEXT.replace("B", "NO")).agent_configs[1].id == "NO"
    quoted = TEXT.replace("id: B", "id: '07'").replace("receiver_id: B", "receiver_id: '07'")
    assert loads_scenario(quoted).agent_configs[1].id == "07"
    assert told(TEXT.replace("id: B", "id: 07")) == [
        "day.yaml:5:9  agent_configs[1].id  must be text (got 7); put it in quotes",
        "day.yaml:10:33  transactions[0].receiver_id  must be text (got 7); put it in quotes",
    ]


def test_places():
    """
    Every error stands at its value, an unknown key at the key, a missing one at its mapping.
    """
    text = (
        TEXT.replace("balance: 100", "balance: 1.5, credit: 3")
        .replace("    opening_balance: 50\n", "")
        .replace("threshold: 3", "threshold:\n      - 3")
        .replace("amount: 5", "amount: 0")
    )
    assert told(text) == [
        "day.yaml:4:22  agent_configs[0].balance  must be int (got 1.5)",
        "day.yaml:4:27  agent_configs[0].credit  unknown key; did you mean credit_limit?",
        "day.yaml:5:5  agent_configs[1].opening_balance  is missing",
        "day.yaml:8:7  agent_configs[1].urgency_threshold  must be int (got a list of 1)",
        "day.yaml:10:44  transactions[0].amount  must be at least 1 (got 0)",
    ]


def test_places_in_json():
    """
    Places in JSON are as exact as in YAML, also after text outside ASCII.
    """
    text = """{"ticks_per_day": 10, "rules": {},
  "agent_configs": [
    {"id": "Ä\\u00e4\\ud83d\\ude00ä", "balance": 1.5},
    {"id": "B", "balance": 2, "crdit_limit": [[1], {"a": {}}],
     "policy": {"type" : "fito"}}]
}"""
    expected = [
        "3:47  agent_configs[0].balance  must be int (got 1.5)",
        "4:31  agent_configs[1].crdit_limit  unknown key; did you mean credit_limit?",
        "5:26  agent_configs[1].policy.type  must be fifo, deadline, liquidity_aware, "
        "liquidity_splitting or mock_splitting (got 'fito'); did you mean fifo?",
    ]
    assert told(text, "day.json") == [f"day.json:{line}" for line in expected]


def test_keys_given_twice():
    """
    A key that stands twice in a mapping is an error at its second place, beside all others.
    """
    assert told(TEXT + "ticks_per_day: 11\nnum_days: 0\n") == [
        "day.yaml:11:1  ticks_per_day  key is given twice",
        "day.yaml:12:11  num_days  must be at least 1 (got 0)",
    ]
    assert told(TEXT.replace("amount: 5", "amount: 5, amount: 5")) == [
        "day.yaml:10:47  transactions[0].amount  key is given twice"
    ]
    text = json.dumps(loads_scenario(TEXT).to_dict())
    text = text.replace('"credit_limit": 0', '"credit_limit": 0,\n"credit_limit": 0')
    assert told(text, "day.json") == [
        "day.json:2:1  agent_configs[0].credit_limit  key is given twice",
        "day.json:3:1  agent_configs[1].credit_limit  key is given twice",
    ]
    assert told("{" + '"a": 1, ' * 1_000 + '"b": 1}', "day.json")[0].startswith("day.json:1:1")
    text = '{"rules": {}, "rules": [], "rules": {"x": 1}}'
    (line,) = (line for line in told(text, "day.json") if "rules.x" in line)
    assert line.startswith("day.json:1:24  rules.x  unknown key; the keys here are ")
    assert len(told("{" + "a: 1, " * 1_000 + "b: 1}")) == 101


def test_aliases():
    """
    An alias stands for the value of its anchor; its errors are told at the anchor.
    """
    text = TEXT.replace("balance: 100", "balance: &many 100").replace(
        "balance: 50", "balance: *many"
    )
    assert loads_scenario(text).agent_configs[1].opening_balance == 100
    text = TEXT + "rules: &same {end_of_day: cancel}\ncost_rates: *same\n"
    (line,) = told(text)
    assert line.startswith("day.yaml:11:15  cost_rates.end_of_day  unknown key; the keys here are ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "day.yaml:1:1  must hold a scenario, and is empty"),
        ("# a\n", "day.yaml:1:1  must hold a scenario, and is empty"),
        ("a: [1,\n}", "day.yaml:2:1  must be valid YAML: while parsing a flow node"),
        ("a:\n\t- b", "day.yaml:2:1  must be valid YAML: a tab stands where spaces must"),
        ("a:\n  b: 1\n\tc: 2", "day.yaml:3:1  must be valid YAML: a tab stands where spaces must"),
        ("a: 1\n---\nb: 2", "day.yaml:2:1  must be one document (got a second)"),
        ("a: !!python/object:os.system x", "day.yaml:1:4  tags are not supported (got 'tag:yaml"),
        ("a: !!int '5'", "day.yaml:1:4  tags are not supported (got 'tag:yaml.org,2002:int')"),
        ("<<: {a: 1}", "day.yaml:1:1  merge keys are not supported (got <<)"),
        ("? [a]\n: 1", "day.yaml:1:3  a key must be text (got a list of 0)"),
        ("a: &a [1]\n*a : 1", "day.yaml:2:1  a key must be text (got a list of 1)"),
        ("a: *b", "day.yaml:1:4  an alias must name a value that ends before it (got *b)"),
        ("a: &a [*a]", "day.yaml:1:8  an alias must name a value that ends before it (got *a)"),
        ("a: 1\nb: \0", r"day.yaml:2:4  must hold printable characters only (got '\x00')"),
        (b"a: 1\nb: \xff", "day.yaml:2:4  must be UTF-8 (got byte 0xff)"),
        ("a: \ud800", r"day.yaml:1:4  must hold printable characters only (got '\ud800')"),
        ('a: "\\UFFFFFFFF"', "day.yaml:1:7  must be valid YAML: while parsing a quoted scalar"),
        ("a: " + "9" * 101, "day.yaml:1:4  a number must have at most 100 characters"),
        (" " * (16 * 2**20 + 1), "day.yaml  must be at most 16 MiB long"),
    ],
)
def test_bad_yaml(text, expected):
    """
    What is no YAML, or more of YAML than a scenario needs, is told with its place.
    """
    assert told(text)[0].startswith(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" ", "day.json:1:1  must hold a scenario, and is empty"),
        ('{"a": 1,\n}', "day.json:2:1  must be valid JSON"),
        ("a: 1", "day.json:1:1  must be valid JSON: Expecting value"),
        ('{"a": NaN}', "day.json:1:7  must be valid JSON, which has finite numbers only (got NaN)"),
        ('{"a": ' + "9" * 5000 + "}", "day.json:1:7  a number must have at most 100 characters"),
        ('{"a": 0.' + "9" * 5000 + "}", "day.json:1:7  a number must have at most 100 characters"),
        ("[" * 65 + "]" * 65, "day.json  must be nested at most 64 deep"),
        ("[" * 64 + "]" * 64, "day.json:1:1  must be a mapping (got a list of 1)"),
        ('"\0"', r"day.json:1:2  must hold printable characters only (got '\x00')"),
    ],
)
def test_bad_json(text, expected):
    """
    What is no JSON, or more than is safe to read, is told with its place.
    """
    assert told(text, "day.json")[0].startswith(expected)


def test_lone_surrogates_in_json():
    """
    An escape that is no character is refused wherever text is kept.
    """
    text = json.dumps(loads_scenario(TEXT).to_dict()).replace('"B"', '"\\ud800"')
    lines = told(text, "day.json")
    assert lines[0].endswith(r"must consist of printable characters (got '\ud800')")


def test_name_in_places():
    """
    A name that would break the line is escaped.
    """
    assert told("", "a\nb.yaml") == [r"a\nb.yaml:1:1  must hold a scenario, and is empty"]


DEEP = [
    ("[" * 5_000_000, "day.yaml"),
    ("{a: " * 1_000_000, "day.yaml"),
    ("- " * 1_000_000, "day.yaml"),
    ("? " * 1_000_000, "day.yaml"),
    ("[" * 5_000_000, "day.json"),
    ('{"a":' * 1_000_000, "day.json"),
    ('{"a":' * 1_000_000, "day.yaml"),
]


@pytest.mark.parametrize(("text", "name"), DEEP, ids=[f"{t[:5]} {n}" for t, n in DEEP])
def test_depth_is_bounded(text, name):
    """
    A text nested millions deep is refused at once, before anything recurses into it.
    """
    start = time.process_time()
    told(text, name)
    assert time.process_time() - start < 5


@pytest.mark.parametrize("is_json", [True, False])
def test_number_of_values_is_bounded(is_json, monkeypatch):
    """
    A text of too many values is refused, and so are few that aliases multiply.
    """
    laughs = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
    for one, next in zip("abcdefghi", "bcdefghij", strict=True):
        laughs += f"{next}: &{next} [{', '.join([f'*{one}'] * 10)}]\n"
    assert told(laughs)[0].endswith("must hold at most 1400000 values")

    monkeypatch.setattr("paysim.files.yaml_text.YAML_VALUES_MAX", 100)
    monkeypatch.setattr("paysim.files.json_text.JSON_VALUES_MAX", 100)
    name = "day.json" if is_json else "day.yaml"
    lines = told("[" + ", ".join(["0"] * 100) + "]", name)
    assert lines[0].endswith("must hold at most 100 values")
    lines = told("[" + ", ".join(["0"] * 99) + "]", name)
    assert lines[0].endswith("must be a mapping (got a list of 99)")


def test_hostile_texts():
    """
    Megabytes of nonsense are refused in seconds: not all that is wrong is looked for.
    """
    arrivals = {"rate_per_tick": 1, "amount_distribution": {"type": "fixed", "value": 1}}
    weights = arrivals | {"counterparty_weights": dict.fromkeys(map(str, range(300_000)), 1)}
    agents = [{"id": "A", "balance": 1}, {"id": "B", "balance": 1, "arrival_config": weights}]
    rows = [{"x": 1}] * 200_000
    day = {"ticks_per_day": 10}
    start = time.process_time()
    lines = told(json.dumps(day | {"agent_configs": agents, "transactions": rows}))
    assert lines[-1] == "... and at least 9900 more"
    lines = told(json.dumps(day | {"agent_configs": agents}))
    assert lines[0].endswith("counterparty_weights  must hold at most 20000 weights (got 300000)")
    lines = told(json.dumps(day | {"agent_configs": agents[:1] * 200_000}))
    assert lines == ["day.yaml:1:40  agent_configs  must hold at most 20000 agents (got 200000)"]
    assert told("a: 1\n" * 300_000)[-1].startswith("... and at least ")
    assert time.process_time() - start < 15


def test_depth_through_aliases():
    """
    Aliases cannot make data deeper than text may be.
    """
    text = "a0: &a0 [1]\n"
    text += "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 100))
    assert told(text)[0] == "day.yaml:64:12  must be nested at most 64 deep"


def test_pure_python_parser(monkeypatch):
    """
    Without the C parser the pure Python one reads the same.
    """
    expected = loads_scenario(TEXT)
    bad = TEXT.replace("amount: 5", "amount: 0")
    line = "day.yaml:10:44  transactions[0].amount  must be at least 1 (got 0)"
    assert told(bad) == [line]
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert expected == loads_scenario(TEXT)
    assert told(bad) == [line]
    assert told("a: [1,\n}")[0].startswith("day.yaml:2:1  must be valid YAML")
    assert told("[" * 1_000_000)[0].endswith("must be nested at most 64 deep")
    assert told('"\\UFFFFFFFF"')[0].startswith("day.yaml")


def test_a_hundred_thousand_transactions():
    """
    A JSON file of 100,000 transactions loads in seconds, and an error at its end has its place.
    """
    raw = loads_scenario(TEXT).to_dict()
    row = raw["transactions"][0] | {"deadline_tick": 9}
    raw["transactions"] = [row | {"id": f"t{n}"} for n in range(100_000)]
    text = json.dumps(raw)
    start = time.process_time()
    assert len(loads_scenario(text, "day.json").transactions) == 100_000
    raw["transactions"][-1] |= {"amount": 0}
    text = json.dumps(raw)
    lines = told(text, "day.json")
    assert time.process_time() - start < 20
    column = text.rindex('"amount": 0') + len('"amount": ') + 1
    line = "transactions[99999].amount  must be at least 1 (got 0)"
    assert lines == [f"day.json:1:{column}  {line}"]


def test_shape_survives():
    """
    Nested parts arrive at their classes: arrivals, distributions and pairs.
    """
    text = TEXT.replace(
        "balance: 100",
        "balance: 1, arrival_config: {rate_per_tick: 1.5e1, deadline_offset: [1, 2],"
        " amount_distribution: {type: FIXED, value: 0x10}}",
    )
    config = loads_scenario(text).agent_configs[0].arrival_config
    assert config.rate_per_tick == 15.0
    assert config.deadline_offset == (1, 2)
    assert config.amount_distribution == Fixed(16)


def accepts_or_tells(text, name):
    """
    Check that any text leads to a scenario or to a ScenarioError of whole lines.
    """
    try:
        answer = loads_scenario(text, name)
    except ScenarioError as error:
        answer = error
    if not isinstance(answer, Scenario):
        assert all(line.startswith(name) for line in str(answer).splitlines()[:100])


NAMES = st.sampled_from(("day.yaml", "day.json"))
YAML_PARTS = st.lists(
    st.sampled_from(
        [
            *("a", "ticks_per_day", "\n", "\n  ", "\t", ": ", "- ", "? ", "[", "]", "{", "}", ", "),
            *("|", "&x ", "*x", "!!str ", "!", "<<", "'", '"', "%", "---\n", "...\n", "#", "5"),
            *("1e9", "0x", "\\", "\\u12", ">", "@", "`", "~", "é", "\U0001f600", "\x85", "\u2028"),
            *("\ufeff", "\0"),
        ]
    ),
    max_size=30,
).map("".join)


@given(st.one_of(st.text(), st.binary(), YAML_PARTS), NAMES)
@example("a: &a [*a]", "day.yaml")
@example("{1: 2, 1: 3, .nan: 4, ~: 5}", "day.yaml")
@example("&a a: *a", "day.yaml")
def test_arbitrary_text(text, name):
    """
    Whatever text or bytes are given, the answer is a scenario or a ScenarioError.
    """
    accepts_or_tells(text, name)


@given(YAML_PARTS)
def test_arbitrary_text_in_pure_python(text):
    """
    The pure Python parser is as safe as the C one.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(yaml, "CSafeLoader", raising=False)
        accepts_or_tells(text, "day.yaml")


@given(scenarios(), st.data())
def test_damaged_files(raw, data):
    """
    A good file with some text cut out or put in is a scenario or a ScenarioError.
    """
    raw = Scenario.from_dict(raw).to_dict()
    name = data.draw(NAMES)
    text = json.dumps(raw, indent=1) if name == "day.json" else yaml.safe_dump(raw)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 9, len(text))))
    accepts_or_tells(text[:start] + data.draw(YAML_PARTS) + text[end:], name)


@given(scenarios())
def test_round_trip_through_text(raw):
    """
    A scenario written as JSON or YAML and loaded again is the same.
    """
    scenario = Scenario.from_dict(raw)
    assert scenario == loads_scenario(json.dumps(scenario.to_dict()), "day.json")
    assert scenario == loads_scenario(yaml.safe_dump(scenario.to_dict()))
