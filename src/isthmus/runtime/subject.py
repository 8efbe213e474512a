"""The names under which things travel: `uns.v1.<enterprise>.<site>._<contract>.<link>`."""

from __future__ import annotations

import re
from dataclasses import dataclass

FRAME, EVENT, CATALOGUE = "_frame", "_event", "_catalogue"


@dataclass(frozen=True, slots=True)
class Subjects:
    """The subjects of one site; links' names are encoded so that they are one level."""

    enterprise: str
    site: str

    @property
    def root(self) -> str:
        """What all of the site's subjects begin with."""
        return f"uns.v1.{level(self.enterprise)}.{level(self.site)}"

    @property
    def all(self) -> str:
        """A subject filter for everything of the site."""
        return f"{self.root}.>"

    def frame(self, link: str) -> str:
        """Where the link's samples go."""
        return f"{self.root}.{FRAME}.{level(link)}"

    def events(self, link: str) -> str:
        """Where the link's events go."""
        return f"{self.root}.{EVENT}.{level(link)}"

    @property
    def catalogue(self) -> str:
        """Where the names of new tag ids go, ahead of the first frame that uses them."""
        return f"{self.root}.{CATALOGUE}.tags"


def level(name: str) -> str:
    """`name` as one level of a subject: what a subject cannot hold becomes `%XX`."""
    return re.sub(
        r"[^A-Za-z0-9_-]", lambda hit: "".join(f"%{b:02X}" for b in hit[0].encode()), name
    )


def link_of(subject: str) -> tuple[str, str]:
    """The contract and the link's name in `subject`, ("", "") for a foreign one."""
    parts = subject.split(".")
    if len(parts) == 1 or not parts[-2].startswith("_"):
        return "", ""
    text = re.sub(
        r"(?:%[0-9A-F]{2})+",
        lambda hit: bytes.fromhex(hit[0].replace("%", "")).decode("utf-8", "replace"),
        parts[-1],
    )
    return parts[-2], text
