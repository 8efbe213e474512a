"""What stops cost by reason, and who says so."""

from types import SimpleNamespace

import pytest

from isthmus.insight.accounting.correction import Correction
from isthmus.insight.accounting.rules import TimeElement
from isthmus.insight.accounting.stop import Stop
from isthmus.insight.accounting.suggestion import Suggestion
from isthmus.model.reason import DEFAULT, Reasons
from isthmus.runtime.stops.found import Found
from isthmus.runtime.stops.pareto import by_reason

REASONS = Reasons(DEFAULT)
UNIT = SimpleNamespace(path="packaging/line1/filler")


def stood(seconds, *, cause="", said="", likely="", element=TimeElement.ADOT, asks=False):
    stop = Stop(0, int(seconds * 1e9), seconds, element, 9, REASONS.number(cause) or 0)
    spoke = Correction(1, UNIT.path, 0, stop.end, said, "person:anna", 1) if said else None
    hint = Suggestion(likely, 0.7, ("the alarm says so",)) if likely else None
    return Found(UNIT, stop, seconds, False, spoke, hint, "", asks)


def test_each_second_of_an_own_stop_has_one_reason_and_one_that_gives_it():
    found = by_reason(
        [
            stood(600, cause="breakdown/mechanical", said="breakdown/mechanical"),
            stood(300, cause="breakdown", likely="breakdown/mechanical", asks=True),
            stood(100, cause="micro_stop", element=TimeElement.MICRO),
            stood(50, cause="breakdown", asks=True),
            stood(400),
            stood(900, element=TimeElement.STARVED),
        ],
        REASONS,
    )
    rows = {row.reason: (row.stops, row.said, row.told, row.likely, row.unknown) for row in found}
    assert rows == {
        "breakdown/mechanical": (2, 600, 0, 300, 0),
        "": (1, 0, 0, 0, 400),
        "micro_stop": (1, 0, 100, 0, 0),
        "breakdown": (1, 0, 50, 0, 0),
    }
    assert [row.seconds for row in found] == [900, 400, 100, 50]
    assert found[0].title == "Mechanical"
    assert sum(row.seconds for row in found) == pytest.approx(600 + 300 + 100 + 50 + 400)
