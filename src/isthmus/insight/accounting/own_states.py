"""Machines that tell their state in codes of their own, as the states and causes they stand for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from isthmus.insight.series import Series, in_order
from isthmus.model.plant import Meaning
from isthmus.model.sample import Floats


def meant_by(meanings: Mapping[int, Meaning], told: Series) -> tuple[Series, Series]:
    """The states and the causes that the codes of `told` stand for; a code without is not known."""
    known, place = np.unique(told.value, return_inverse=True)
    found = [meanings.get(int(code)) if code == code // 1 else None for code in known.tolist()]
    state = _column([each.state if each else np.nan for each in found], place)
    cause = _column([each.reason if each else np.nan for each in found], place)
    return (
        Series(told.time, state, told.start, told.end),
        Series(told.time, cause, told.start, told.end),
    )


def either(first: Series, second: Series) -> Series:
    """What `first` says, and where it says nothing (0 or not known) what `second` says."""
    first, second = first.changes(), second.changes()
    times = in_order(first.time, second.time)
    values = [
        each.value[np.searchsorted(each.time, times, side="right") - 1] for each in (first, second)
    ]
    says = values[0] > 0
    return Series(times, np.where(says, *values), first.start, first.end)


def _column(values: list[float], place: np.ndarray) -> Floats:
    column: Floats = np.asarray(values, np.float64)[place.reshape(-1)]
    return column
