"""
The page of the HTTP API: its introduction is written by hand, the rest is made of the description.

Run as a program it writes the page anew; the test compares, and does what its examples do.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

from paysim.server.app import create_app
from paysim.server.openapi.openapi import TAGS
from paysim.server.settings import Settings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "http_api.md"
MARK = "<!-- From here on the page is written by tests/server/http_api_page.py. -->\n"

SETTINGS = Settings(data_dir=Path(tempfile.gettempdir()) / "paysim-page")

EVERYWHERE = {"400", "401", "403", "500", "503"}
"""Problems that the introduction tells of."""

CURL = {
    "create_simulation": """
curl -X POST 'localhost:8000/api/simulations?name=first&outside=BANK_A' \\
     -H 'Content-Type: application/yaml' --data-binary '
ticks_per_day: 10
agent_configs:
  - {id: BANK_A, opening_balance: 1000}
  - {id: BANK_B, opening_balance: 500}
transactions:
  - {id: rent, sender_id: BANK_A, receiver_id: BANK_B, amount: 300, arrival_tick: 0}
'""",
    "list_simulations": "curl localhost:8000/api/simulations",
    "get_simulation": "curl localhost:8000/api/simulations/$SIM",
    "delete_simulation": "curl -X DELETE localhost:8000/api/simulations/$SIM",
    "get_scenario": "curl localhost:8000/api/simulations/$SIM/scenario",
    "get_state": 'curl "localhost:8000/api/simulations/$SIM/state?transactions=none"',
    "get_account": "curl localhost:8000/api/simulations/$SIM/agents/BANK_A",
    "tick": 'curl -X POST "localhost:8000/api/simulations/$SIM/tick?count=2" '
    "-H 'Idempotency-Key: my-17'",
    "start_run": "curl --json '{\"until_tick\": 9}' localhost:8000/api/simulations/$SIM/run",
    "get_run": "curl localhost:8000/api/simulations/$SIM/run",
    "cancel_run": "curl -X DELETE localhost:8000/api/simulations/$SIM/run",
    "get_events": "curl -N -H 'Accept: text/event-stream' "
    '"localhost:8000/api/simulations/$SIM/events?follow=false"',
    "submit_transaction": "curl --json "
    '\'{"sender_id": "BANK_A", "receiver_id": "BANK_B", "amount": 250}\' \\\n'
    "     localhost:8000/api/simulations/$SIM/transactions",
    "decide": 'curl --json \'{"agent_id": "BANK_A", "decisions": '
    '[{"decision": "release", "transaction_id": "rent"}]}\' \\\n'
    "     localhost:8000/api/simulations/$SIM/decisions",
    "add_scenario_event": 'curl --json \'{"type": "outage", "agent_id": "BANK_B"}\' \\\n'
    "     localhost:8000/api/simulations/$SIM/scenario_events",
    "get_results": "curl -H 'Accept: text/csv' -o ticks.csv \\\n"
    '     "localhost:8000/api/simulations/$SIM/results?table=ticks"',
    "get_indicators": 'curl "localhost:8000/api/simulations/$SIM/indicators?by=agent"',
    "get_report": "curl -o report.html localhost:8000/api/simulations/$SIM/report",
    "get_comparison": 'curl "localhost:8000/api/simulations/$SIM/comparison?with=$OTHER"',
    "create_checkpoint": 'curl --json \'{"name": "before"}\' '
    "localhost:8000/api/simulations/$SIM/checkpoints",
    "list_checkpoints": "curl localhost:8000/api/simulations/$SIM/checkpoints",
    "get_checkpoint": "curl -o before.state localhost:8000/api/simulations/$SIM/checkpoints/$CHK",
    "delete_checkpoint": "curl -X DELETE localhost:8000/api/simulations/$SIM/checkpoints/$CHK",
    "restore_checkpoint": "curl -X POST "
    "localhost:8000/api/simulations/$SIM/checkpoints/$CHK/restore",
    "create_branch": 'curl --json \'{"name": "what if"}\' '
    "localhost:8000/api/simulations/$SIM/branches",
    "list_branches": "curl localhost:8000/api/simulations/$SIM/branches",
    "list_scenarios": "curl localhost:8000/api/scenarios",
    "list_charts": "curl localhost:8000/api/simulations/$SIM/charts",
    "get_chart": "curl localhost:8000/api/simulations/$SIM/charts/balances",
    "watch": "curl -N localhost:8000/api/simulations/$SIM/live",
    "health": "curl localhost:8000/health",
    "get_openapi": "curl localhost:8000/openapi.json",
}
"""One request for each operation, by its id."""


