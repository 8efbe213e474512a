"""What an edge has at its site's bus: a stream and a bucket of its own, and no way to others."""

from __future__ import annotations

from dataclasses import dataclass

from isthmus.bus.port import Backbone, StreamSettings
from isthmus.bus.settings import Client

BUCKET_BYTES = 1 << 20
STATUS = "status"  # key in an edge's bucket


@dataclass(frozen=True, slots=True)
class EdgeAccess:
    """The names that belong to the edge `name` (letters, digits, `_` and `-`) on a site's bus."""

    name: str

    @property
    def identity(self) -> str:
        """The common name of its certificate."""
        return f"edge.{self.name}"

    @property
    def stream(self) -> str:
        """The stream that its uplink fills."""
        return f"UP_{self.name}"

    @property
    def prefix(self) -> str:
        """What the edge's subjects begin with at the site."""
        return f"up.{self.name}."

    @property
    def bucket(self) -> str:
        """Where its position and its status are."""
        return f"uplink_{self.name}"

    @property
    def inbox(self) -> str:
        """Where answers to the edge come, which no other edge may hear."""
        return f"_INBOX_{self.name}"

    @property
    def writes(self) -> str:
        """Where the plant asks it to write to a machine; nobody else may."""
        return f"write.{self.name}"

    def client(self) -> Client:
        """Who does what an uplink does with its stream and bucket, is asked to write, no more."""
        api = ("STREAM.INFO", "STREAM.MSG.GET")
        streams = (self.stream, f"KV_{self.bucket}")
        return Client(
            self.identity,
            publish=(
                f"{self.prefix}>",
                f"$KV.{self.bucket}.>",
                *(f"$JS.API.{call}.{stream}" for stream in streams for call in api),
            ),
            subscribe=(f"{self.inbox}.>",),
            apart=True,
            answers=(self.writes,),
        )

    async def prepare(self, site: Backbone, max_bytes: int) -> None:
        """Make the stream, which holds `max_bytes`, and the bucket: the edge itself may not."""
        await site.stream(StreamSettings(self.stream, (f"{self.prefix}>",), max_bytes=max_bytes))
        await site.bucket(self.bucket, max_bytes=BUCKET_BYTES)
