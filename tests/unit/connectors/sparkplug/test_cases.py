"""Golden payloads of other implementations, read as they meant them."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest

from isthmus.connectors.sparkplug.codec import encode, parse
from isthmus.connectors.sparkplug.node import Moment, Target
from isthmus.connectors.sparkplug.session import HostSession
from isthmus.connectors.sparkplug.topic import Topic
from isthmus.model.sample import Status
from isthmus.model.tag import Kind, Tag

CASES = Path(__file__).parents[3] / "cases" / "sparkplug"
NOW = Moment(1_700_000_000_000_000_000, 1)


@pytest.mark.parametrize("case", sorted(one.parent.name for one in CASES.glob("*/in.hex")))
def test_a_birth_gives_the_expected_values(case):
    rows = list(csv.DictReader((CASES / case / "expected.csv").read_text().splitlines()))
    wanted = {
        row["metric"]: (Target(place, Tag(f"l/m/{place}"), {}),) for place, row in enumerate(rows)
    }
    texts = {
        name: (Target(100, Tag(f"l/m/{name}", kind=Kind.TEXT), {}),) for name in ("Text", "Table")
    }
    host = HostSession({"e": {"d": {**wanted, **texts}}}, reorder=0, patience=10, pause=10)
    host.receive(Topic("g", "NBIRTH", "e"), parse(encode([], time=1, seq=6)), NOW)
    data = bytes.fromhex((CASES / case / "in.hex").read_text())
    host.receive(Topic("g", "DBIRTH", "e", "d"), parse(data), NOW)
    reading, asked = host.take()
    batch = reading.batch
    assert not asked
    assert batch.tag.tolist() == list(range(len(rows)))
    assert set(batch.time.tolist()) == {NOW.time}
    for row, value, quality in zip(rows, batch.value, batch.quality, strict=True):
        assert Status.word(int(quality)) == row["quality"], row
        expected = float(row["value"])
        assert value == expected or (math.isnan(value) and math.isnan(expected)), row
    said = {event.path: event.text for event in reading.events}
    assert said["l/m/Text"] == "cola ü"
    assert json.loads(said["l/m/Table"]) == {"columns": ["a", "b"], "rows": [[1, "x"], [2, "y"]]}
