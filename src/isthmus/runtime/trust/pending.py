"""Certificates of devices that wait for a person, each in the folder of its connection.

A connection lays one that it does not know into `rejected`. A person compares the SHA-256 with the
one that the device shows, and lets it in (`trusted/certs`) or refuses it for good (`refused`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from isthmus.model.errors import ConfigError
from isthmus.runtime.trust.seen import folder, thumbprint

PKI = "pki"  # of a connection's own folder
TRUSTED, WAITING, REFUSED = Path("trusted/certs"), Path("rejected"), Path("refused")


@dataclass(frozen=True, slots=True)
class Waiting:
    """One certificate that a device showed on the connection `link`."""

    link: str
    file: Path
    certificate: x509.Certificate
    since: datetime

    @property
    def sha256(self) -> str:
        """What a person compares."""
        return thumbprint(self.certificate)


class Devices:
    """The certificates of devices below `links` of a data folder."""

    def __init__(self, links: Path) -> None:
        self.links = links

    def waiting(self) -> list[Waiting]:
        """Those that nobody has judged yet."""
        return list(self._in(WAITING))

    def trusted(self) -> list[Waiting]:
        """Those that were let in."""
        return list(self._in(TRUSTED))

    def refused(self) -> list[Waiting]:
        """Those that were refused for good."""
        return list(self._in(REFUSED))

    def find(self, sha256: str, link: str = "") -> Waiting:
        """The one with this SHA-256, whatever was said of it; ConfigError where there is none."""
        wanted = bare(sha256)
        every = [*self.waiting(), *self.refused(), *self.trusted()]
        found = [one for one in every if bare(one.sha256) == wanted and link in ("", one.link)]
        if not found:
            known = ", ".join(f"{one.sha256[:23]}... ({one.link})" for one in self.waiting())
            raise ConfigError(
                f"no device has shown a certificate with SHA-256 {sha256[:100]}",
                hint=f"waiting: {known or 'none'}; give all 64 digits",
            )
        if len({one.link for one in found}) > 1:
            raise ConfigError(
                f"{' and '.join(sorted({one.link for one in found}))} have shown it",
                hint="say for which connection: `--link NAME`",
            )
        return found[0]

    def move(self, one: Waiting, to: Path) -> None:
        """Let it be `TRUSTED` or `REFUSED`, wherever it was."""
        base = self.links / one.link / PKI
        (base / to).mkdir(parents=True, exist_ok=True)
        name = f"{bare(one.sha256)[:32]}.der"
        target = base / to / name
        draft = target.with_suffix(".new")
        draft.write_bytes(one.certificate.public_bytes(Encoding.DER))
        draft.replace(target)
        for place in (TRUSTED, WAITING, REFUSED):
            if place != to:
                for file, found in folder(base / place):
                    if found == one.certificate:
                        file.unlink(missing_ok=True)

    def _in(self, place: Path) -> Iterator[Waiting]:
        for link in sorted(self.links.iterdir()) if self.links.is_dir() else ():
            base = link / PKI
            there = list(folder(base / place))
            judged = set()
            if place == WAITING and there:
                judged = {found for part in (REFUSED, TRUSTED) for _, found in folder(base / part)}
            for file, found in there:
                if found not in judged:
                    since = datetime.fromtimestamp(file.stat().st_mtime, UTC)
                    yield Waiting(link.name, file, found, since)


def bare(sha256: str) -> str:
    """The digits alone, however they were written."""
    return sha256.replace(":", "").replace(" ", "").lower()
