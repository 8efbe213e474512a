"""Sinks: copies of the stream for systems of others."""

from __future__ import annotations

from typing import Literal

from isthmus.web.contract.answer import Answer, Milliseconds


class SinkInfo(Answer):
    """One sink's health; `sent`, `events` and `missed` are since the start of the process.

    `missed` are messages that the stream gave up before the sink had them; history has them.
    """

    name: str
    kind: str
    endpoint: str
    wire: str
    state: Literal["up", "partly", "down", "refused", "starting"]
    since: Milliseconds
    sent: int
    events: int
    rate: float
    lag_s: float
    missed: int
    error: str = ""
    hint: str = ""
