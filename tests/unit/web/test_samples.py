"""How many samples one question may read."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from tests.unit.figures.memory import START, MemoryHistory, S

from isthmus.model.sample import Batch, Nanoseconds
from isthmus.web.ask import Problem
from isthmus.web.history import samples


@pytest.fixture
def app():
    """A site with 900 samples of each of two tags."""
    times = START + np.arange(900) * S
    rows = {tag: Batch.of(np.full(900, tag, np.int32), times, np.arange(900.0)) for tag in (0, 1)}
    return SimpleNamespace(historian=MemoryHistory(rows))


def asked(app, *tags, most):
    ids = np.array(tags, np.int32)
    return samples(app, ids, START, Nanoseconds(START + 3600 * S), most=most)


def test_more_samples_than_may_be_read_are_refused_not_cut(app):
    with pytest.raises(Problem, match="more than 1,000 samples") as refused:
        asked(app, 0, 1, most=1000)
    assert refused.value.code == 413


def test_as_many_as_may_be_read_are_all_told(app):
    assert len(asked(app, 0, 1, most=1800)) == 1800
    assert asked(app, 1, most=900).tag.tolist() == [1] * 900
