"""Connections, the path of a value, taps and browsing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from isthmus.web.contract.answer import Answer, Milliseconds


class LinkInfo(Answer):
    """One link's health; `lost` counts samples known to be lost, always shown, also at 0."""

    name: str
    kind: str
    endpoint: str
    zone: str
    wire: str
    state: Literal["up", "partly", "down", "refused", "starting"]
    since: Milliseconds
    tags: int
    silent_tags: int
    rate: float
    rate_history: list[float]
    lag_p95_s: float | None
    queue: int
    oldest_s: float
    lost: int
    late: Annotated[int, Field(description="Samples that came after newer ones of their tag.")] = 0
    corrected: Annotated[int, Field(description="Samples of a time that had another value.")] = 0
    good_percent: float
    error: str = ""
    hint: str = ""
    next_try_s: float | None = None
    counts: dict[str, int] = {}
    can_browse: bool = False
    edge: str = ""  # that runs it, empty for the site itself
    uplink_lag_s: float | None = None


class PathStep(Answer):
    """One box of 'path of a value'."""

    name: Literal["device", "read", "transform", "stream", "historian", "live page"]
    rate: float | None
    delay_s: float | None
    detail: str = ""
    queued: int | None = None
    fill_percent: float | None = None
    state: Literal["up", "behind", "full", "down"] = "up"


class Links(Answer):
    """All links, the path of a value, and totals since install."""

    now: Milliseconds
    links: list[LinkInfo]
    path: list[PathStep]
    stored: int
    lost: int
    rejected: int
    late: Annotated[int, Field(description="Of links and imports, since the start.")] = 0
    corrected: Annotated[int, Field(description="Of links and imports, since the start.")] = 0


class TapRow(Answer):
    """SSE `tap` of GET /api/links/{name}/tap?stage=read|transform|stream, at most 4 a second."""

    time: Milliseconds
    tag: str
    raw: float | None
    value: float | None
    text: str = ""
    quality: int
    then: Literal["kept", "inside deadband", "uncertain", "bad", "stored"]
    after_s: float | None = None


class BrowseNode(Answer):
    """One node of a browsed device; `tag` is set where the plant file reads it already."""

    address: str
    name: str
    kind: Literal["folder", "variable"]
    data_type: str = ""
    unit: str = ""
    value: str = ""
    tag: Annotated[str, Field(description="The tag path that reads it already.")] = ""
