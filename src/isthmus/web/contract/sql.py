"""The endpoint for clients of PostgreSQL."""

from __future__ import annotations

from typing import Literal

from isthmus.web.contract.answer import Answer


class SqlCounts(Answer):
    """What it has seen since the start of the process.

    `refused` had a wrong password, `crowded` were too many, `broken` did not speak the protocol;
    `dismissed` are sessions that ended as their user was removed.
    """

    accepted: int = 0
    signed_in: int = 0
    refused: int = 0
    crowded: int = 0
    broken: int = 0
    cancelled: int = 0
    dismissed: int = 0


class SqlStatus(SqlCounts):
    """How it does; `sessions` and `running` queries are of this moment.

    It is `waiting` where another program has its port, which it takes as soon as it is free.
    """

    state: Literal["off", "starting", "listening", "waiting", "ended"]
    address: str = ""
    trouble: str = ""
    hint: str = ""
    sessions: int = 0
    running: int = 0
