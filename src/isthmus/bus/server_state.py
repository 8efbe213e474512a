"""What the bundled server can be, and a port for it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from enum import StrEnum


class ServerState(StrEnum):
    """Where the child is in its life."""

    STOPPED = "stopped"
    STARTING = "starting"
    UP = "up"
    DOWN = "down"  # it died; it is started again
    FULL = "full"  # its disk is full: it is started again once there is room


OnServerState = Callable[[ServerState, str], None]
LOUD = frozenset({ServerState.DOWN, ServerState.FULL})


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
