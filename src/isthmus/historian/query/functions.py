"""The aggregate functions of OPC UA Part 13, 5.4.3, by the names that it gives them."""

from __future__ import annotations

from isthmus.historian.query.at_edge import AT_EDGE
from isthmus.historian.query.by_sample import BY_SAMPLE
from isthmus.historian.query.by_time import BY_TIME
from isthmus.historian.query.extremes import EXTREMES
from isthmus.historian.query.window import Function

FUNCTIONS: dict[str, Function] = {**AT_EDGE, **BY_TIME, **EXTREMES, **BY_SAMPLE}
"""Every aggregate of the standard but AnnotationCount: there are no annotations."""

NEIGHBOURS = frozenset({"Interpolative", "TimeAverage", "Total", "NumberOfTransitions"})
"""Those that look for good samples beyond the first and last interval, whatever the tag is."""

AT_A_POINT = frozenset({"Interpolative"})
"""Those that are of a moment and no part of an interval: never partial, extrapolated at the end."""

NEVER_PARTIAL = frozenset({"Average"})
"""Those that the standard never marks as partial, though their interval is."""
