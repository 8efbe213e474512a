"""Apache Superset, installed apart by `make superset`: a connection, its tables, a query."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from tests.integration.sql.conftest import PASSWORD

pytestmark = [pytest.mark.peer, pytest.mark.timeout(900)]  # its database alone takes 100 migrations
ROOT = Path(__file__).parents[3]
CHECK = ROOT / "tests" / "integration" / "peers" / "superset" / "check.py"
QUERY = (
    "select state_text, count(*) as n, avg(speed) as speed from filler "
    "where time >= '2025-12-31' group by 1 order by 1"
)


@pytest.fixture(scope="module")
def told(site) -> dict:
    """What Superset was told by the endpoint."""
    python = Path(os.environ.get("ISTHMUS_SUPERSET", ROOT / ".make" / "superset")) / "bin/python"
    if not python.exists():
        pytest.skip("Superset is not installed: make superset")
    uri = f"postgresql+psycopg2://anna:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{site.port}"
    env = {key: text for key, text in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [python, CHECK, f"{uri}/riverside?sslmode=verify-full&sslrootcert={site.ca}", QUERY],
        capture_output=True, text=True, timeout=800, check=False, env=env,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return json.loads(done.stdout[done.stdout.index("\n{\n") :])


def test_it_finds_schemas_tables_and_columns(told):
    assert {"public", "line1", "packaging_line2", "mixing_line2"} <= set(told["schemas"]["result"])
    assert [one["value"] for one in told["public"]["result"]] == [
        "events",
        "kpi",
        "samples",
        "tags",
    ]
    assert told["line1"]["result"] == [{"type": "view", "value": "filler"}]
    columns = {one["name"]: one for one in told["columns"]["columns"]}
    assert list(columns)[:4] == ["time", "speed", "state", "state_text"]
    assert columns["speed"]["type"] == "DOUBLE_PRECISION"
    assert columns["speed"]["comment"] == "Bottles a minute. [1/min]"
    assert told["columns"]["comment"].startswith("packaging/line1/filler")


def test_sql_lab_gets_the_figures(told):
    assert told["ran"]["status"] == "success"
    rows = {row["state_text"]: row for row in told["ran"]["data"]}
    assert {word: row["n"] for word, row in rows.items()} == {
        "stopped": 1800,
        "it's 100% on": 1800,
    }
    assert rows["stopped"]["speed"] == pytest.approx(249.95)
    assert {one["name"]: one["type"] for one in told["ran"]["columns"]}["speed"] == "FLOAT"