def rendered(page):
    """
    Return the page with what is made of the description as it is now.
    """
    return page.partition(MARK)[0] + MARK + sections(create_app(SETTINGS).openapi())


def sections(document):
    told = [
        (tag, method, path, each)
        for tag in TAGS
        for path, methods in document["paths"].items()
        for method, each in methods.items()
        if each["tags"] == [tag]
    ]
    text = ""
    last = None
    for tag, method, path, each in told:
        if tag != last:
            text += f"\n## {tag}\n\n{TAGS[tag]}\n"
            last = tag
        text += section(method, path, each)
    return text


def section(method, path, told):
    text = f"\n### {told['summary']}\n\n`{method.upper()} {path}`\n\n"
    if told["description"] != f"{told['summary']}.":
        text += sentences(told["description"]) + "\n"
    parameters = [each for each in told.get("parameters", ()) if each["in"] != "path"]
    parameters = [each for each in parameters if each["name"] != "Idempotency-Key"]
    if parameters:
        text += "| parameter | may be | default | |\n|---|---|---|---|\n"
        for each in parameters:
            name = each["name"] + (" (header)" if each["in"] == "header" else "")
            schema = each["schema"]
            default = f"`{shown(schema['default'])}`" if "default" in schema else ""
            text += f"| `{name}` | {values(schema)} | {default} | {each['description']} |\n"
        text += "\n"
    body = told.get("requestBody")
    if body is not None:
        text += f"**Body** ({listed(body['content'])}): {body['description']}\n\n"
        text += example(body["content"])
    for status, response in told["responses"].items():
        if int(status) < 400:
            text += f"**{status}** ({listed(response['content'])}): {response['description']}\n\n"
            text += example(response["content"])
            for name, header in response.get("headers", {}).items():
                text += f"- `{name}`: {header['description']}\n"
            text += "\n" if response.get("headers") else ""
    errors = [
        f"- **{status}**: {response['description']}\n"
        for status, response in told["responses"].items()
        if int(status) >= 400 and status not in EVERYWHERE
    ]
    if errors:
        text += "".join(errors) + "\n"
    return text + f"```sh\n{CURL[told['operationId']].strip()}\n```\n"


def sentences(text):
    return re.sub(r"(?<=[.:;]) (?=[A-Z`])", "\n", text) + "\n"


def listed(content):
    return ", ".join(f"`{media_type}`" for media_type in content)


def example(content):
    form = next(iter(content.values()))
    for each in list(form.get("examples", {}).values())[:1]:
        return f"```json\n{pretty(each['value'])}\n```\n\n"
    return ""


def pretty(value, indent=""):
    """
    Return JSON whose parts stand in one line each where they fit.
    """
    text = json.dumps(value)
    if len(indent) + len(text) < 88 or not isinstance(value, (dict, list)):
        return text
    inner = indent + "  "
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)}: {pretty(part, inner)}" for key, part in value.items()]
    else:
        parts = [pretty(part, inner) for part in value]
    start, end = "{}" if isinstance(value, dict) else "[]"
    return start + "".join(f"\n{inner}{part}," for part in parts)[:-1] + f"\n{indent}{end}"


def values(schema):
    if "enum" in schema:
        return " or ".join(f"`{word}`" for word in schema["enum"])
    if schema["type"] == "integer":
        return f"{schema['minimum']:,} to {schema['maximum']:,}"
    if schema["type"] == "array":
        return f"{values(schema['items'])}, repeated"
    if "maxLength" in schema:
        return f"1 to {schema['maxLength']} characters"
    return f"`{schema['pattern']}`"


def shown(value):
    return f"{value:,}" if isinstance(value, int) else value


if __name__ == "__main__":
    PAGE.write_text(rendered(PAGE.read_text()))
