"""The bus by a connection to NATS: streams, publishers, readers and buckets."""

from __future__ import annotations

from collections.abc import AsyncIterator

from isthmus.bus.connection import Connection
from isthmus.bus.consumer import consume
from isthmus.bus.credentials import Credentials
from isthmus.bus.jetstream import ask, find
from isthmus.bus.keyvalue import Bucket, open_bucket
from isthmus.bus.port import Message, OnGap, OnState, StreamInfo, StreamSettings
from isthmus.bus.publisher import Publisher
from isthmus.bus.stream import configuration, looked_up, told

__all__ = ["Bus", "Credentials"]


class Bus(Connection):
    """One connection to a NATS server or cluster with JetStream."""

    def __init__(self, on_state: OnState | None = None) -> None:
        super().__init__(on_state)
        self._publishers: list[Publisher] = []

    async def close(self) -> None:
        """Leave; publishers stop, readers end. Does nothing when closed already."""
        for publisher in list(self._publishers):
            await publisher.close()
        await super().close()

    def forget(self, publisher: Publisher) -> None:
        """A publisher is closed."""
        self.detach(publisher)
        if publisher in self._publishers:
            self._publishers.remove(publisher)

    # ------------------------------------------------------------ streams
    async def stream(self, settings: StreamSettings) -> StreamInfo:
        """The stream of these settings, made or changed to them where it must be."""
        body = configuration(settings)
        known = await find(self, f"STREAM.INFO.{settings.name}", {})
        if known is None:
            return told(await ask(self, f"STREAM.CREATE.{settings.name}", body))
        config = known["config"]
        if any(config.get(key) != value for key, value in body.items()):
            known = await ask(self, f"STREAM.UPDATE.{settings.name}", {**config, **body})
        return told(known)

    async def info(self, stream: str) -> StreamInfo:
        """What the stream holds now; LinkError where the bus is away, StorageError if none."""
        return told(await ask(self, f"STREAM.INFO.{stream}", {}))

    async def message(self, stream: str, seq: int) -> Message | None:
        """The message of this sequence, None where the stream does not hold it."""
        found = await find(self, f"STREAM.MSG.GET.{stream}", {"seq": seq})
        return None if found is None else looked_up(found)

    async def purge(self, stream: str, *, before: int = 0) -> None:
        """Forget the messages below sequence `before`, or all.

        With `before` the last message always stays: it tells where its writer had got to.
        """
        body = {"seq": min(before, (await self.info(stream)).last)} if before else {}
        if body.get("seq") != 0:
            await ask(self, f"STREAM.PURGE.{stream}", body)

    async def skip(self, stream: str, last: int) -> None:
        """Forget all messages; the next one gets the sequence after `last`."""
        await ask(self, f"STREAM.PURGE.{stream}", {"seq": last + 1})

    # ------------------------------------------------------------ what goes in and out
    async def publisher(
        self, stream: str, *, max_bytes: int = 4 << 20, max_count: int = 1_000
    ) -> Publisher:
        """A publisher into `stream`, which should have no other writer at the same time.

        Waits for the first connection where there was none yet.
        """
        await self.connected()
        made = Publisher(
            self,
            stream,
            max_bytes=max_bytes,
            max_count=max_count,
            on_state=lambda: self.tell(made.stats.why),
        )
        self._publishers.append(made)
        self.attach(made)
        await made.open()
        return made

    def consume(
        self,
        stream: str,
        start: int,
        *,
        batch: int = 1_000,
        max_bytes: int = 16 << 20,
        on_gap: OnGap | None = None,
        epoch: str = "",
    ) -> AsyncIterator[list[Message]]:
        """Messages from sequence `start` on, for ever, each once and in order.

        Survives reconnects and restarts of the server. `on_gap` hears of sequences that the
        stream no longer holds. Raises StorageError where the stream ends before `start - 1` or
        is not the one of `epoch`: it was made again or lost its end, so positions mean nothing.
        """
        return consume(
            self, stream, start, batch=batch, max_bytes=max_bytes, on_gap=on_gap, epoch=epoch
        )

    async def bucket(self, name: str, *, replicas: int = 1, max_bytes: int = 64 << 20) -> Bucket:
        """The bucket of this name, made where there is none."""
        return await open_bucket(self, name, replicas=replicas, max_bytes=max_bytes)
