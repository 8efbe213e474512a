"""The demonstration says what was really stored, and time may run faster in it."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import duckdb
import pytest
from tests.integration.cli.conftest import isthmus
from tests.integration.site.conftest import eventually

pytestmark = pytest.mark.timeout(240)

KEYS = {
    *("connections", "tags", "samples_stored", "samples_lost", "first_value_s"),
    *("pieces", "kwh_per_piece", "oee"),
}
FILES = "demo-plant/site/history"


def demo(folder, *words):
    said = isthmus("demo", "--json", "--port", "0", *words, folder=folder, seconds=150)
    assert (said.code, said.err) == (0, "")
    return json.loads(said.out)


def plain(folder, text):
    """What a DuckDB that knows nothing of us reads from the files."""
    files = ", ".join(f"'{file}'" for file in live_files(folder))
    with duckdb.connect() as connection:
        return connection.sql(text.format(f"read_parquet([{files}])")).fetchall()


def live_files(folder):
    from deltalake import DeltaTable

    return DeltaTable(str(folder / FILES / "samples")).file_uris()


def test_the_figures_are_those_of_what_was_stored(tmp_path):
    told = demo(tmp_path, "--for", "15", "--back-fill", "2")
    assert set(told) == KEYS
    assert told["connections"] == 7
    assert told["tags"] > 80
    assert told["samples_lost"] == 0
    assert 0 < told["first_value_s"] < 120
    ((stored,),) = plain(tmp_path, "select count(*) from {}")
    assert told["samples_stored"] == stored
    ((twice,),) = plain(tmp_path, "select count(*) - count(distinct (tag, time)) from {}")
    assert twice == 0
    assert stored > 2 * 3600 * 5, "more than a few values a second over two hours"
    assert 90_000 < told["pieces"] < 24 * 3600 * 120 / 60, "the weeks before make the day whole"
    assert 0.003 < told["kwh_per_piece"] < 0.05
    assert 0.3 < told["oee"] < 1.0
    again = isthmus(
        *("query", "--json", "--sql", "select count(*) as n from samples"), folder=tmp_path
    )
    assert json.loads(again.out) == [{"n": stored}]
    tags = isthmus("list", "tags", "--json", folder=tmp_path)
    assert len(json.loads(tags.out)) == told["tags"]
    kept = demo(tmp_path, "--for", "3", "--back-fill", "2", "--keep")
    assert kept["samples_stored"] > stored
    assert kept["pieces"] > 0.98 * told["pieces"], "of a day that moved on by a minute or two"


LIVE = """
select epoch(max(time)) - epoch(min(time)) as seconds, max(value) - min(value) as pieces
from samples where path = 'packaging/line1/filler/good_count' and value is not null
and time > to_timestamp({begun})
"""


def test_an_hour_a_minute(tmp_path):
    begun = time.time()  # of the plant's clock as well: what it tells from here on is live
    told = demo(tmp_path, "--speed", "60", "--for", "12", "--back-fill", "1")
    asked = LIVE.format(begun=begun)
    (live,) = json.loads(isthmus("query", "--json", "--sql", asked, folder=tmp_path).out)
    assert live["seconds"] > 8 * 60, "twelve seconds were twelve minutes"
    assert 40 < live["pieces"] / (live["seconds"] / 60) < 130, "as many a minute as at any speed"
    assert told["pieces"] > live["pieces"] / 2
    assert told["samples_lost"] == 0
    assert 0.3 < told["oee"] < 1.0


def test_two_of_them_need_two_folders(tmp_path):
    command = [sys.executable, "-m", "isthmus", "demo", "--port", "0", "--back-fill", "0"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as first:
        try:
            eventually((tmp_path / "demo-plant/site/web/url").exists, 90)
            for words in ((), ("--keep",)):
                said = isthmus("demo", "--back-fill", "0", *words, folder=tmp_path)
                assert (said.code, said.out) == (1, "")
                assert "a demonstration lives in demo-plant" in said.err
                assert f"process {first.pid}" in said.err
                assert "hint: stop it, or name another folder with `--folder`" in said.err
            fault = isthmus("demo", "fault", "leak", "--json", folder=tmp_path)
            assert json.loads(fault.out) == {"fault": "leak", "on": True}
            clear = isthmus("demo", "fault", "leak", "--clear", "--json", folder=tmp_path)
            assert json.loads(clear.out) == {"fault": "leak", "on": False}
            assert first.poll() is None
        finally:
            first.terminate()
            assert first.wait(60) == 0


def test_a_folder_of_others_is_left_alone(tmp_path):
    other = tmp_path / "demo-plant"
    other.mkdir()
    (other / "thesis.tex").write_text("years of work", encoding="utf-8")
    said = isthmus("demo", "--for", "1", folder=tmp_path)
    assert (said.code, said.out) == (2, "")
    assert "holds other things" in said.err
    assert [file.name for file in other.iterdir()] == ["thesis.tex"]
