"""Who waits for the broker's answer to which packet."""

from __future__ import annotations

import asyncio

from paho.mqtt.reasoncodes import ReasonCode

from isthmus.model.errors import LinkError


class Acks:
    """Answers by packet identifier (MQTT 5.0, 2.2.1), each waited for once."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._waiting: dict[int, asyncio.Future[list[ReasonCode]]] = {}

    def settle(self, number: int, reasons: list[ReasonCode]) -> None:
        """The broker has answered the packet `number`."""
        waiting = self._waiting.pop(number, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(reasons)

    def fail(self, error: LinkError) -> None:
        """No answer comes any more."""
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(error)
                waiting.exception()  # nobody may be waiting any more
        self._waiting.clear()

    async def of(self, number: int, doing: str, *, within: float) -> list[ReasonCode]:
        """The answer to the packet `number`; LinkError where none comes `within` seconds."""
        waiting = asyncio.get_running_loop().create_future()
        self._waiting[number] = waiting
        try:
            async with asyncio.timeout(within):
                return list(await waiting)
        except TimeoutError as error:
            raise LinkError(f"{doing} at {self._endpoint}: no answer in {within:g} s") from error
        finally:
            self._waiting.pop(number, None)
