"""Golden devices: a plant file and the registers of a real kind of device, and what they mean.

Each folder of `tests/cases/modbus` is one device: `plant.yaml`, `registers.csv` (words in
hexadecimal) and `expected.csv`. A defect becomes one more folder.
"""

from __future__ import annotations

import asyncio
import csv
import time
from pathlib import Path

import numpy as np
import pytest

from isthmus.model.ports import Binding
from isthmus.model.sample import Nanoseconds, Status, TagId
from isthmus.runtime.collect.transform import Transform
from isthmus.runtime.config import load

CASES = Path(__file__).parents[2] / "cases" / "modbus"


def rows(file):
    return list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))


def tables(case):
    found = {"coil": [], "discrete": [], "holding": [], "input": []}
    for row in rows(CASES / case / "registers.csv"):
        words = [int(word, 16) for word in row["values"].split()]
        bits = row["table"] in ("coil", "discrete")
        found[row["table"]].append((int(row["start"]), list(map(bool, words)) if bits else words))
    return {"coils": found.pop("coil"), **found}


@pytest.mark.parametrize("case", sorted(folder.name for folder in CASES.iterdir()))
def test_a_device_is_read_as_its_manual_means(case, peers):
    (connection,) = load(CASES / case / "plant.yaml").connections.values()
    tags = {tag.path: tag for tag in load(CASES / case / "plant.yaml").tags()}
    expected = rows(CASES / case / "expected.csv")
    bindings = [
        Binding(TagId(place), tags[row["tag"]], connection.addresses[row["tag"]])
        for place, row in enumerate(expected)
    ]

    async def read():
        async with peers.pymodbus(peers.device(**tables(case))) as port:
            config = connection.config.model_copy(update={"port": port, "timeout": 2.0})
            link = config.build(bindings, now=lambda: Nanoseconds(time.time_ns()), state="")
            await link.open()
            try:
                await link.read()  # the first one learns what the device refuses
                return (await link.read()).batch
            finally:
                await link.close()

    shape = Transform.of(bindings, len(bindings)).shape
    found = shape(asyncio.run(read()), Nanoseconds(time.time_ns()))
    found = found.where(np.argsort(found.tag, kind="stable"))
    assert found.tag.tolist() == list(range(len(expected)))
    told = [Status.word(int(quality)) for quality in found.quality]
    assert told == [row["quality"] for row in expected]
    wanted = np.array([float(row["value"]) for row in expected])
    np.testing.assert_allclose(found.value, wanted, rtol=1e-6)
