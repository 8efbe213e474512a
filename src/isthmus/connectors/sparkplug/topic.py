"""Sparkplug's topics (3.0.0, 4.1): `spBv1.0/group/verb/edge[/device]`, and a host's STATE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

NAMESPACE: Final = "spBv1.0"
NODE_VERBS: Final = frozenset({"NBIRTH", "NDEATH", "NDATA", "NCMD"})
DEVICE_VERBS: Final = frozenset({"DBIRTH", "DDEATH", "DDATA", "DCMD"})
CERTIFICATES: Final = "$sparkplug/certificates/"  # kept by a Sparkplug Aware broker (10.2)
NODE_LEVELS: Final = 4


def checked_id(text: str) -> str:
    """`text` if it may be a group, edge node or device id (4.1); ValueError says why not."""
    if not text:
        raise ValueError("an id has at least one character")
    if any(character in "+/#\0" for character in text):
        raise ValueError(f"`{text}`: an id has no `+`, `/` or `#` (Sparkplug 3.0, 4.1)")
    return text


@dataclass(frozen=True, slots=True)
class Topic:
    """One message's topic; `device` is empty where the edge node itself is meant."""

    group: str
    verb: str
    edge: str
    device: str = ""

    @classmethod
    def parse(cls, text: str) -> Topic | None:
        """The topic that `text` writes; None where it is none of Sparkplug's."""
        levels = text.removeprefix(CERTIFICATES).split("/")
        if levels[0] != NAMESPACE or not all(levels):
            return None
        if len(levels) == NODE_LEVELS and levels[2] in NODE_VERBS:
            return cls(levels[1], levels[2], levels[3])
        if len(levels) == NODE_LEVELS + 1 and levels[2] in DEVICE_VERBS:
            return cls(levels[1], levels[2], levels[3], levels[4])
        return None

    def __str__(self) -> str:
        levels = [NAMESPACE, self.group, self.verb, self.edge]
        return "/".join([*levels, self.device] if self.device else levels)


def state_topic(host_id: str) -> str:
    """Where a host application says that it is online (5.2, 6.4.30)."""
    return f"{NAMESPACE}/STATE/{host_id}"
