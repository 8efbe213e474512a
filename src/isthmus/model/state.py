"""Machine states as PackML names and numbers them (ANSI/ISA-TR88.00.02, table of state numbers)."""

from __future__ import annotations

from enum import IntEnum
from types import MappingProxyType


class State(IntEnum):
    """The 17 states of PackML; 0 stands for not known."""

    UNKNOWN = 0
    CLEARING = 1
    STOPPED = 2
    STARTING = 3
    IDLE = 4
    SUSPENDED = 5
    EXECUTE = 6
    STOPPING = 7
    ABORTING = 8
    ABORTED = 9
    HOLDING = 10
    HELD = 11
    UNHOLDING = 12
    SUSPENDING = 13
    UNSUSPENDING = 14
    RESETTING = 15
    COMPLETING = 16
    COMPLETE = 17


PACKML = MappingProxyType({int(state): state.name.lower() for state in State if state})

BOOLEAN = MappingProxyType({0: "off", 1: "on"})


class Cause(IntEnum):
    """Why a machine does not execute; the legend `cause`."""

    NONE = 0
    STARVED = 1
    BLOCKED = 2
    MICRO_STOP = 3
    BREAKDOWN = 4
    CHANGEOVER = 5
    BREAK = 6
    NO_ORDER = 7
    MATERIAL = 8


CAUSE = MappingProxyType({int(cause): cause.name.lower() for cause in Cause})

LEGENDS = MappingProxyType({"packml": PACKML, "cause": CAUSE, "boolean": BOOLEAN})
