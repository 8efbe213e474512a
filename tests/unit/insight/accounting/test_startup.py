"""A unit starts up after a stop, a changeover or time off, and after nothing else."""

import numpy as np
import pytest

from isthmus.insight.accounting.accounts import Accounts
from isthmus.insight.accounting.partition import Partition
from isthmus.insight.accounting.startup import startups
from isthmus.insight.accounting.timetable import Timetable
from isthmus.model.state import State

MINUTE = 60 * 10**9


def partition(*told):
    """Of (minutes, state) one after the other."""
    ends = np.cumsum([minutes for minutes, _ in told]) * MINUTE
    starts = np.concatenate([[0], ends[:-1]])
    states = np.array([state for _, state in told], np.int64)
    accounts = Accounts(starts, ends, states, np.zeros(len(told), np.int64))
    planned = np.ones(1, np.bool_)
    table = Timetable(np.zeros(1, np.int64), int(ends[-1]), np.full(1, -1), planned, ~planned)
    return Partition.of(accounts, table)


RUN, SETUP, HELD, WAIT, DOWN = (
    State.EXECUTE,
    State.STARTING,
    State.HELD,
    State.SUSPENDED,
    State.ABORTED,
)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([(10, RUN)], []),
        ([(5, SETUP), (30, RUN)], [(5, 15)]),
        ([(5, RUN), (9, DOWN), (30, RUN)], [(14, 24)]),
        ([(5, RUN), (2, HELD), (30, RUN)], []),  # a short stop
        ([(5, RUN), (9, WAIT), (30, RUN)], []),
        ([(5, RUN), (9, WAIT), (6, DOWN), (4, RUN), (9, SETUP), (3, RUN)], [(20, 30), (33, 36)]),
        ([(5, DOWN), (4, RUN), (6, DOWN), (20, RUN)], [(5, 15), (15, 25)]),
        ([(0.5, State.UNKNOWN), (20, RUN)], []),
        ([(5, DOWN), (4, State.UNKNOWN), (20, RUN)], [(9, 19)]),
    ],
)
def test_the_first_of_production_after_it_was_cold(told, expected):
    starts, ends = startups(partition(*told), 10 * MINUTE)
    assert list(zip(starts / MINUTE, ends / MINUTE, strict=True)) == expected
