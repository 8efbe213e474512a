"""What an OPC UA server recorded comes in once, whoever is killed; what it did not is told."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
import time

import pytest
from tests.integration.cli.conftest import isthmus
from tests.integration.opcua.conftest import serving
from tests.integration.site.conftest import eventually

from isthmus.historian.delta.reader import Reader
from isthmus.model.sample import Status

pytestmark = pytest.mark.timeout(240)
SPEED, COUNT, SMALL = "hall/line1/oven/speed", "hall/line1/oven/count", "hall/line1/oven/small"
START = 1_600_000_000_000  # ms, 2020-09-13T12:26:40Z
SPAN = ("--from", "2020-09-13T12:00:00Z", "--to", "2020-09-14T00:00:00Z")
MANY = 6_000
CONNECTION = """
  oven-plc:
    kind: opcua
    url: {url}
    security: none
    timeout: 4
    history: never
    tags:
      hall/line1/oven/speed: {{node: "ns=2;s=Line.Speed", scale: 0.5}}
      hall/line1/oven/count: {{node: "ns=2;s=Line.Count"}}
      hall/line1/oven/small: {{node: "ns=2;s=Line.Small"}}
"""


def with_oven(site, url):
    """The plant of `site`, an oven on an OPC UA server beside its machines."""
    text = site.plant.read_text("utf-8") + CONNECTION.format(url=url)
    text = text.replace("types:\n", "types:\n  Oven: {tags: {speed: {}, count: {}, small: {}}}\n")
    text = text.replace("      units:\n", "      units:\n        oven: {type: Oven}\n")
    site.plant.write_text(text, "utf-8")
    return site


@pytest.fixture(scope="module")
def recorder():
    """A server that recorded one value a second of one node, three of another, none of a third."""
    with serving(history=["Speed", "Count"], strict=True) as server:
        rows = [[START + 1000 * n, float(n)] for n in range(MANY)]
        server.put(record=["Speed", rows])
        server.put(record=["Count", [[START, 1], [START + 5000, 2], [START + 9000, 3]]])
        yield server


@pytest.fixture
def oven(make_site, recorder):
    return with_oven(make_site(), recorder.url)


def brought(site, *words, code=0, span=SPAN):
    said = isthmus(
        *("import", "--opcua", "oven-plc", *span, "--data", site.data, "--plant", site.plant),
        *("--json", *words),
        folder=site.folder,
    )
    assert said.code == code, said.err
    return json.loads(said.out) if not code else said.err


def kept(ask, path=SPEED):
    (row,) = ask(
        "select count(*) as n, count(distinct time) as times, sum(value) as total from samples "
        f"where path = '{path}' and time < '2021-01-01'"
    )
    return row["n"], row["times"], row["total"]


ALL = (MANY, MANY, sum(range(MANY)) / 2)


def test_a_running_site_takes_what_the_server_recorded_once(oven):
    oven.start()
    dry = brought(oven, "--dry-run")
    assert (dry["read"], dry["fresh"]) == (MANY + 3, MANY + 3)
    assert dry["first_rows"][1]["value"] == 0.5, "the plant file's scale is applied"
    assert kept(oven.sql)[0] == 0
    told = brought(oven)
    assert (told["fresh"], told["unchanged"]) == (MANY + 3, 0)
    by_tag = {tag["tag"]: tag for tag in told["tags"]}
    assert (by_tag[SPEED]["read"], by_tag[COUNT]["fresh"]) == (MANY, 3)
    assert by_tag[SPEED]["first"].startswith("2020-09-13T12:26:40")
    assert by_tag[SMALL]["refused"] == "BadHistoryOperationUnsupported", (
        "the others come in all the same"
    )
    eventually(lambda: kept(oven.sql) == ALL)
    assert brought(oven)["known"]
    again = brought(oven, "--again")
    assert (again["fresh"], again["corrected"], again["unchanged"]) == (0, 0, MANY + 3)
    wider = brought(oven, span=("--from", "2020-09-13", "--to", "2020-09-15"))
    assert (wider["fresh"], wider["unchanged"]) == (0, MANY + 3), "another span is compared"
    assert kept(oven.sql) == ALL
    (event,) = oven.sql("select text from events where kind = 'import' and text like '% 6,003 n%'")
    assert "oven-plc" in event["text"]


def test_without_a_site_its_files_take_it_and_a_gap_is_closed(oven, tmp_path):
    oven.start()
    oven.stop()
    lost = tmp_path / "lost.csv"
    rows = [(START + 4_500, "bad"), (START + 20_000_000, "bad")]
    lines = [f"{at},{COUNT},,{int(Status.BAD_NO_COMMUNICATION)}" for at, _ in rows]
    lost.write_text("time,tag,value,quality\n" + "\n".join(lines) + "\n", "utf-8")
    said = isthmus("import", lost, "--data", oven.data, "--json", folder=tmp_path)
    assert json.loads(said.out)["fresh"] == 2, said.err
    told = brought(oven, "--under", "hall/line1/oven")
    assert (told["fresh"], told["corrected"], told["closed"]) == (MANY + 3, 1, 1)
    reader = Reader(oven.data / "history")
    ask = lambda text: reader.sql(text).to_pylist()  # noqa: E731
    assert kept(ask) == ALL
    values = f"select value from samples where path = '{COUNT}' and time < '2021-01-01'"
    told = [row["value"] for row in ask(f"{values} order by time")]
    assert told[:4] == [1, 1, 2, 3], "what held at the first mark closes it"
    assert math.isnan(told[4]), "nothing was recorded after the second"
    assert brought(oven)["known"]
    assert brought(oven, "--again")["fresh"] == 0


def test_nodes_of_no_tag_are_mapped_and_tags_made(oven):
    oven.start()
    oven.stop()
    words = ("--map", "ns=2;s=Line.Speed=old/line/speed [m/s]", "--create", "old")
    assert brought(oven, *words, "--dry-run")["tags"][0]["made"]
    assert brought(oven, *words)["fresh"] == MANY
    reader = Reader(oven.data / "history")
    found = kept(lambda text: reader.sql(text).to_pylist(), "old/line/speed")
    assert found == (MANY, MANY, sum(range(MANY)))


@pytest.mark.parametrize("who", ["site", "importer"])
def test_killed_at_any_moment_it_goes_on_where_it_was(oven, recorder, who):
    oven.start()
    importer = subprocess.Popen(
        [
            *(sys.executable, "-m", "isthmus", "import", "--opcua", "oven-plc", *SPAN, "--json"),
            *("--data", str(oven.data), "--plant", str(oven.plant)),
        ],
        cwd=oven.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    eventually(lambda: kept(oven.sql)[0] > 0, 60)
    if who == "site":
        oven.kill()
        assert importer.wait(60) in {0, 1, 2}
        oven.start()
    else:
        importer.send_signal(signal.SIGKILL)
        importer.wait()
    brought(oven)
    eventually(lambda: kept(oven.sql) == ALL, 60)
    assert brought(oven)["known"]


def test_what_cannot_be_says_why_and_what_next(oven, recorder):
    oven.start()
    oven.stop()

    def wrong(*words, code=2):
        said = isthmus(
            "import", *words, "--data", oven.data, "--plant", oven.plant, folder=oven.folder
        )
        assert (said.code, said.out) == (code, ""), (said.out, said.err)
        return said.err

    assert "did you mean `oven-plc`?" in wrong("--opcua", "oven-pcl", *SPAN)
    assert "of kind modbus" in (said := wrong("--opcua", "press-plc", *SPAN))
    assert "of kind opcua: oven-plc" in said
    assert "from when to when?" in wrong("--opcua", "oven-plc", "--from", "2020-09-13")
    backwards = ("--from", "2020-09-13", "--to", "2020-09-12")
    assert "is not before" in wrong("--opcua", "oven-plc", *backwards)
    assert "future" in wrong("--opcua", "oven-plc", "--from", "2020-09-13", "--to", "2190-01-01")
    assert "no time" in wrong(
        "--opcua", "oven-plc", "--from", "postgresql://x", "--to", "now", code=1
    )
    assert "node id" in wrong("--opcua", "oven-plc", *SPAN, "--map", f"Speed={SPEED}")
    mapped = ("--map", f"ns=2;s=Line.Small={SMALL}")
    told = wrong("--opcua", "oven-plc", *SPAN, *mapped, code=1)
    assert "historizing" in told
    port = recorder.port
    text = oven.plant.read_text("utf-8").replace(str(port), str(oven.port))
    oven.plant.write_text(text, "utf-8")
    began = time.monotonic()
    told = wrong("--opcua", "oven-plc", *SPAN, code=1)
    assert "run it again" in told
    assert time.monotonic() - began < 30
    assert (
        not Reader(oven.data / "history").sql("select 1 from events where kind = 'import'").num_rows
    )
