"""Old history comes in once, whatever is killed, repeated or written in an odd way."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest
from tests.integration.cli.conftest import isthmus
from tests.integration.site.conftest import eventually

from isthmus.historian.delta.reader import Reader

pytestmark = pytest.mark.timeout(180)
FORCE, COUNT = "hall/line1/press/force", "hall/line1/press/count"
TOTAL = "select count(*) as n, count(distinct time) as times, sum(value) as total from samples"
YEAR = f"where path = '{FORCE}' and time < '2021-01-01'"


def old(folder, rows=500, *, day="2020-02-01", first=0):
    """A wide file of a force in newtons, a second a row."""
    file = folder / "old.csv"
    lines = [
        f"{day} {n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d},{first + n}" for n in range(rows)
    ]
    file.write_text("time,F\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return file


def brought(site, file, *words, code=0):
    said = isthmus(
        *(
            "import",
            file,
            "--data",
            site.data,
            "--map",
            f"F={FORCE} [N]",
            "--zone",
            "UTC",
            "--json",
        ),
        *words,
        folder=site.folder,
    )
    assert said.code == code, said.err
    return json.loads(said.out)


def kept(site):
    (row,) = site.sql(f"{TOTAL} {YEAR}")
    return row["n"], row["times"], round(row["total"] or 0, 6)


def test_a_running_site_takes_a_file_once_and_its_correction(running):
    file = old(running.folder)
    dry = brought(running, file, "--dry-run")
    assert (dry["fresh"], dry["first_rows"][1]["value"]) == (500, 0.001)
    assert kept(running)[0] == 0
    assert brought(running, file)["fresh"] == 500
    total = sum(range(500)) / 1000
    eventually(lambda: kept(running) == (500, 500, round(total, 6)))
    again = brought(running, file)
    assert again["known"]
    assert again["samples"] == 0
    compared = brought(running, file, "--again")
    assert (compared["unchanged"], compared["fresh"], compared["corrected"]) == (500, 0, 0)
    better = old(running.folder, first=1)
    assert brought(running, better)["corrected"] == 500
    eventually(lambda: kept(running) == (500, 500, round(total + 0.5, 6)))
    assert brought(running, old(running.folder))["known"], "what was corrected stays corrected"
    assert kept(running)[2] == round(total + 0.5, 6)
    (event,) = running.sql(
        "select text, data from events where kind = 'import' and text like '%500 corrected%'"
    )
    assert json.loads(event["data"])["corrected"] == 500
    assert "old.csv" in event["text"]


def test_what_means_no_tag_is_named_with_the_nearest(running, tmp_path):
    file = tmp_path / "odd.csv"
    file.write_text(f"time,{FORCE}s\n2020-01-01 00:00:00,1\n", encoding="utf-8")
    said = isthmus("import", file, "--data", running.data, folder=tmp_path)
    assert (said.code, said.out) == (2, "")
    assert f"like {FORCE}?" in said.err
    assert "--create" in said.err


def test_bad_rows_are_set_aside_and_beyond_a_limit_nothing_goes_on(running, tmp_path):
    file = tmp_path / "odd.csv"
    rows = "\n".join(f"2019-01-01 00:00:{n:02d},{'x' if n % 2 else n}" for n in range(10))
    file.write_text(f"time,F\n{rows}\n", encoding="utf-8")
    options = ("--data", running.data, "--map", f"F={COUNT}", "--zone", "UTC")
    said = isthmus("import", file, *options, "--max-errors", 4, folder=tmp_path)
    assert said.code == 2
    assert "row 11" in said.err
    said = isthmus("import", file, *options, "--json", folder=tmp_path)
    told = json.loads(said.out)
    assert (told["fresh"], told["rejected"], told["reasons"]) == (5, 5, {f"no value of {COUNT}": 5})
    aside = (tmp_path / "odd.csv.rejects.csv").read_text("utf-8").splitlines()
    assert aside[1] == f"3,no value of {COUNT}: `x`,x"


def test_what_may_be_a_thousand_times_more_is_told_before_anything_is_written(running, tmp_path):
    file = tmp_path / "parted.csv"
    file.write_text("time;F\n2019-01-01;12,5\n2019-01-02;1.234\n2019-01-03;1.234,5\n", "utf-8")
    options = ("--data", running.data, "--map", f"F={COUNT}", "--zone", "UTC", "--dry-run")
    said = isthmus("import", file, *options, "--decimal", ",", folder=tmp_path)
    assert f"rejected 1, the first in row 3: no sure value of {COUNT}" in said.out
    assert "--thousands ." in said.out
    said = isthmus("import", file, *options, "--thousands", ".", "--json", folder=tmp_path)
    assert [row["value"] for row in json.loads(said.out)["first_rows"]] == [12.5, 1234, 1234.5]
    said = isthmus("import", file, *options, "--decimal", ".", "--thousands", ".", folder=tmp_path)
    assert (said.code, "both thousands and decimals" in said.err) == (2, True)


def test_a_time_of_the_future_is_no_history(running, tmp_path):
    file = tmp_path / "odd.csv"
    file.write_text("time,F\n2190-01-01 00:00:00,1\n2019-01-02 00:00:00,2\n", encoding="utf-8")
    options = ("--data", running.data, "--map", f"F={COUNT}", "--zone", "UTC", "--json")
    told = json.loads(isthmus("import", file, *options, folder=tmp_path).out)
    assert (told["fresh"], told["rejected"]) == (1, 1)


def test_tags_are_made_with_their_units_and_stay(running, tmp_path):
    file = tmp_path / "boiler.csv"
    file.write_text("time,Flow Rate [m3/h]\n2019-01-01 00:00:00,7\n", encoding="utf-8")
    options = ("--data", running.data, "--create", "legacy/boiler", "--zone", "UTC", "--json")
    told = json.loads(isthmus("import", file, *options, folder=tmp_path).out)
    assert told["tags"][0]["tag"] == "legacy/boiler/Flow_Rate"
    (row,) = eventually(lambda: running.sql(
        "select s.value, t.unit from samples s join tags t using (tag) "
        "where s.path = 'legacy/boiler/Flow_Rate'"
    ))  # fmt: skip
    assert row == {"value": 7.0, "unit": "m3/h"}


@pytest.mark.peer
def test_a_query_to_postgresql_is_imported(running, postgresql, tmp_path):
    import psycopg

    url = postgresql.database()
    with psycopg.connect(url) as old_site:
        old_site.execute("create table old (ts timestamptz, tag text, value float8)")
        old_site.execute(
            "insert into old select '2018-05-05 00:00:00Z'::timestamptz + n * interval '1 s', "
            f"'{FORCE}', n from generate_series(1, 45000) n"
        )
    words = ("--from", url, "--sql", "select * from old order by ts", "--data", running.data)
    told = json.loads(isthmus("import", *words, "--json", folder=tmp_path).out)
    assert told["fresh"] == 45_000
    count = f"select count(*) as n from samples where path = '{FORCE}' and time < '2019-01-01'"
    eventually(lambda: running.sql(count) == [{"n": 45_000}])


@pytest.mark.parametrize("who", ["site", "importer"])
def test_killed_at_any_moment_an_import_goes_on_where_it_was(site, who):
    rows, file = 86_400, old(site.folder, 86_400)
    text = file.read_text("utf-8")
    days = [
        text.replace("2020-02-01", f"2020-02-{day:02d}").removeprefix("time,F\n") for day in (2, 3)
    ]
    file.write_text(text + "".join(days), encoding="utf-8")
    importer = subprocess.Popen(
        [
            *(sys.executable, "-m", "isthmus", "import", str(file), "--data", str(site.data)),
            *("--map", f"F={FORCE} [N]", "--zone", "UTC", "--json"),
        ],
        cwd=site.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    eventually(lambda: kept(site)[0] > 0, 60)
    if who == "site":
        site.kill()
        assert importer.wait(60) != 0
        site.start()
    else:
        importer.send_signal(signal.SIGKILL)
        importer.wait()
    told = brought(site, file)
    assert told["samples"] <= 3 * rows
    total = round(3 * sum(range(rows)) / 1000, 6)
    eventually(lambda: kept(site) == (3 * rows, 3 * rows, total), 60)


def test_without_a_site_the_files_take_it_and_a_site_reads_it(make_site):
    site = make_site()
    site.start()
    site.stop()
    file = old(site.folder)
    assert brought(site, file)["fresh"] == 500
    assert brought(site, file)["known"]
    assert brought(site, file, "--again")["unchanged"] == 500
    said = isthmus("import", file, "--data", site.folder / "nowhere", folder=site.folder)
    assert (said.code, "no site" in said.err) == (2, True)
    reader = Reader(site.data / "history")
    assert reader.sql(f"{TOTAL} {YEAR}").to_pylist()[0]["n"] == 500
    site.start()
    assert kept(site)[0] == 500
    began = time.monotonic()
    assert brought(site, file)["known"], "whoever took it remembers"
    assert time.monotonic() - began < 60


@pytest.mark.data
def test_ten_months_of_a_steel_plant_are_imported(stopped, public_data, tmp_path):
    (file,) = (public_data / "steel_energy").glob("*.csv")
    words = (
        "--data", stopped.data, "--map", f"Usage_kWh={COUNT}", "--skip-unmatched",
        "--zone", "Asia/Seoul", "--json",
    )  # fmt: skip
    told = json.loads(isthmus("import", file, *words, folder=tmp_path, seconds=120).out)
    assert (told["rows"], told["fresh"], told["rejected"]) == (29_184, 29_184, 0)
    assert told["time_format"] == "%d-%m-%Y %H:%M"
    reader = Reader(stopped.data / "history")
    (row,) = reader.sql(
        f"select sum(value) as kwh, count(*) as n from samples where path = '{COUNT}' "
        "and time < '2019-01-01'"
    ).to_pylist()
    with file.open(encoding="utf-8") as lines:
        meant = sum(float(line.split(",")[1]) for line in list(lines)[1:])
    assert (row["n"], row["kwh"]) == (29_184, pytest.approx(meant))
