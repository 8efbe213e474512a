"""The scripts of examples/04_open_files read a history without our code, and answer as we do."""

from __future__ import annotations

import csv
import datetime as dt
import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest

from isthmus.historian.delta.lake import Lake
from isthmus.historian.settings import DAY, HOUR, SECOND, LakeSettings
from isthmus.model.sample import Batch, Nanoseconds, Status, TagId
from isthmus.model.tag import Tag

EXAMPLE = Path(__file__).parents[3] / "examples" / "04_open_files"
NOON = 20_000 * DAY + DAY // 2
PATHS = ("line1/filler/power", "line1/filler/speed", "line1/o'hara/temp", "line2/capper/power")
LIKE = {
    "read_with_duckdb.py": "line1/%",
    "read_with_polars.py": "^line1/",
    "read_with_deltalake.py": "line1/*",
}
# -S: no .pth file is read, so what is installed as a link (this project) is not to be found; and
# where the project is installed as files, its name is blocked.
ALONE = """
import runpy, sys
sys.path += {places!r}
sys.modules["isthmus"] = None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture(scope="module")
def history(tmp_path_factory) -> Path:
    """Twenty hours over midnight, corrected, merged in part, of all qualities."""
    root = tmp_path_factory.mktemp("a plant's data") / "history"
    now = Nanoseconds(NOON + DAY)
    lake = Lake.open(root, now=lambda: now, settings=LakeSettings(reserve_bytes=0, merge_files=4))
    lake.write_tags((TagId(n), Tag(path, unit="kW")) for n, path in enumerate(PATHS))
    chance = np.random.default_rng(4)
    for seal in range(6):
        steps = np.arange(seal * 1_000, (seal + 1) * 1_000, dtype=np.int64)
        tag = np.tile(np.arange(4, dtype=np.int32), len(steps))
        time = NOON + np.repeat(steps, 4) * 12 * SECOND + chance.integers(0, 5_000, len(tag))
        value = np.round(50 + chance.normal(0, 9, len(tag)), 3)
        value[tag == 2] /= 3
        quality = chance.choice(
            np.array([0, 0, 0, Status.UNCERTAIN, Status.BAD, 0x0030_0000], np.uint32), len(tag)
        )
        value[quality == Status.BAD] = np.nan
        lake.append(Batch(tag, time, value, quality), stream="s", position=2 * seal + 1)
        lake.seal()
        some = slice(seal * 40, seal * 40 + 400)  # corrected later
        again = Batch(tag[some], time[some], value[some] + 1, quality[some])
        lake.append(again, stream="s", position=2 * seal + 2)
        lake.seal()
        if seal == 3:
            lake.maintain()
    lake.close()
    return root


def alone(script: str, *words: object) -> str:
    """What a script prints in an interpreter that has the libraries and not Isthmus."""
    places = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", ALONE.format(places=places), script, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def moment(text: str) -> int:
    """Nanoseconds UTC of a time as the scripts print it."""
    return int(
        np.datetime64(dt.datetime.fromisoformat(text).replace(tzinfo=None), "ns").astype(int)
    )


def test_there_is_no_isthmus_where_the_scripts_run(tmp_path):
    script = tmp_path / "look.py"
    script.write_text("import duckdb\ntry:\n  import isthmus\nexcept ImportError:\n  print('none')")
    assert alone(str(script)) == "none\n"


@pytest.mark.peer
@pytest.mark.parametrize("script", LIKE)
def test_a_script_without_our_code_answers_as_the_lake_does(history, script, tmp_path):
    if "polars" in script:
        pytest.importorskip("polars", reason="polars is not installed")
    file = tmp_path / "wide.csv"
    told = alone(
        *(str(EXAMPLE / script), history, "--like", LIKE[script]),
        *("--points", 200, "--csv", file, "--json"),
    )
    answer = json.loads(told)
    lake = Lake.open(history, now=lambda: Nanoseconds(NOON + DAY))
    try:
        _summary_is_right(answer["summary"], lake)
        _wide_is_right(answer["wide"], lake)
        _chart_is_right(answer["chart"], lake)
    finally:
        lake.close()
    head, *rows = csv.reader(file.read_text("utf-8").splitlines())
    assert head[1:] == list(PATHS[:3])
    assert len(rows) == len(answer["wide"])


def _rows(lake: Lake, tag: int) -> tuple[Batch, Batch]:
    rows = lake.raw([TagId(tag)], 0, 1 << 62)
    return rows, rows.where(rows.quality < Status.UNCERTAIN)


def _summary_is_right(found: list[dict[str, object]], lake: Lake) -> None:
    assert [row["path"] for row in found] == list(PATHS[:3])
    for tag, row in enumerate(found):
        rows, good = _rows(lake, tag)
        assert row["unit"] == "kW"
        assert (row["samples"], row["good"]) == (len(rows), len(good))
        assert (row["low"], row["high"]) == (good.value.min(), good.value.max())
        assert row["mean"] == pytest.approx(good.value.mean(), rel=1e-12)


def _wide_is_right(found: list[dict[str, object]], lake: Lake) -> None:
    for tag, path in enumerate(PATHS[:3]):
        _, good = _rows(lake, tag)
        hours = good.time // HOUR
        right = {int(hour): good.value[hours == hour].mean() for hour in np.unique(hours)}
        assert [moment(row["hour"]) // HOUR for row in found] == list(right)
        assert [row[path] for row in found] == pytest.approx(list(right.values()), rel=1e-12)


def _chart_is_right(found: list[dict[str, object]], lake: Lake) -> None:
    rows, _ = _rows(lake, 0)
    micro = rows.time // 1_000
    bucket = (micro - micro[0]) // ((micro[-1] - micro[0]) // 200 + 1)
    rows, bucket = rows.where(rows.quality < Status.BAD), bucket[rows.quality < Status.BAD]
    parts = [rows.value[bucket == number] for number in np.unique(bucket)]
    assert len(found) == len(parts) > 150
    assert [row["low"] for row in found] == [part.min() for part in parts]
    assert [row["high"] for row in found] == [part.max() for part in parts]
    means = [part.mean() for part in parts]
    assert [row["mean"] for row in found] == pytest.approx(means, rel=1e-12)
    firsts = [int(rows.time[bucket == number][0]) // 1_000 for number in np.unique(bucket)]
    assert [moment(row["time"]) // 1_000 for row in found] == firsts
