"""What a program of another zone has at the site's bus: to hear, and nothing to say."""

from __future__ import annotations

from dataclasses import dataclass

from isthmus.bus.settings import Client

SHARED = ("$KV.catalogue.>", "$KV.last.>")  # what `runtime.share` puts


@dataclass(frozen=True, slots=True)
class ReaderAccess:
    """The names that belong to the reader `name` (letters, digits, `_` and `-`)."""

    name: str

    @property
    def identity(self) -> str:
        """The common name of its certificate."""
        return f"reader.{self.name}"

    def client(self, zone: str, stream: str) -> Client:
        """Who may hear the site's subjects `stream`, its catalogue and last values, in `zone`."""
        return Client(self.identity, publish=(), subscribe=(stream, *SHARED), zone=zone)
