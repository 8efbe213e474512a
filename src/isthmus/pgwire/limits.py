"""What the endpoint bears: bounds on connections, time and sizes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one endpoint; times in seconds, sizes in bytes."""

    connections: int = 100  # signed in
    user_connections: int = 40
    strangers: int = 64  # not yet signed in; beyond it the oldest gives way
    at_once: int = 4  # queries open at a time
    wait: float = 20.0  # that a query waits for its turn
    startup: float = 10.0  # until a client has signed in
    idle: float = 3_600.0
    idle_open: float = 120.0  # with a transaction or a cursor open
    statement: float = 60.0
    send: float = 60.0  # that a client may leave what we sent unread
    rows: int = 2_000_000
    result: int = 1 << 30
    message: int = 1 << 20
    statements: int = 256  # prepared ones of a session
    portals: int = 16
