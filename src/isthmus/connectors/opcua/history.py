"""What a server recorded while nobody listened: HistoryRead of raw values, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from asyncua import ua

from isthmus.connectors.opcua.status import failed, meaning
from isthmus.model.errors import ProtocolError
from isthmus.model.ports import Reading
from isthmus.model.sample import Nanoseconds

if TYPE_CHECKING:
    from isthmus.connectors.opcua.link import OpcUaLink

NODES = 20  # asked for at once
VALUES = 1_000  # a node and page
PAGES = 10_000  # of one call: a server whose pages never end is left alone
BAD = 0x8000_0000
NO_DATA = 0x809B_0000  # BadNoData: nothing in that time
NO_BOUND = (0x80D7_0000, 0x80D8_0000)  # BadBoundNotFound, BadBoundNotSupported: no value


async def history(
    link: OpcUaLink, places: Sequence[int], start: Nanoseconds, end: Nanoseconds
) -> AsyncIterator[Reading]:
    """What the server recorded of the bindings at `places` in [start, end], oldest first a tag.

    Each reading is one page. ProtocolError where the server keeps no history of any of them.
    """
    refused = link.unkept = {}
    for first in range(0, len(places), NODES):
        some = places[first : first + NODES]
        async for reading in _pages(link, some, start, end, refused):
            yield reading
    if places and len(refused) == len(places):
        code = next(iter(refused.values()))
        raise failed(code, f"reading history of {len(places)} nodes of {link.setting.url}")


async def _pages(
    link: OpcUaLink,
    places: Sequence[int],
    start: Nanoseconds,
    end: Nanoseconds,
    refused: dict[int, int],
) -> AsyncIterator[Reading]:
    waiting: list[tuple[datetime, dict[int, bytes | None]]] = []
    waiting.append((_moment(start), dict.fromkeys(places)))
    for _ in range(PAGES):
        if not waiting:
            return
        since, points = waiting.pop()
        asked = list(points)
        with meaning(f"reading history of {len(asked)} nodes of {link.setting.url}"):
            request = _request(link, points, since, _moment(end))
            results = await link.session.services.history_read(request)
        if len(results) != len(asked):
            raise ProtocolError(
                f"reading history of {len(asked)} nodes of {link.setting.url}: "
                f"{len(results)} answers"
            )
        values: list[tuple[int, ua.DataValue]] = []
        more: dict[int, bytes | None] = {}
        for place, result in zip(asked, results, strict=True):
            code = int(result.StatusCode.value)
            if code >= BAD and code & 0xFFFF_0000 != NO_DATA:
                refused[place] = code
                continue
            page = _values(result)
            values += [(place, value) for value in page]
            if result.ContinuationPoint:
                more[place] = result.ContinuationPoint
            elif len(page) >= VALUES and (after := _after(page, since)) is not None:
                waiting.append((after, {place: None}))  # full, and no word of a next page
        if more:
            waiting.append((since, more))
        if values:
            yield link.decoder.objects(values)
    raise ProtocolError(
        f"reading history of {link.setting.url}: more than {PAGES:,} pages of {VALUES:,} values",
        hint="ask for a shorter time",
    )


def _after(page: Sequence[ua.DataValue], since: datetime) -> datetime | None:
    """Where the page after a full one begins: at its last value; None where that leads nowhere."""
    last = page[-1].SourceTimestamp or page[-1].ServerTimestamp
    if last is None:
        return None
    plain = last.replace(tzinfo=None)
    return plain if plain > since else None


def _request(
    link: OpcUaLink, points: dict[int, bytes | None], start: datetime, end: datetime
) -> ua.HistoryReadParameters:
    details = ua.ReadRawModifiedDetails()
    details.IsReadModified = False
    details.StartTime, details.EndTime = start, end
    details.NumValuesPerNode, details.ReturnBounds = VALUES, False
    parameters = ua.HistoryReadParameters()
    parameters.HistoryReadDetails = details
    parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
    parameters.ReleaseContinuationPoints = False
    for place, point in points.items():
        wanted = ua.HistoryReadValueId()
        wanted.NodeId = link.nodes[place]
        index = link.bindings[place].address.index
        wanted.IndexRange = "" if index is None else str(index)
        wanted.ContinuationPoint = point
        parameters.NodesToRead.append(wanted)
    return parameters


def _values(result: ua.HistoryReadResult) -> list[ua.DataValue]:
    """The values of a page, without the bounds that there are not."""
    found = getattr(result.HistoryData, "DataValues", None) or []
    return [value for value in found if _code(value) not in NO_BOUND]


def _code(value: ua.DataValue) -> int:
    status = value.StatusCode
    return 0 if status is None else int(status.value) & 0xFFFF_0000


def _moment(time: Nanoseconds) -> datetime:
    """The time as asyncua takes it: UTC without saying so."""
    return datetime.fromtimestamp(time / 1e9, UTC).replace(tzinfo=None)
