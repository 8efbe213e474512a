"""The JetStream API as JSON requests (ADR-1, ADR-8, ADR-31 of NATS), and its errors as ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from nats.aio.msg import Msg

from isthmus.bus.port import Message
from isthmus.model.errors import IsthmusError, LinkError, ProtocolError, StorageError
from isthmus.model.sample import Nanoseconds

WRONG_LAST = frozenset({10070, 10071, 10164})  # last message id, last sequence
FULL = frozenset({10002, 10023, 10028, 10047, 10077, 10167, 10122})
NOT_FOUND = frozenset({10014, 10037, 10059})  # consumer, message, stream
TOO_LARGE = 10054
NO_RESPONDERS = "503"
_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Failure:
    """An error that the server answered."""

    code: int  # the JetStream error code, 0 where the server gave none
    text: str

    @property
    def full(self) -> bool:
        """Whether the store takes no more for now."""
        return self.code in FULL

    @property
    def wrong_last(self) -> bool:
        """Whether the stream does not end with the message that we expected."""
        return self.code in WRONG_LAST

    def error(self, doing: str) -> IsthmusError:
        """This failure as an error of ours."""
        if self.full:
            return StorageError(
                f"{doing}: {self.text}", hint="free disk space or raise the limit of the stream"
            )
        if self.code in NOT_FOUND:
            return StorageError(f"{doing}: {self.text}")
        if self.code in {0, 503, 10008, 10009, 10074, 10076}:
            return LinkError(f"{doing}: {self.text}", hint="is JetStream running with free disk?")
        return ProtocolError(f"{doing}: {self.text} ({self.code})")


def failure(data: bytes, headers: Mapping[str, str] | None) -> Failure | None:
    """What the answer complains of, None where it is a success."""
    if headers and (status := headers.get("Status")):
        text = headers.get("Description", "no answer: no such stream, or JetStream is off")
        return Failure(0 if status == NO_RESPONDERS else int(status), text)
    if b'"error"' not in data:
        return None
    error = json.loads(data).get("error")
    if not isinstance(error, dict):
        return None
    code = int(error.get("err_code") or error.get("code") or 0)
    return Failure(code, str(error.get("description", "unknown error")))


class Requests(Protocol):
    """Whoever can send a request and wait for its answer."""

    async def request(
        self, subject: str, data: bytes, *, headers: dict[str, str] | None = None
    ) -> Msg:
        """The answer; LinkError where there is none."""
        ...


async def ask(bus: Requests, subject: str, body: Mapping[str, object]) -> dict[str, Any]:
    """The answer of the JetStream API; LinkError, StorageError or ProtocolError."""
    found = await _ask(bus, subject, body)
    if isinstance(found, Failure):
        raise found.error(f"asking the bus for {subject}")
    return found


async def find(bus: Requests, subject: str, body: Mapping[str, object]) -> dict[str, Any] | None:
    """The answer of the JetStream API, None where there is nothing such; raises as `ask`."""
    found = await _ask(bus, subject, body)
    if not isinstance(found, Failure):
        return found
    if found.code in NOT_FOUND:
        return None
    raise found.error(f"asking the bus for {subject}")


async def _ask(bus: Requests, subject: str, body: Mapping[str, object]) -> dict[str, Any] | Failure:
    answer = await bus.request(f"$JS.API.{subject}", json.dumps(body).encode() if body else b"")
    if (failed := failure(answer.data, answer.headers)) is not None:
        return failed
    found = json.loads(answer.data)
    if not isinstance(found, dict):
        raise ProtocolError(f"asking the bus for {subject}: answered {answer.data[:80]!r}")
    return found


def received(reply: str, subject: str, data: bytes, headers: Mapping[str, str] | None) -> Message:
    """A message that a consumer delivered; its place stands in the reply subject (ADR-15)."""
    tokens = reply.split(".")
    # $JS.ACK.stream.consumer.delivered.seq.consumer-seq.time.pending, or with domain and
    # account hash after ACK and a token at the end
    at = 5 if len(tokens) < 11 else 7  # noqa: PLR2004
    return Message(
        int(tokens[at]),
        subject,
        data,
        Nanoseconds(int(tokens[at + 2])),
        headers or _NONE,
    )


def consumer_sequence(reply: str) -> int:
    """The place of a delivered message in its consumer's own count, from 1 without holes."""
    tokens = reply.split(".")
    return int(tokens[6 if len(tokens) < 11 else 8])  # noqa: PLR2004
