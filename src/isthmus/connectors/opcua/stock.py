"""asyncua's own publish loop, for a version of it whose answers we cannot see as bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from asyncua import ua

from isthmus.connectors.opcua.status import name
from isthmus.model.errors import LinkError

MOST_WAITING = 1_000

Values = list[tuple[int, ua.DataValue]]
Events = list[list[ua.Variant]]


class StockSubscription:
    """Values by client handle and fields of events, as asyncua's publish loop hands them over."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._results: asyncio.Queue[ua.PublishResult] = asyncio.Queue(MOST_WAITING)

    async def put(self, result: ua.PublishResult) -> None:
        """Take one result of a publish request; waits while the queue is full."""
        await self._results.put(result)

    async def listen(self, silence: float) -> AsyncIterator[tuple[Values, Events]]:
        """The values or events of each part of a message, neither where it is a keep-alive.

        LinkError after `silence` seconds.
        """
        while True:
            try:
                async with asyncio.timeout(silence):
                    result = await self._results.get()
            except TimeoutError as error:
                raise LinkError(
                    f"listening to {self._url}: silent for {silence:.0f} s",
                    hint="is the server on, and reachable on this network?",
                ) from error
            parts = result.NotificationMessage.NotificationData or []
            if not parts:
                yield [], []
            for part in parts:
                if isinstance(part, ua.StatusChangeNotification):
                    raise LinkError(
                        f"listening to {self._url}: the subscription ended:"
                        f" {name(int(part.Status.value))}"
                    )
                if isinstance(part, ua.DataChangeNotification):
                    yield [(item.ClientHandle, item.Value) for item in part.MonitoredItems], []
                if isinstance(part, ua.EventNotificationList):
                    yield [], [list(one.EventFields or ()) for one in part.Events or ()]
