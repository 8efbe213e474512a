"""Grafana's dashboards: their structure, and every query as Grafana sends it, run over the wire."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import duckdb
import psycopg
import pytest
import yaml
from tests.integration.sql.conftest import START, plant_of

from isthmus.cli.main import main
from isthmus.model.tag import Counter, Limits, Tag
from isthmus.runtime.grafana.dashboard import dashboards, uid
from isthmus.runtime.grafana.panel import counter, thresholds, trend
from isthmus.runtime.grafana.provision import files
from isthmus.runtime.grafana.unit import grafana_unit

pytestmark = pytest.mark.peer
BEGIN, END = START // 10**9, START // 10**9 + 3_600
STEP = 60
KINDS = {"timeseries", "state-timeline", "stat", "table"}
BOARDS = dashboards(plant_of({}))


def stamp(second):
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def expanded(sql, units, step=STEP):
    """What Grafana's PostgreSQL data source sends: its variables and macros written out."""
    chosen = ",".join("'" + unit.replace("'", "''") + "'" for unit in units)
    sql = sql.replace("${unit:sqlstring}", chosen)
    sql = sql.replace("$__interval_ms", str(step * 1000)).replace("$__interval", f"{step}s")
    sql = re.sub(
        r"\$__timeGroup\((\w+),\s*(\d+)s\)",
        lambda found: f"floor(extract(epoch from {found[1]})/{found[2]})*{found[2]}",
        sql,
    )
    sql = re.sub(
        r"\$__timeFilter\((\w+)\)",
        lambda found: f"{found[1]} BETWEEN '{stamp(BEGIN)}' AND '{stamp(END)}'",
        sql,
    )
    sql = sql.replace("$__timeFrom()", f"'{stamp(BEGIN)}'").replace(
        "$__timeTo()", f"'{stamp(END)}'"
    )
    assert "$" not in sql, sql
    return sql


def queries():
    for name, board in BOARDS.items():
        for panel in board["panels"]:
            for target in panel["targets"]:
                yield pytest.param(board, panel, target, id=f"{name}-{panel['id']}")


@pytest.fixture(scope="module")
def connection(site):
    with psycopg.connect(site.url(), autocommit=True) as made:
        yield made


def answered(connection, board, sql):
    units = [
        option["value"]
        for variable in board["templating"]["list"]
        if variable["name"] == "unit"
        for option in variable["options"]
        if option["value"] != "$__all"
    ]
    cursor = connection.execute(expanded(sql, units).encode(), prepare=False)
    return [column.name for column in cursor.description], cursor.fetchall()


def test_there_is_an_overview_and_one_for_each_line():
    assert sorted(BOARDS) == ["line1", "mixing-line2", "overview", "packaging-line2"]
    assert [link["url"] for link in BOARDS["overview"]["links"]] == [
        f"/d/{BOARDS[name]['uid']}" for name in ("line1", "packaging-line2", "mixing-line2")
    ]


@pytest.mark.parametrize("name", sorted(BOARDS))
def test_a_dashboard_is_what_grafana_reads(name):
    board = BOARDS[name]
    assert board["id"] is None
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,40}", board["uid"])
    assert {"title", "schemaVersion", "time", "panels", "templating"} <= set(board)
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids) > 0
    taken = set()
    for panel in board["panels"]:
        assert panel["type"] in KINDS
        assert {"title", "datasource", "targets", "fieldConfig", "gridPos"} <= set(panel)
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, "panels lie on each other"
        taken |= cells
        steps = panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", [])
        values = [step["value"] for step in steps]
        assert values[:1] in ([], [None])
        assert values[1:] == sorted(values[1:])
    assert json.loads(json.dumps(board)) == board
    assert len({board["uid"] for board in BOARDS.values()}) == len(BOARDS)


@pytest.mark.parametrize(("board", "panel", "target"), list(queries()))
def test_every_query_runs_as_grafana_sends_it(connection, board, panel, target):
    names, rows = answered(connection, board, target["rawSql"])
    if panel["type"] == "table" or panel["title"] == "OEE":
        return
    assert names == ["time", "metric", "value"]
    assert rows
    times = [row[0] for row in rows]
    assert times == sorted(times)
    if panel["type"] == "state-timeline":
        assert {row[2] for row in rows} == {"stopped", "it's 100% on"}
        assert panel["fieldConfig"]["defaults"]["mappings"][0]["options"]["stopped"]
    else:
        assert 59 <= len(rows) / len({row[1] for row in rows}) <= 61, "one a minute and series"


def test_a_trend_is_the_mean_of_what_is_good(connection):
    tag = Tag("packaging/line1/filler/speed", unit="1/min")
    panel = trend("Speed", [tag])
    _, rows = answered(connection, BOARDS["overview"], panel["targets"][0]["rawSql"])
    found = {int(row[0]) - BEGIN: row[2] for row in rows}
    assert found[0] == pytest.approx(100 + sum(range(60)) / 60 / 10)
    assert 1800 not in found, "a minute in which nothing was known has no point"


