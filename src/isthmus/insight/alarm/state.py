"""The states of an alarm and what leads from one to the next, as ISA-18.2 draws them.

A `Standing` is what the condition and the operator make of an alarm. Beside it an alarm can be set
aside: shelved by a person, suppressed by design, or out of service. What is set aside is told to
nobody; when it comes back, an active alarm is told anew, and a latched one is latched still.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from types import MappingProxyType

import numpy as np
import numpy.typing as npt


class Standing(IntEnum):
    """What the condition and the operator make of an alarm."""

    NORMAL = 0
    UNACKNOWLEDGED = 1
    ACKNOWLEDGED = 2
    RETURNED = 3  # the condition is over, nobody has acknowledged
    LATCHED_UNACKNOWLEDGED = 4
    LATCHED = 5  # over and acknowledged, and not reset


class Occasion(IntEnum):
    """What happens to an alarm that is not set aside."""

    RISE = 0
    FALL = 1
    ACKNOWLEDGE = 2
    RESET = 3


class State(StrEnum):
    """The state that people see."""

    NORMAL = "normal"
    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    LATCHED_UNACKNOWLEDGED = "latched-unacknowledged"
    LATCHED = "latched"
    SHELVED = "shelved"
    SUPPRESSED = "suppressed"
    OUT_OF_SERVICE = "out-of-service"


_S, _O = Standing, Occasion
_COMMON = {
    (_S.NORMAL, _O.RISE): _S.UNACKNOWLEDGED,
    (_S.UNACKNOWLEDGED, _O.ACKNOWLEDGE): _S.ACKNOWLEDGED,
}
PLAIN: Mapping[tuple[Standing, Occasion], Standing] = MappingProxyType(
    {
        **_COMMON,
        (_S.UNACKNOWLEDGED, _O.FALL): _S.RETURNED,
        (_S.ACKNOWLEDGED, _O.FALL): _S.NORMAL,
        (_S.RETURNED, _O.RISE): _S.UNACKNOWLEDGED,
        (_S.RETURNED, _O.ACKNOWLEDGE): _S.NORMAL,
    }
)
"""What follows on what; nothing else changes an alarm."""
LATCHING: Mapping[tuple[Standing, Occasion], Standing] = MappingProxyType(
    {
        **_COMMON,
        (_S.UNACKNOWLEDGED, _O.FALL): _S.LATCHED_UNACKNOWLEDGED,
        (_S.ACKNOWLEDGED, _O.FALL): _S.LATCHED,
        (_S.LATCHED_UNACKNOWLEDGED, _O.ACKNOWLEDGE): _S.LATCHED,
        (_S.LATCHED_UNACKNOWLEDGED, _O.RISE): _S.UNACKNOWLEDGED,
        (_S.LATCHED, _O.RISE): _S.UNACKNOWLEDGED,
        (_S.LATCHED, _O.RESET): _S.NORMAL,
    }
)
"""The same of an alarm that stays until it is reset."""
LEFT: Mapping[Standing, Standing] = MappingProxyType(
    {
        _S.NORMAL: _S.NORMAL,
        _S.UNACKNOWLEDGED: _S.LATCHED_UNACKNOWLEDGED,
        _S.ACKNOWLEDGED: _S.LATCHED,
        _S.RETURNED: _S.LATCHED_UNACKNOWLEDGED,  # it did not latch before a restart
        _S.LATCHED_UNACKNOWLEDGED: _S.LATCHED_UNACKNOWLEDGED,
        _S.LATCHED: _S.LATCHED,
    }
)
"""What is left of an alarm that latches, was set aside and is over when it comes back."""
AFTER: Mapping[bool, Mapping[Standing, Standing]] = MappingProxyType(
    {
        False: MappingProxyType(
            {_S.LATCHED_UNACKNOWLEDGED: _S.RETURNED, _S.LATCHED: _S.NORMAL},
        ),
        True: MappingProxyType({_S.RETURNED: _S.LATCHED_UNACKNOWLEDGED}),
    }
)
"""By whether an alarm latches now: the standing in place of one that only the other kind has."""


def _table(rules: Mapping[tuple[Standing, Occasion], Standing]) -> npt.NDArray[np.int8]:
    """A row a standing, a column an occasion: the standing that follows, -1 where none does."""
    found = np.full((len(Standing), len(Occasion)), -1, np.int8)
    for (standing, occasion), after in rules.items():
        found[standing, occasion] = after
    return found


TABLES = np.stack([_table(PLAIN), _table(LATCHING)])
"""The rules as an array: [latching, standing, occasion]."""
ASKING = frozenset(
    {
        State.UNACKNOWLEDGED,
        State.ACKNOWLEDGED,
        State.RETURNED,
        State.LATCHED_UNACKNOWLEDGED,
        State.LATCHED,
    }
)
"""The states in which an alarm asks for somebody."""
UNSEEN = frozenset({State.UNACKNOWLEDGED, State.RETURNED, State.LATCHED_UNACKNOWLEDGED})
"""The states that nobody has acknowledged."""
