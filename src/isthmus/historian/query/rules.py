"""How good a result is: the status calculation of OPC UA Part 13, 5.4.3.2, for whole columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.model.sample import Bools, Floats, Int64s, Status, Uint32s

GOOD, NO_DATA = int(Status.GOOD), int(Status.BAD_NO_DATA)
SUB_NORMAL, BAD = int(Status.UNCERTAIN_DATA_SUB_NORMAL), int(Status.BAD)

# Info bits of a history value (Part 4, 7.39.1): type DataValue, then what made it.
RAW, CALCULATED, INTERPOLATED = 0x0400, 0x0401, 0x0402
PARTIAL, MULTIPLE = 0x0404, 0x0410


@dataclass(frozen=True, slots=True)
class Rules:
    """What counts as good: AggregateConfigurationType (Part 13, 4.2.1.2) and its defaults.

    A result is Bad from `percent_data_bad` of bad data on, Good from `percent_data_good` of good
    data on, Uncertain between. Where both are the same threshold the good one decides.
    """

    treat_uncertain_as_bad: bool = True
    percent_data_bad: float = 100.0
    percent_data_good: float = 100.0

    def __post_init__(self) -> None:
        """Refuse thresholds that 4.2.1.2 excludes."""
        bad, good = self.percent_data_bad, self.percent_data_good
        if not (0 <= bad <= 100 and 0 <= good <= 100 and good >= 100 - bad):  # noqa: PLR2004 - percent
            raise ValueError(
                f"percent_data_good {good:g} and percent_data_bad {bad:g}: each is 0 to 100, "
                "and good is at least 100 - bad"
            )

    def status(self, good: Floats, uncertain: Floats, bad: Floats, whole: Floats) -> Uint32s:
        """The status of parts by how much of each `whole` is good, uncertain and bad.

        Works on seconds for time-weighted aggregates, on counts for the others. Uncertain parts
        that are not treated as bad count with the good ones and make the result Uncertain. What
        is neither of the three is not known yet: it keeps a result from being Good.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            percent_bad = 100 * bad / whole
            percent_good = 100 * (good + uncertain) / whole
        is_good = (percent_good >= self.percent_data_good) | (good + uncertain >= whole)
        is_bad = (percent_bad >= self.percent_data_bad) & (bad > 0)
        if self.percent_data_good == 100 - self.percent_data_bad:
            is_bad &= ~is_good
        is_bad |= good + uncertain <= 0
        code = np.where(is_good & (uncertain <= 0), GOOD, SUB_NORMAL)
        made: Uint32s = np.where(is_bad, BAD, code).astype(np.uint32)
        return made


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One aggregate of every tag and interval: values, status codes, and times of its own.

    Each is of shape (tags, intervals). `value` is NaN wherever `status` is bad; `time` is None
    where the result belongs to the start of its interval.
    """

    value: Floats
    status: Uint32s
    time: Int64s | None = None

    @classmethod
    def of(
        cls, value: Floats, status: Uint32s, bits: int | Uint32s, time: Int64s | None = None
    ) -> Column:
        """A column whose bad results have no value and whose others carry `bits`."""
        bad = (status & BAD) != 0
        marked = np.where(bad, status, status | bits).astype(np.uint32)
        return cls(np.where(bad | np.isnan(value), np.nan, value), marked, time)

    def within(self, known: Bools, partial: Bools) -> Column:
        """The same with BadNoData where nothing is `known`, and the bit of `partial` results."""
        value = np.where(known, self.value, np.nan)
        good = (self.status & BAD) == 0
        status = np.where(partial & good, self.status | PARTIAL, self.status)
        marked = np.where(known, status, NO_DATA).astype(np.uint32)
        return Column(value, marked, self.time)


def codes(bad: Bools, doubt: Bools) -> Uint32s:
    """BadNoData, UncertainDataSubNormal or Good."""
    return np.where(bad, NO_DATA, np.where(doubt, SUB_NORMAL, GOOD)).astype(np.uint32)


def no_data(status: Uint32s) -> Uint32s:
    """The same with BadNoData for Bad."""
    return np.where(status == BAD, NO_DATA, status).astype(np.uint32)