MOVED = [(0, 10.0, 0), (45, 20.0, 0), (130, 40.0, 0), (150, 0.0, 1 << 31), (200, 8.0, 0)]
BY_TIME = {
    0: (10 * 45 + 20 * 15) / 60,
    120: (20 * 10 + 40 * 20) / 30,  # it held when the minute began; from 150 on it was bad
    180: 8.0,  # known from 200 on
}


def test_a_value_weighs_as_long_as_it_holds():
    """Told only when it moves, as a plant does it; the query runs as DuckDB runs it for all."""
    sql = trend("Power", [Tag("line/power")])["targets"][0]["rawSql"]
    rows = ", ".join(
        f"(timestamptz '{stamp(BEGIN + at)}', 'line/power', 'line', {value}, {quality} = 0)"
        for at, value, quality in MOVED
    )
    with duckdb.connect() as own:
        own.execute("set timezone = 'UTC'")
        own.execute(
            "create view samples as select * from "
            f"(values {rows}) t(time, path, equipment, value, good)"
        )
        found = own.execute(expanded(sql, ["line"])).fetchall()
    assert {at - BEGIN: value for at, _, value in found} == pytest.approx(BY_TIME)


def test_of_long_stretches_each_sample_weighs_the_same(connection):
    sql = trend("Speed", [Tag("packaging/line1/filler/speed")])["targets"][0]["rawSql"]
    rows = connection.execute(expanded(sql, [], step=1800).encode(), prepare=False).fetchall()
    (plain,) = connection.execute(
        "select avg(value) from samples where path = 'packaging/line1/filler/speed' and good "
        f"and time >= '{stamp(BEGIN)}' and time < '{stamp(BEGIN + 1800)}'".encode(),
        prepare=False,
    ).fetchone()
    assert rows[0] == (BEGIN, "packaging/line1/filler", pytest.approx(plain))
    assert 1 <= len(rows) <= 3


def test_a_counter_is_drawn_as_what_it_grew(connection):
    tag = Tag("packaging/line1/filler/time", counter=Counter(resets=True))
    panel = counter("Pieces", [tag])
    _, rows = answered(connection, BOARDS["overview"], panel["targets"][0]["rawSql"])
    assert sum(row[2] for row in rows) == 3_599
    assert rows[1][2] == 60


def test_limits_become_thresholds_in_order():
    tag = Tag("a/b", limits=Limits(low_low=1, low=2, high=8, high_high=9))
    assert [step["value"] for step in thresholds([tag])] == [None, 1, 2, 8, 9]
    assert len(thresholds([tag, Tag("a/c")])) == 1, "they differ: none is drawn"


@pytest.mark.parametrize(
    ("unit", "told"),
    [
        ("", "none"),
        ("kW", "kwatt"),
        ("degC", "celsius"),
        ("1/min", "suffix: 1/min"),
        ("bar", "pressurebar"),
    ],
)
def test_units_are_grafanas_own_where_it_has_them(unit, told):
    assert grafana_unit(unit) == told


def test_provisioning_checks_the_certificate_and_holds_no_password(site):
    made = files(plant_of({}), address="site:5433", user="grafana")
    (source,) = yaml.safe_load(made["provisioning/datasources/isthmus.yaml"])["datasources"]
    assert source["jsonData"]["sslmode"] == "verify-full"
    assert source["secureJsonData"]["password"] == "$ISTHMUS_SQL_PASSWORD"
    assert source["jsonData"]["database"] == "riverside"
    board = json.loads(made["dashboards/overview.json"])
    assert board["templating"]["list"][0]["current"]["value"] == source["uid"]
    (provider,) = yaml.safe_load(made["provisioning/dashboards/isthmus.yaml"])["providers"]
    assert provider["type"] == "file"


def test_a_long_name_still_gives_a_uid_of_its_own():
    plant = plant_of({})
    one, other = (uid(plant, "x" * 60 + end) for end in "ab")
    assert one != other
    assert len(one) <= 40


def test_the_command_writes_all_files(tmp_path, capsys):
    plant = tmp_path / "plant.yaml"
    plant.write_text(
        "isthmus: 1\nenterprise: acme\nsite: riverside\n"
        "equipment: {a: {line1: {units: {filler: {tags: {speed: 1/min}}}}}}\n",
        "utf-8",
    )
    out = tmp_path / "grafana"
    words = ["grafana", "dashboards", "--plant", str(plant), "--out", str(out), "--json"]
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)["files"]
    assert sorted(file.name for file in out.rglob("*.*") if file.is_file()) == sorted(
        name.rpartition("/")[2] for name in told
    )
    assert (out / "dashboards" / "line1.json").is_file()
