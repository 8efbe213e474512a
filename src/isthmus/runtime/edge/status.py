"""How an edge says of itself how it is: once a second, to its site and into its own folder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from isthmus.model.errors import ProtocolError
from isthmus.model.ports import Writer
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.collect.health import Condition
from isthmus.runtime.collect.link import Link

MAX_TEXT = 500
MOST = 2**53


@dataclass(frozen=True, slots=True)
class LinkStatus:
    """One link as its edge knows it; times by the edge's clock."""

    condition: Condition
    since: Nanoseconds
    error: str = ""
    hint: str = ""
    lost: int = 0
    queue: int = 0
    heard: float | None = None  # seconds since its device last spoke well
    writes: bool = False  # whether it can be written to


@dataclass(frozen=True, slots=True)
class EdgeStatus:
    """An edge at one moment.

    `behind` messages wait for the site, the oldest for `age` seconds; `lost` are the samples and
    messages known to be lost since the edge started.
    """

    time: Nanoseconds
    bus: str
    uplink: str
    behind: int = 0
    age: float = 0.0
    lost: int = 0
    why: str = ""
    links: Mapping[str, LinkStatus] = field(default_factory=dict)

    @property
    def lost_samples(self) -> int:
        """What of `lost` are samples, which its links know; the rest are messages."""
        return min(self.lost, sum(link.lost for link in self.links.values()))

    def encode(self) -> bytes:
        """This status as JSON."""
        links = {
            name: {
                "condition": link.condition.value,
                "since": int(link.since),
                "error": link.error[:MAX_TEXT],
                "hint": link.hint[:MAX_TEXT],
                "lost": link.lost,
                "queue": link.queue,
                "heard": None if link.heard is None else round(link.heard, 3),
                "writes": link.writes,
            }
            for name, link in self.links.items()
        }
        body = {
            "time": int(self.time),
            "bus": self.bus,
            "uplink": self.uplink,
            "behind": self.behind,
            "age": round(self.age, 3),
            "lost": self.lost,
            "why": self.why[:MAX_TEXT],
            "links": links,
        }
        return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The status that an edge encoded; ProtocolError where it is none."""
        try:
            found = json.loads(data)
            for key in ("behind", "age", "lost"):
                _check(found[key])
            links = {str(name): _link(told) for name, told in found["links"].items()}
            return cls(
                Nanoseconds(int(found["time"])),
                *(str(found["bus"]), str(found["uplink"])),
                behind=int(found["behind"]),
                age=float(found["age"]),
                lost=int(found["lost"]),
                why=str(found["why"])[:MAX_TEXT],
                links=links,
            )
        except (
            *(ValueError, KeyError, TypeError, AttributeError),
            *(OverflowError, RecursionError),
        ) as error:
            raise ProtocolError(f"reading the status of an edge: {error!r:.200}") from error


def _check(count: float) -> None:
    if not 0 <= count < MOST:
        raise ValueError(f"{count} is out of bounds")


def _link(told: Mapping[str, Any]) -> LinkStatus:
    for key in ("lost", "queue"):
        _check(told[key])
    if (heard := told.get("heard")) is not None:  # an edge of before does not say
        _check(heard)
    return LinkStatus(
        Condition(told["condition"]),
        Nanoseconds(int(told["since"])),
        error=str(told["error"])[:MAX_TEXT],
        hint=str(told["hint"])[:MAX_TEXT],
        lost=int(told["lost"]),
        queue=int(told["queue"]),
        heard=None if heard is None else float(heard),
        writes=told.get("writes") is True,
    )


def statuses(
    links: Iterable[Link], held: Mapping[str, tuple[int, float]], now: Nanoseconds
) -> dict[str, LinkStatus]:
    """What `links` are `now`; `held` are the rows that wait, by link."""
    return {
        link.name: LinkStatus(
            link.health.condition,
            link.health.since or Nanoseconds(0),
            error=link.health.error,
            hint=link.health.hint,
            lost=link.health.lost,
            queue=held.get(link.name, (0, 0.0))[0],
            heard=_since(link.health.last_good, now),
            writes=_writes(link.source),
        )
        for link in links
    }


def _since(heard: Nanoseconds | None, now: Nanoseconds) -> float | None:
    return None if heard is None else max(0.0, (now - heard) / 1e9)


def _writes(source: object) -> bool:
    return isinstance(source, Writer)
