"""Gaps and derived values are told as a site tells them, also when none runs."""

from __future__ import annotations

import json
import os
import time

import numpy as np
import pytest
from tests.integration.cli.conftest import isthmus
from tests.integration.site.conftest import eventually

from isthmus.historian.delta.lake import Lake
from isthmus.model.kpi import KpiInput, KpiResult
from isthmus.model.sample import Batch, Nanoseconds, Status
from isthmus.runtime.catalogue import Catalogue
from isthmus.runtime.history.opened import HistoryPlace

pytestmark = pytest.mark.timeout(240)
SECOND = 10**9
HOUR = 3_600 * SECOND
NOON = (time.time_ns() - 48 * HOUR) // HOUR * HOUR
AT = ("--at", f"{np.datetime64((NOON + HOUR // 2) // SECOND, 's')}Z")
FORCE, LINE = "hall/line1/press/force", "hall/line1"


def told(site, *words, code=0):
    said = isthmus(*words, "--data", site.data, "--json", folder=site.folder)
    assert said.code == code, said.err
    return json.loads(said.out)


def written(history, tag, *, now):
    """Samples with a gap of a minute, and two versions of one figure."""
    times = [now - 600 * SECOND, now - 300 * SECOND, now - 240 * SECOND, now]
    quality = [0, int(Status.BAD_NO_COMMUNICATION), 0, 0]
    rows = Batch.of([tag] * 4, times, [1.0, float("nan"), 2.0, 3.0], quality)
    history.append(rows, stream="told", position=1)
    start, end = Nanoseconds(NOON), Nanoseconds(NOON + HOUR)
    for value in (0.5, 0.75):
        seen = (KpiInput(FORCE, 3, f"{value}"),)
        figure = KpiResult(
            LINE, "availability", "hour", start, end, value,
            formula="oee", version=1, inputs=seen, computed=Nanoseconds(end + round(value * 9)),
        )  # fmt: skip
        history.write_kpis([figure])
    history.seal()


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """The data of a site that ran once, history with a gap and a figure in it."""
    from tests.integration.site.conftest import Site

    site = Site(tmp_path_factory.mktemp("left"))
    try:
        site.start()
        site.stop()
        tag = Catalogue.open(site.data / "catalogue.json").namespace.id(FORCE)
        now = NOON + 2 * HOUR
        root = site.data / "history"
        newest = Lake.open(root, now=lambda: Nanoseconds(now + HOUR))
        written(newest, tag, now=now)
        newest.close()
        yield site
    finally:
        site.close()


def of(gaps):
    """The gap that was written, in whatever else a site told of itself."""
    return [
        (gap["path"], gap["start"], gap["end"], gap["quality_name"])
        for gap in gaps
        if gap["start"] == (NOON + 2 * HOUR - 300 * SECOND) / 1e6
    ]


def test_gaps_of_a_site_that_does_not_run(left):
    found = told(left, "gaps", FORCE, "--last", "7d", "--plant", left.plant)
    start = (NOON + 2 * HOUR - 300 * SECOND) / 1e6
    assert [gap[:3] for gap in of(found)] == [(FORCE, start, start + 60_000)]
    rooted = told(left, "gaps", f"acme/riverside/{FORCE}", "--last", "7d")
    assert rooted == found, "the plant file beside the data says where the plant is"
    said = isthmus("gaps", FORCE, "--data", left.data, folder=left.folder)
    assert "no site runs: as of 20" in said.err
    nowhere = isthmus("gaps", FORCE, "--data", left.folder / "no", folder=left.folder)
    assert (nowhere.code, "no site in" in nowhere.err) == (2, True)


def test_figures_of_a_site_that_does_not_run(left):
    rows = told(left, "explain", LINE, *AT)
    assert [(row["kpi"], row["value"]) for row in rows] == [("availability", 0.75)]
    found = told(left, "explain", LINE, "availability", *AT)
    assert (found["value"]["value"], [each["value"] for each in found["earlier"]]) == (0.75, [0.5])
    assert found["value"]["inputs"][0]["changed"], "history says something else by now"
    said = isthmus("explain", LINE, "availabilty", *AT, "--data", left.data, folder=left.folder)
    assert (said.code, "did you mean `availability`?" in said.err) == (1, True)
    away = left.plant.rename(left.folder / "elsewhere.yaml")
    try:
        said = isthmus("explain", LINE, "availability", *AT, "--data", left.data, folder="/")
        assert "not compared" in said.out, said.err
    finally:
        away.rename(left.plant)


def test_the_same_words_from_a_site_and_from_what_it_left(left):
    question = ("explain", LINE, "availability", *AT)
    gaps = ("gaps", FORCE, "--last", "1d")
    left.start()
    try:
        live = told(left, *question), {key for gap in told(left, *gaps) for key in gap}
    finally:
        left.stop()
    assert told(left, *question)["value"] == live[0]["value"]
    assert {key for gap in told(left, *gaps) for key in gap} == live[1]


@pytest.mark.peer
def test_history_in_postgresql_is_read_without_a_site(make_site, postgresql):
    url = postgresql.database()
    address = url.replace(f":{postgresql.password}@", "@")
    section = f"history: {{engine: postgresql, url: '{address}', password: {{env: ISTHMUS_PG}}}}"
    site = make_site(section)
    os.environ["ISTHMUS_PG"] = postgresql.password
    try:
        site.start()
        site.log.write(50)
        count = "select count(*) as n from samples where path = 'hall/line1/logger/line'"
        eventually(lambda: site.sql(count)[0]["n"] >= 50)
        site.stop()
        assert HistoryPlace.of(site.data).engine == "postgresql"
        found = told(site, "gaps", "**/force", "--last", "1h")
        assert {gap["path"] for gap in found} == {FORCE}, "its machine never answered"
        assert told(site, "explain", LINE, *AT) == []
        away = site.plant.rename(site.folder / "elsewhere.yaml")
        said = isthmus("gaps", "**/force", "--data", site.data, folder=site.folder)
        assert (said.code, "--plant" in said.err) == (2, True)
        found = told(site, "gaps", "**/force", "--last", "1h", "--plant", away)
        assert {gap["path"] for gap in found} == {FORCE}
    finally:
        del os.environ["ISTHMUS_PG"]
