"""`isthmus query` on the files of a site that does not run: every option, every form."""

import csv
import io
import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from isthmus.cli.chart import bars
from isthmus.cli.main import main
from isthmus.historian.delta.lake import Lake
from isthmus.model.sample import Batch, Nanoseconds, Status, TagId
from isthmus.model.tag import Counter, Kind, Namespace, Tag

S = 10**9
START = 1_774_738_800  # 2026-03-29 00:00 in Berlin: the clock goes forward at two
END = START + 4 * 3_600
TAGS = (
    Tag("hall/press/force", unit="kN"),
    Tag("hall/press/state", kind=Kind.ENUMERATION, legend={0: "idle", 1: "busy"}),
    Tag("hall/press/count", counter=Counter()),
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A data folder with four hours of three tags."""
    folder = tmp_path_factory.mktemp("data")
    namespace = Namespace()
    for tag in TAGS:
        namespace.bind(tag)
    lake = Lake.open(folder / "history", now=lambda: Nanoseconds(END * S))
    lake.write_tags(namespace.items())
    at = np.arange(0, 4 * 3_600, 60)
    for number, value in enumerate((at % 600 / 60, at // 3_600 % 2, at // 60)):
        quality = np.zeros(len(at), np.uint32)
        quality[(at > 7_200) & (at < 7_800) & (number == 0)] = Status.BAD_NO_COMMUNICATION
        rows = Batch.of([TagId(number)] * len(at), (START + at) * S, value.astype(float), quality)
        lake.append(rows, stream="x", position=number + 1)
    lake.seal()
    lake.close()
    (folder / "timezone").write_text("Europe/Berlin", "utf-8")
    return folder


@pytest.fixture
def ask(data, capsys):
    def asked(*words):
        code = main(["query", *words, "--data", str(data)])
        said = capsys.readouterr()
        assert (code, said.err) == (0, "")
        return said.out

    return asked


def test_samples_are_told_in_the_plants_time(ask):
    lines = ask("**/force", "--from", "2026-03-29 03:00", "--to", "2026-03-29 03:03").splitlines()
    assert lines[0].split() == ["time", "path", "value", "quality"]
    assert lines[1].startswith("2026-03-29 03:00:00  hall/press/force")
    assert lines[2].endswith("1  BadNoCommunication")


def test_quality_is_told_only_where_something_is_wrong(ask):
    good = ask("**/force", "--from", "2026-03-29", "--to", "2026-03-29 01:00", "--every", "30min")
    assert "quality" not in good
    some = ask(
        "**/force", "--from", "2026-03-29 03:00", "--to", "2026-03-29 04:00", "--every", "1h"
    )
    assert "UncertainDataSubNormal" in some


def test_every_alone_gives_the_usual_aggregates(ask):
    rows = json.loads(ask("**/force", "--last", "2h", "--every", "1h", "--json"))
    assert {"time_average", "min", "max", "count"} < set(rows[0])
    assert rows[0]["time"] == "2026-03-29T00:00:00Z"
    assert rows[0]["count"] == 60


def test_hours_of_the_night_in_which_the_clock_goes_forward(ask):
    words = ("--from", "2026-03-29 00:00", "--to", "2026-03-29 05:00", "--every", "1h")
    rows = json.loads(ask("**/count", *words, "--aggregate", "delta,count", "--json"))
    assert [row["count"] for row in rows] == [60] * 4
    assert sum(row["delta"] for row in rows) == 239


def test_nothing_is_told_of_the_time_before_a_tag_was_known(ask):
    words = ("--from", "2026-03-28 22:00", "--to", "2026-03-29 01:00", "--every", "30min")
    for more in ((), ("--wide",)):
        rows = json.loads(ask("**/count", *words, *more, "--json"))
        assert [row["time"] for row in rows] == ["2026-03-28T23:00:00Z", "2026-03-28T23:30:00Z"]
    assert json.loads(ask("**/count", "--from", "2026-01-01", "--to", "2026-01-02",
                          "--every", "1h", "--json")) == []  # fmt: skip


def test_columns_side_by_side(ask):
    words = ("--from", "2026-03-29", "--to", "2026-03-29 01:00")
    wide = list(csv.DictReader(io.StringIO(ask(
        "**/force", "**/state", *words, "--every", "20min", "--aggregate", "max", "--wide", "--csv"
    ))))  # fmt: skip
    assert [row["hall/press/force"] for row in wide] == ["9"] * 3
    grid = list(csv.DictReader(io.StringIO(ask("hall/**", *words, "--grid", "10min", "--csv"))))
    assert [row["hall/press/count"] for row in grid] == ["0", "10", "20", "30", "40", "50"]


def test_few_samples_of_the_same_shape_and_time_in_states(ask):
    words = ("--from", "2026-03-29", "--to", "2026-03-29 05:00")
    few = json.loads(ask("**/force", *words, "--points", "20", "--reduce", "lttb", "--json"))
    assert len(few) == 20
    rows = json.loads(ask("**/state", *words, "--aggregate", "states", "--json"))
    assert {row["state"] for row in rows} == {"idle", "busy"}


def test_a_chart_is_a_line_of_bars_for_each_tag(ask):
    lines = ask("**/count", "**/force", "--last", "4h", "--chart").splitlines()
    assert [line.split()[0] for line in lines] == ["hall/press/force", "hall/press/count"]
    assert lines[0].endswith("0 to 9, now 9 kN")
    drawn = lines[1].split()[1]
    assert 58 <= len(drawn) <= 62
    assert drawn == "".join(sorted(drawn))
    assert (drawn[0], drawn[-1]) == ("▁", "█")
    assert len(json.loads(ask("**/count", "--last", "4h", "--chart", "--json"))) == len(drawn)


def test_bars_of_nothing_and_of_one_height():
    assert bars([]) == ""
    assert bars([None, 2.0, 2.0]) == "·▁▁"
    assert bars([0.0, 7.0, None, 3.5]) == "▁█·▅"


def test_a_file(ask, tmp_path):
    file = tmp_path / "day.parquet"
    said = ask("**", "--last", "4h", "--parquet", str(file), "--rows", "100000")
    assert said == f"wrote 720 rows to {file}\n"
    assert pq.read_table(file).num_rows == 720


@pytest.mark.parametrize(
    ("words", "code", "told", "hint"),
    [
        (("**/force", "--last", "1h", "--from", "now"), 2, "two beginnings", "one of them"),
        (("**/force", "--to", "now"), 2, "--to without --from", "--last"),
        (("**/force", "--last", "soon"), 2, "no length of time", "30min"),
        (("**/force", "--from", "soon"), 1, "is no time", "yesterday"),
        (("**/force", "--every", "fast"), 1, "is no step", "1mo"),
        (("**/force", "--aggregate", "mean"), 1, "no aggregate `mean`", ""),
        (("**/force", "--every", "shift"), 1, "plant file", "start the site"),
        (("**/force", "--wide"), 1, "times of their own", "grid"),
        (("**/force", "--grid", "1min", "--points", "9"), 1, "different questions", "at a time"),
        (("**/force", "--last", "4h", "--rows", "10"), 1, "more than 10 samples", "every"),
        (("**/force", "--last", "4h", "--every", "1min", "--rows", "9"), 1, "more than 9 rows", ""),
    ],
)
def test_a_wrong_question_is_told_with_what_to_do(data, capsys, words, code, told, hint):
    assert main(["query", *words, "--data", str(data)]) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert told in said.err
    assert hint in said.err


def test_a_rotten_file_is_left_out_and_told(tmp_path, capsys, caplog):
    lake = Lake.open(tmp_path / "history", now=lambda: Nanoseconds(END * S))
    lake.write_tags([(0, Tag("hall/line1/press/force"))])
    noise = np.random.default_rng(1).random(1_000)
    for seal in range(2):
        times = START * S + np.arange(1_000) + seal * S
        rows = Batch(np.zeros(1_000, np.int32), times, noise, np.zeros(1_000, np.uint32))
        lake.append(rows, stream="x", position=seal + 1)
        lake.seal()
    lake.close()
    rotten = max((tmp_path / "history" / "samples").rglob("*.parquet"))
    content = bytearray(rotten.read_bytes())
    content[len(content) // 3] ^= 255
    rotten.write_bytes(content)
    query = ["--sql", "select count(*) as n from samples", "--csv", "--data", str(tmp_path)]
    assert main(["query", *query]) == 0
    assert capsys.readouterr().out.split()[-1] == "1000"
    assert f"{rotten.name} is damaged and left out" in caplog.text
