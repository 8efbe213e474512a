"""What aggregates are called: short words for what plants ask, and the names of the standard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

from isthmus.historian.query.functions import FUNCTIONS
from isthmus.model.errors import Refused
from isthmus.model.path import nearest

GROWTH, STATES = "growth", "states"


@dataclass(frozen=True, slots=True)
class Word:
    """A short word: the function of Part 13 that it stands for, and what a person gets."""

    function: str
    text: str


WORDS = MappingProxyType(
    {
        "time-average": Word("TimeAverage2", "mean weighted by time, without what is bad"),
        "min": Word("Minimum2", "least value, with the one that held at the start"),
        "max": Word("Maximum2", "greatest value, with the one that held at the start"),
        "min-time": Word("MinimumActualTime2", "least value, and when"),
        "max-time": Word("MaximumActualTime2", "greatest value, and when"),
        "range": Word("Range2", "greatest less least value"),
        "count": Word("Count", "good samples that came"),
        "average": Word("Average", "mean of the good samples, however far apart"),
        "deviation": Word("StandardDeviationPopulation", "standard deviation of the good samples"),
        "total": Word("Total2", "integral over time: the time-average times seconds"),
        "interpolated": Word("Interpolative", "value at the start of the interval"),
        "start": Word("StartBound", "value that held at the start"),
        "end": Word("EndBound", "value that held at the end"),
        "delta": Word("DeltaBounds", "change from start to end; of a counter its growth"),
        "transitions": Word("NumberOfTransitions", "how often the value changed"),
        "on-time": Word("DurationInStateNonZero", "seconds not at zero"),
        "off-time": Word("DurationInStateZero", "seconds at zero"),
        "states": Word("", "seconds in each state of the legend, a row a state"),
        "good": Word("PercentGood", "percent of the time with a good value"),
        "worst-quality": Word("WorstQuality2", "worst status code"),
    }
)
SECONDS = frozenset(
    {"DurationInStateZero", "DurationInStateNonZero", "DurationGood", "DurationBad"}
)
USUAL = ("time-average", "min", "max", "count")


def unit_of(name: str, unit: str) -> str:
    """The unit of an aggregate of a tag in `unit`."""
    function = function_of(name)
    if function in SECONDS:
        return "s"
    if function in {"PercentGood", "PercentBad"}:
        return "%"
    if function in {"Count", "NumberOfTransitions", "WorstQuality", "WorstQuality2"}:
        return ""
    if function.startswith("Total"):
        return f"{unit}*s" if unit else "s"
    return f"({unit})^2" if function.startswith("Variance") and unit else unit


def function_of(name: str) -> str:
    """The function of Part 13 behind a word; a name of the standard is itself."""
    return WORDS[name].function if name in WORDS else name


def chosen(names: Sequence[str]) -> list[str]:
    """The words or names asked for, each once, in their order; Refused with the nearest right one.

    Names of the standard are taken as it writes them (`TimeAverage`), words in any case.
    """
    found: list[str] = []
    for name in names:
        word = name.strip()
        if word not in FUNCTIONS:
            word = word.casefold().replace("_", "-")
        if word not in FUNCTIONS and word not in WORDS:
            near = nearest(word, [*WORDS, *FUNCTIONS])
            raise Refused(
                f"there is no aggregate `{name[:60]}`",
                hint=f"did you mean `{near}`?" if near else f"such as {', '.join(WORDS)}",
            )
        if word not in found:
            found.append(word)
    if not found:
        raise Refused("no aggregate is named", hint=f"such as {', '.join(USUAL)}")
    if STATES in found and len(found) > 1:
        raise Refused(
            "`states` has a row for each state and stands alone",
            hint="ask for the other aggregates in a question of their own",
        )
    return found
