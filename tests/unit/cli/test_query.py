"""Averages by SQL against those computed sample by sample."""

import numpy as np
import pytest

from isthmus.cli.main import main
from isthmus.cli.query import averages
from isthmus.historian.delta.lake import Lake
from isthmus.insight.series import Series
from isthmus.model.sample import Batch, Nanoseconds, Status
from isthmus.model.tag import Namespace, Tag

S = 10**9
START = 1_700_000_040  # a full minute
END = START + 600


@pytest.fixture
def ask(tmp_path):
    """Rows by path and bucket of samples appended by tag."""
    namespace = Namespace()
    namespace.bind(Tag("hall/line1/press/force"))
    namespace.bind(Tag("hall/line1/press/count"))
    lake = Lake.open(tmp_path / "history", now=lambda: Nanoseconds(END * S))
    lake.write_tags(namespace.items())

    def asked(batch, step, start=START, end=END):
        lake.append(batch, stream="x", position=1)
        table = lake.sql(averages("0, 1", start, end, step), seconds=30.0, rows=10_000)
        return [{**row, "time": row["time"].timestamp() - start} for row in table.to_pylist()]

    yield asked
    lake.close()


def batch(rows):
    """Rows of (tag, seconds after START, value, quality)."""
    tag, at, value, quality = zip(*rows, strict=True)
    times = (START + np.array(at, np.int64)) * S
    return Batch(
        np.array(tag, np.int32), times, np.array(value, float), np.array(quality, np.uint32)
    )


BAD = int(Status.BAD_NO_COMMUNICATION)


def test_a_mean_is_weighted_by_how_long_each_value_held(ask):
    told = ask(batch([(0, 0, 10, 0), (0, 45, 50, 0), (0, 60, 0, 0), (0, 600, 0, 0)]), 60)
    assert (told[0]["time"], told[0]["mean"]) == (0, 20)  # 45 s of 10 and 15 s of 50
    assert (told[0]["min"], told[0]["max"], told[0]["samples"]) == (10, 50, 2)
    assert [row["mean"] for row in told[1:]] == [0] * 10
    assert [row["samples"] for row in told] == [2, 1, *([0] * 8), 1]


def test_bad_values_are_in_no_figure_and_their_time_counts_for_nothing(ask):
    told = ask(batch([(0, 0, 10, 0), (0, 30, 999, BAD), (0, 50, 20, 0), (0, 600, 20, 0)]), 60)
    assert told[0]["mean"] == pytest.approx((30 * 10 + 10 * 20) / 40)
    assert (told[0]["min"], told[0]["max"], told[0]["samples"]) == (10, 20, 3)


def test_what_held_at_the_start_counts(ask):
    told = ask(batch([(0, -30, 7, 0), (0, 30, 9, 0), (1, 600, 1, 0)]), 60)
    assert told[0] == {
        "time": 0, "path": "hall/line1/press/force", "mean": 8, "min": 7, "max": 9, "samples": 1
    }  # fmt: skip
    last = [row for row in told if row["path"].endswith("count")]
    assert [(row["time"], row["mean"], row["samples"]) for row in last] == [(600, 1, 1)]


@pytest.mark.parametrize("step", [7, 60, 250])
def test_means_equal_those_of_the_pages(ask, step):
    chance = np.random.default_rng(5)
    at = np.sort(chance.choice(np.arange(0, 600), 80, replace=False))
    quality = np.where(chance.random(80) < 0.2, BAD, 0)
    rows = batch(list(zip([0] * 80, at, chance.normal(size=80), quality, strict=True)))
    first = START - (START - 946_857_600) % step
    edges = np.arange(first, END + step, step) * S
    series = Series.of(rows, Nanoseconds(START * S), Nanoseconds(END * S), Batch.empty())
    mean = series.bucket_means(edges)
    told = {round(row["time"] + START - first) // step: row["mean"] for row in ask(rows, step)}
    for place, value in enumerate(mean):
        found = told.get(place)
        assert found == pytest.approx(value) if np.isfinite(value) else found is None


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
