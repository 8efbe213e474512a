"""All variables read at once, in as few requests as the server allows."""

from __future__ import annotations

from asyncua import ua

from isthmus.connectors.opcua.link import OpcUaLink
from isthmus.connectors.opcua.message import answers
from isthmus.connectors.opcua.status import failed, meaning
from isthmus.model.errors import ProtocolError
from isthmus.model.event import Event
from isthmus.model.ports import Reading
from isthmus.model.sample import Batch


class Poll(OpcUaLink):
    """The values of all tags whenever asked; a text only when it differs from the last."""

    _texts: dict[str, str]

    async def open(self) -> None:
        """Connect; a tag whose address names no namespace of the server is bad alone."""
        self._texts = {}
        await super().open()

    async def read(self) -> Reading:
        """One reading of all tags; a tag that the server cannot read has the status it gave."""
        readings = [self.bad(self.refused)] if self.refused else []
        places = [place for place, node in enumerate(self.nodes) if node is not None]
        start = 0
        while start < len(places):
            # Results come in the order of the request; the decoder wants neighbours.
            stop = start + 1
            most = start + self.session.limits.read
            while stop < len(places) and stop < most and places[stop] == places[stop - 1] + 1:
                stop += 1
            with meaning(f"reading {stop - start} tags of {self.setting.url}"):
                readings.append(await self._read(places[start], stop - start))
            start = stop
        events = [event for reading in readings for event in reading.events]
        return Reading(
            Batch.concat([reading.batch for reading in readings]),
            tuple(event for event in events if self._is_new(event)),
        )

    async def _read(self, first: int, number: int) -> Reading:
        request = ua.ReadRequest()
        request.Parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
        request.Parameters.NodesToRead = [
            self.value_of(place) for place in range(first, first + number)
        ]
        doing = f"reading {number} tags of {self.setting.url}"
        if not self.session.raw:
            found = await self.session.services.read(request.Parameters)
            self._check(doing, len(found), number)
            return self.decoder.objects(list(enumerate(found, first)))
        data, at = await self.session.ask(request)
        code, span = answers(data, at)
        if span is None:
            raise failed(code, doing)
        self._check(doing, span.count, number)
        self._counts["notifications"] += 1
        return self.decoder.answers(data, span, first)

    def _check(self, doing: str, found: int, wanted: int) -> None:
        if found != wanted:
            raise ProtocolError(f"{doing}: {found} answers")

    def _is_new(self, event: Event) -> bool:
        if self._texts.get(event.path) == event.text:
            return False
        self._texts[event.path] = event.text
        return True
