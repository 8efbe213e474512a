"""What the page *Performance* is told of a line."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from tests.unit.figures.memory import HOUR, START, line_of, records, span, unit

from isthmus.insight.kpi.oee import Loss
from isthmus.runtime.config import load
from isthmus.runtime.figures.performance import performance
from isthmus.web.ask import Problem
from isthmus.web.performance import routes, told

CAUSES = 20
PLANT = """
isthmus: 1
enterprise: acme
site: riverside
equipment: {packaging: {line1: {margin: 0.05, units: {filler: {tags: {state: {}}}}}}}
"""
LINE = line_of(unit("filler", "state", "good_count", "scrap_count"))
EVERY = np.arange(0, 8 * 3600, 10)
BEGIN, HOUR_MS = START / 1e6, HOUR / 1e6


@pytest.fixture(scope="module")
def kept():
    """Eight hours of a filler that made a piece a second in the first four and then stood."""
    ran = EVERY < 4 * 3600
    rows = {
        "filler/state": (EVERY, np.where(ran, 6.0, 9.0)),
        "filler/good_count": (EVERY, np.minimum(EVERY, 4 * 3600)),
        "filler/scrap_count": (EVERY, EVERY * 0.0),
    }
    return records(LINE, rows, end=8 * HOUR)


@pytest.fixture(scope="module")
def asking(kept):
    site = FastAPI()
    site.include_router(routes(SimpleNamespace(records=kept, plant=kept.plant, now=kept.now)))
    there = httpx.ASGITransport(app=site)

    async def get(asked):
        async with httpx.AsyncClient(transport=there, base_url="http://site") as client:
            return await client.get("/api/performance", params=asked)

    return lambda **asked: asyncio.run(get(asked))


def test_small_losses_count_in_the_total_of_many(kept):
    found = performance(kept, LINE, span(4))
    many = tuple(Loss("filler", f"cause {at}", 60.0 * (1 + at), 1) for at in range(CAUSES))
    losses = told(LINE, replace(found, losses=many)).losses
    assert [row.minutes for row in losses] == list(range(CAUSES, 0, -1))
    assert losses[0].cumulative_percent == pytest.approx(100 * CAUSES / 210)
    assert losses[-1].cumulative_percent == pytest.approx(100)
    assert losses[11].cumulative_percent < 83


def test_with_a_margin_each_loss_is_worth_the_pieces_not_made(kept, tmp_path):
    """A piece a second and 0.05 EUR a piece: ten minutes are 600 pieces, or 30 EUR."""
    file = tmp_path / "plant.yaml"
    file.write_text(PLANT, "utf-8")
    line = replace(LINE, margin=next(load(file).lines()).margin)
    found = performance(kept, LINE, span(4))
    stood = replace(found, losses=(Loss("filler", "jam", 600.0, 3),), item_seconds=1.0)
    (priced,) = told(line, stood).losses
    assert (priced.pieces, priced.money) == (600, pytest.approx(30))
    assert "times the `margin` of 0.05 CHF" in told(line, stood, "CHF").why["losses"]
    assert told(LINE, stood).losses[0].money is None
    assert "margin" not in told(LINE, stood).why["losses"]
    assert told(line, replace(stood, item_seconds=0.0)).losses[0].money is None


def test_a_shift_that_is_over_is_told_between_its_times(asking):
    found = asking(**{"from": BEGIN + HOUR_MS, "to": BEGIN + 3 * HOUR_MS}).json()
    assert (found["window"], found["start"]) == ("", BEGIN + HOUR_MS)
    assert found["end"] == BEGIN + 3 * HOUR_MS
    assert found["oee"]["value"] == pytest.approx(100, rel=0.01)
    assert found["good"] == pytest.approx(7200, rel=0.01)
    (ribbon,) = found["ribbons"]
    assert [one["look"] for one in ribbon["intervals"]] == ["run"]
    assert asking(window="hour").json()["oee"]["value"] == 0


@pytest.mark.parametrize("end", [{}, {"to": BEGIN + 20 * HOUR_MS}], ids=["open", "later"])
def test_what_goes_on_is_told_until_now(asking, end):
    found = asking(**{"from": BEGIN + 2 * HOUR_MS}, **end).json()
    assert (found["start"], found["end"]) == (BEGIN + 2 * HOUR_MS, BEGIN + 8 * HOUR_MS)
    assert found["availability"]["value"] == pytest.approx(100 / 3, rel=0.01)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"to": BEGIN}, "without `from`"),
        ({"from": BEGIN + HOUR_MS, "to": BEGIN}, "no time lies between"),
        ({"from": BEGIN - 33 * 24 * HOUR_MS, "to": BEGIN}, "32 days"),
        ({"from": BEGIN + 9 * HOUR_MS, "to": BEGIN + 10 * HOUR_MS}, "not begun"),
    ],
)
def test_times_that_cannot_be_told_are_refused(asking, asked, says):
    with pytest.raises(Problem, match=says) as refused:
        asking(**asked)
    assert refused.value.code == 422
    assert refused.value.hint
